// `holdfast up`: a client outside reaches the deployment with what was printed, two of them do not disturb each other, and Ctrl-C removes all of it.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createClient } from "../patterns/connection.ts";
import type { ConnectionOptions } from "../targets/target.ts";
import { spawnCli, type Cli } from "../testing/spawn-cli.ts";
import { tracesOf } from "../testing/traces.ts";

let home = "";
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "holdfast-up-"));
  for (const name of ["tmp", "cache"]) mkdirSync(join(home, name));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const mark = () => ({ tmp: join(home, "tmp"), cache: join(home, "cache") });
const up = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Cli =>
  spawnCli(["up", ...args], { env: { HOME: home, TMPDIR: mark().tmp, XDG_CACHE_HOME: mark().cache, ...env } });

async function connectionOf(cli: Cli): Promise<ConnectionOptions> {
  await cli.printed(/\n/, 30_000);
  return (JSON.parse(cli.stdout()) as { connection: ConnectionOptions }).connection;
}

async function setAndGet(connection: ConnectionOptions, key: string, value: string): Promise<string | null> {
  const client = createClient(connection);
  try {
    await client.set(key, value);
    return await client.get(key);
  } finally {
    client.disconnect();
  }
}

/** Interrupts it and tells what is left 5 s later. */
async function interrupted(
  cli: Cli,
): Promise<{ readonly status: number | NodeJS.Signals; readonly left: readonly string[]; readonly processes: number }> {
  const traces = tracesOf(cli.pid, mark());
  cli.kill("SIGINT");
  const { left, tookMs } = await traces.goneWithin(5000);
  console.log(`${traces.processes} processes were gone ${tookMs} ms after SIGINT`);
  return { status: await cli.ended, left, processes: traces.processes };
}

test.each(["durable-sentinel", "durable-cluster"])(
  "a client of the preset works on %s from outside, and SIGINT leaves nothing within 5 s",
  async (spec) => {
    await using cli = up(["--spec", spec, "--json"]);
    expect(await setAndGet(await connectionOf(cli), "{a}:key", "value")).toBe("value");
    const end = await interrupted(cli);
    expect(end).toMatchObject({ status: 0, left: [] });
    expect(end.processes).toBeGreaterThan(8);
  },
);

test("two at the same time have addresses of their own and see nothing of each other, with namespaces and without", async () => {
  await using first = up(["--json"]);
  await using second = up(["--json"], { HOLDFAST_NO_NAMESPACES: "yes" });
  const [one, other] = [await connectionOf(first), await connectionOf(second)];
  expect(one.nodes[0]!.host).not.toBe(other.nodes[0]!.host);
  await setAndGet(one, "who", "first");
  await setAndGet(other, "who", "second");
  expect(await setAndGet(one, "mine", "yes")).toBe("yes");
  const client = createClient(other);
  expect(await client.mget("who", "mine")).toEqual(["second", null]);
  client.disconnect();
  first.kill("SIGINT");
  expect(await first.ended).toBe(0);
  expect((await interrupted(second)).left).toEqual([]);
});

test("people are told where it is, how to log in, and how to remove it", async () => {
  await using cli = up(["--spec", "durable-sentinel"]);
  await cli.printed(/Ctrl-C removes it\./, 30_000);
  expect(cli.stdout()).toMatch(/^sentinel \d+\.\d+\.\d+ is ready after \d+ ms\n {2}sentinels {3}127\.\S+:26379 /);
  for (const row of [/^ {2}master name +durable-sentinel$/m, /^ {2}nodes +127\.\S+:6379 /m, /^ {2}user +app$/m, /^ {2}password +\S{40,}$/m])
    expect(cli.stdout()).toMatch(row);
  await interrupted(cli);
  expect(cli.stdout()).toMatch(/\nremoved\n$/);
});
