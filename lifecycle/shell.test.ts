// The scripts as scripts: clean for shellcheck, small, and the same under busybox sh as under dash.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lifecycle, localDeployment } from "./testing/deployment.ts";
import { whole } from "./testing/steady.ts";

const verbs = readdirSync(lifecycle).filter((name) => !name.includes(".") && statSync(join(lifecycle, name)).isFile());
const libraries = readdirSync(join(lifecycle, "lib")).map((name) => join("lib", name));
const has = (command: string): boolean => spawnSync(command, ["--help"], { stdio: "ignore" }).error === undefined;

test.skipIf(!has("shellcheck"))("shellcheck finds nothing", () => {
  const checked = spawnSync("shellcheck", ["-s", "sh", "-x", "-a", ...verbs], { cwd: lifecycle, encoding: "utf8" });
  expect(checked.stdout).toBe("");
});

test("every verb is executable, every file opens with a comment and has at most 300 lines", () => {
  for (const name of verbs) expect(statSync(join(lifecycle, name)).mode & 0o111, name).toBe(0o111);
  for (const name of [...verbs, ...libraries]) {
    const lines = readFileSync(join(lifecycle, name), "utf8").split("\n");
    expect(lines[1], name).toMatch(/^# [A-Z]/);
    expect(lines.length, name).toBeLessThanOrEqual(300);
  }
});

/** Runs a command with /bin/sh exchanged for busybox, seen by this command and its children only. */
const busybox = [
  "unshare",
  ...(process.getuid?.() === 0 ? ["-m"] : ["-rm"]),
  "/bin/bash",
  "-c",
  'mount --bind "$(command -v busybox)" /bin/sh && exec "$0" "$@"',
];
const canExchange =
  has("busybox") && existsSync("/bin/bash") && spawnSync(busybox[0] ?? "", [...busybox.slice(1), "/bin/true"]).status === 0;

test.skipIf(!canExchange)("under busybox sh: first boot, a crash, a hand-over", async () => {
  const [command = "", ...args] = busybox;
  const help = spawnSync(command, [...args, "/bin/sh", "--help"], { encoding: "utf8" });
  expect(help.stderr + help.stdout).toContain("BusyBox");
  await using deployment = localDeployment({ spec: "durable-sentinel", wrapper: busybox });
  for (const name of ["n1", "n2", "n3", "s1", "s2", "s3"]) deployment.start(name, { HOLDFAST_BOOTSTRAP: "new" });
  expect(await whole(deployment, 10_000)).toEqual(["n1"]);
  process.kill(await deployment.serverPid("n1"), "SIGKILL");
  await expect.poll(async () => (await whole(deployment, 15_000))[0], { timeout: 20_000 }).not.toBe("n1");
  const [primary = ""] = await whole(deployment, 10_000);
  expect(await deployment.signal(primary, "SIGTERM")).toBe(0);
  expect(deployment.log(primary)).toContain("handed over with equal offsets");
});

test("a secret that is too short is refused, naming its file", async () => {
  await using deployment = localDeployment({ spec: "durable-sentinel" });
  execFileSync("sh", ["-c", `echo short > ${join(deployment.folder, "secrets", "replication")}`]);
  deployment.start("n1", { HOLDFAST_BOOTSTRAP: "new" });
  expect(await deployment.ended("n1")).toBe(78);
  expect(deployment.log("n1")).toMatch(/secrets\/replication -> stop with exit code 78: it is shorter than 16 characters/);
});
