// Whatever ends the command line in mid-fault, nothing of the run outlives it: not a process (also a frozen one), namespace, mount, or folder.

import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { spawnCli } from "../testing/spawn-cli.ts";
import { tracesOf } from "../testing/traces.ts";

let home = "";
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "holdfast-home-"));
  for (const name of ["tmp", "cache", "out"]) mkdirSync(join(home, name));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const nobody = 65534;
const asNobody = ["setpriv", "--reuid", String(nobody), "--regid", String(nobody), "--clear-groups", "--"];
/** Why a user without rights gets no namespaces here; undefined when it does. */
const refusedToNobody = ((): string | undefined => {
  if (process.getuid?.() !== 0) return "only root can become another user";
  const [program = "", ...args] = asNobody;
  if (spawnSync(program, [...args, process.execPath, "-e", `fs.readFileSync(${JSON.stringify(import.meta.filename)})`]).status !== 0)
    return "the checkout cannot be read by others";
  const done = spawnSync(program, [...args, "unshare", "--net", "--pid", "--mount", "--fork", "--map-root-user", "true"], {
    encoding: "utf8",
  });
  return done.status === 0 ? undefined : done.stderr.trim();
})();

interface Case {
  readonly fault?: string;
  readonly topology?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly under?: readonly string[];
  /** Default: signals the command line. */
  readonly victim?: (cli: number, signal: NodeJS.Signals) => void;
}

/** Signals the command line while a fault is in force, and tells what happened then. */
async function endedInMidFault(
  signal: NodeJS.Signals,
  { fault = "hang-primary", topology = "sentinel", env = {}, under = [], victim = process.kill }: Case = {},
) {
  const mark = { tmp: join(home, "tmp"), cache: join(home, "cache") };
  const args = ["verify", "--topology", topology, "--faults", fault, "--patterns", "connection", "--out", join(home, "out", "report")];
  await using cli = spawnCli(args, { under, env: { HOME: home, TMPDIR: mark.tmp, XDG_CACHE_HOME: mark.cache, ...env } });
  await cli.printed(/ injected: /, 30_000);
  const traces = tracesOf(cli.pid, mark);
  expect(traces.left().filter((trace) => trace.startsWith("process")).length).toBeGreaterThan(8); // what is looked for can be seen
  victim(cli.pid, signal);
  const { tookMs, left } = await traces.goneWithin(5000);
  const status = await cli.ended;
  console.log(`${signal}: ${traces.processes} processes and ${traces.namespaces.length} namespaces were gone after ${tookMs} ms`);
  return {
    status,
    left,
    tookMs,
    processes: traces.processes,
    namespaces: traces.namespaces.length,
    stdout: cli.stdout(),
    stderr: cli.stderr(),
    report: existsSync(join(home, "out", "report", "report.json")),
  };
}

test.each(["sentinel", "cluster"])(
  "SIGKILL in mid-fault leaves nothing of a %s run within 5 s, a frozen server included",
  async (topology) => {
    const end = await endedInMidFault("SIGKILL", { topology });
    expect(end).toMatchObject({ status: "SIGKILL", left: [], report: false });
    expect(end.processes).toBeGreaterThan(8);
    expect(end.namespaces).toBeGreaterThan(2);
  },
);

test("SIGKILL while packets are dropped leaves no rule and no namespace within 5 s", async () => {
  const end = await endedInMidFault("SIGKILL", { fault: "partition-primary" });
  expect(end).toMatchObject({ status: "SIGKILL", left: [], report: false });
});

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s in mid-fault takes everything down within 5 s, ends with 130, and writes no report",
  async (signal) => {
    const end = await endedInMidFault(signal);
    expect(end).toMatchObject({ status: 130, left: [], report: false });
    expect(end.stderr).toContain(`stopped by ${signal}: every deployment was taken down, no report was written`);
    expect(readdirSync(join(home, "out", "report"))).toEqual([]);
  },
);

test.each(["SIGKILL", "SIGINT"] as const)("without namespaces %s in mid-fault leaves nothing within 5 s either", async (signal) => {
  const end = await endedInMidFault(signal, { env: { HOLDFAST_NO_NAMESPACES: "yes" } });
  expect(end).toMatchObject({ left: [], report: false, namespaces: 0 });
  expect(end.processes).toBeGreaterThan(8);
});

test("a runner that is killed itself leaves nothing within 5 s, and the run ends with 4 and says so", async () => {
  const victim = (cli: number, signal: NodeJS.Signals): void => {
    const [runner = ""] = readFileSync(`/proc/${cli}/task/${cli}/children`, "utf8").split(" ");
    process.kill(Number(runner), signal);
  };
  const end = await endedInMidFault("SIGKILL", { env: { HOLDFAST_NO_NAMESPACES: "yes" }, victim });
  expect(end).toMatchObject({ status: 4, left: [], report: true });
  expect(end.stdout).toContain("the runner ended with SIGKILL before it was done");
});

test.skipIf(refusedToNobody !== undefined)(
  `SIGKILL of a run of a user without rights leaves nothing within 5 s${refusedToNobody === undefined ? "" : ` (skipped: ${refusedToNobody})`}`,
  async () => {
    chmodSync(home, 0o755);
    for (const name of ["tmp", "cache", "out"]) chownSync(join(home, name), nobody, nobody);
    const end = await endedInMidFault("SIGKILL", { under: asNobody, fault: "partition-primary" });
    expect(end).toMatchObject({ status: "SIGKILL", left: [], report: false });
    expect(end.namespaces).toBeGreaterThan(2);
  },
);
