// How a run is walled off: what is granted here really separates, and where nothing is granted a run still works, on plain loopback addresses.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { reportSchema } from "../../report/report.ts";
import { runCli } from "../../testing/spawn-cli.ts";
import { findWalls } from "./namespace.ts";
import { packetsRefused } from "./packets.ts";

afterEach(() => vi.unstubAllEnvs());

/** Runs a line of shell inside the walls. */
function inside(network: boolean, script: string): string {
  const { command, environment } = findWalls(network);
  const [program = "", ...args] = command;
  return spawnSync(program, [...args, "sh", "-c", script], {
    env: { ...process.env, ...environment },
    encoding: "utf8",
    timeout: 10_000,
  }).stdout.trim();
}

const granted = findWalls(true).refused === undefined;

test.skipIf(!granted)("inside the walls there is a process tree, a network with loopback up, and a scratch folder of their own", () => {
  const [pid = "", net = "", up = "", mount = ""] = inside(
    true,
    'readlink /proc/self/ns/pid; readlink /proc/self/ns/net; ip -br addr show lo; touch "$HOLDFAST_SCRATCH/x" && grep -c " $HOLDFAST_SCRATCH tmpfs" /proc/mounts',
  ).split("\n");
  expect(pid).not.toBe(readlinkSync("/proc/self/ns/pid"));
  expect(net).not.toBe(readlinkSync("/proc/self/ns/net"));
  expect(up).toContain("127.0.0.1/8");
  expect(mount).toBe("1");
  expect(readdirSync(join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "holdfast", "scratch"))).not.toContain("x");
});

test.skipIf(!granted)("a developer's deployment keeps the host's network and has no rules of its own to drop packets with", () => {
  expect(inside(false, 'readlink /proc/self/ns/net; echo "${HOLDFAST_NETNS:-none}"').split("\n")).toEqual([
    readlinkSync("/proc/self/ns/net"),
    "none",
  ]);
});

test("HOLDFAST_NO_NAMESPACES asks for none, and the reason reaches the faults that need one", () => {
  vi.stubEnv("HOLDFAST_NO_NAMESPACES", "yes");
  const walls = findWalls(true);
  expect(walls).toMatchObject({ command: [], refused: "no namespaces: HOLDFAST_NO_NAMESPACES is set" });
  for (const [name, value] of Object.entries(walls.environment)) vi.stubEnv(name, value);
  expect(packetsRefused()).toBe("the run has no network namespace of its own (no namespaces: HOLDFAST_NO_NAMESPACES is set)");
});

test("without namespaces a run works on loopback addresses of the host and calls partition-primary not applicable, within 60 s", async () => {
  const out = mkdtempSync(join(tmpdir(), "holdfast-plain-"));
  try {
    const { status, stderr } = await runCli(
      [
        "verify",
        "--topology",
        "sentinel",
        "--faults",
        "partition-primary,crash-primary/process",
        "--patterns",
        "connection",
        "--quiet",
        "--out",
        out,
      ],
      { env: { HOLDFAST_NO_NAMESPACES: "yes" } },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const [deployment] = reportSchema.parse(JSON.parse(readFileSync(join(out, "report.json"), "utf8"))).deployments;
    expect(deployment!.nodes[0]!.address.host).toMatch(/^127\.\d{2,3}\.1\.1$/);
    expect(deployment!.faults[0]).toMatchObject({
      name: "partition-primary",
      cells: [],
      notApplicable: expect.stringContaining("HOLDFAST_NO_NAMESPACES is set"),
    });
    expect(deployment!.faults[1]).toMatchObject({ name: "crash-primary", effective: true, cells: [{ verdict: "pass" }] });
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}, 60_000);
