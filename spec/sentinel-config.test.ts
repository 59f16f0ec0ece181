// Three real Sentinels and three real servers on the rendered files alone: they find each other, fail over, and need nothing that
// their users are denied. Start order and supervision are lifecycle/'s matter, so the nodes are told their roles here.

import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { withEngine, withFailoverTimers, type DeploymentSpec } from "./deployment-spec.ts";
import { notOlder } from "./engine-version.ts";
import { namedSpecs } from "./named-specs.ts";
import { enginesHere, host, nextPort, renderedSentinel, renderedServer, type Engine, type Running } from "./testing/rendered-server.ts";

interface Group extends AsyncDisposable {
  readonly spec: DeploymentSpec;
  readonly servers: readonly Running[];
  readonly sentinels: readonly Running[];
}

/** One primary, two replicas, three Sentinels; detection after 1 s, for speed. */
async function group(engine: Engine): Promise<Group> {
  const spec = withFailoverTimers(withEngine(namedSpecs["durable-sentinel"], engine.name), { downAfterMs: 1_000 });
  await using stack = new AsyncDisposableStack();
  const first = stack.use(await renderedServer(engine, spec));
  const servers = [first];
  const sentinels: Running[] = [];
  const replica = { lines: [`replicaof ${host} ${first.port}`] };
  for (let count = 0; count < 2; count++) servers.push(stack.use(await renderedServer(engine, spec, { ...replica, port: nextPort() })));
  await until("both replicas linked", async () => (await info(first)).includes("connected_slaves:2"));
  for (let count = 0; count < 3; count++) {
    const sentinel = stack.use(await renderedSentinel(engine, spec, first.port));
    // Sentinels look at a healthy node every 10 s; a test need not wait for that.
    await sentinel.as("operator").call("SENTINEL", "DEBUG", "info-period", "500", "publish-period", "500");
    sentinels.push(sentinel);
  }
  await until("every Sentinel knows two peers and two replicas", async () => {
    const seen = await Promise.all(sentinels.map((sentinel) => sentinel.as("operator").call("INFO", "sentinel")));
    return seen.every((text) => String(text).includes("slaves=2,sentinels=3"));
  });
  const kept = stack.move();
  return { spec, servers, sentinels, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

const info = (server: Running): Promise<string> => server.as("operator").info("replication");

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (performance.now() < deadline) {
    if (await isSo().catch(() => false)) return;
    await sleep(100);
  }
  throw new Error(`not within 15 s: ${what}`);
}

const namedPort = async ({ spec, sentinels }: Group): Promise<readonly number[]> =>
  Promise.all(
    sentinels.map(async (sentinel) => {
      const address = (await sentinel.as("app").call("SENTINEL", "get-master-addr-by-name", spec.name)) as readonly string[];
      return Number(address[1]);
    }),
  );

/** What users were denied, as the nodes recorded it. */
async function denials(nodes: readonly Running[]): Promise<readonly string[]> {
  const logs = await Promise.all(nodes.map((node) => node.as("operator").call("ACL", "LOG")));
  return logs.flatMap((entries) => (entries as readonly (readonly unknown[])[]).map((entry) => entry.slice(0, 10).join(" ")));
}

describe.each(enginesHere())("Sentinels on $name $version", (engine) => {
  it("promote a replica within 10 s of losing the primary, and are denied nothing", async () => {
    await using made = await group(engine);
    const [first, ...rest] = made.servers;
    await first?.[Symbol.asyncDispose]();
    await until(
      "all Sentinels name another node",
      async () => new Set(await namedPort(made)).size === 1 && !(await namedPort(made)).includes(first?.port ?? 0),
    );
    const named = (await namedPort(made))[0];
    await until("that node is primary of the other", async () => {
      const primary = rest.find((server) => server.port === named);
      return primary !== undefined && (await info(primary)).includes("connected_slaves:1");
    });
    expect(await denials([...rest, ...made.sentinels])).toEqual([]);
  });

  it("switch over within 15 s when the operator asks, and are denied nothing", async () => {
    await using made = await group(engine);
    const before = made.servers[0]?.port ?? 0;
    const coordinated = engine.name === "valkey" && notOlder(engine.version, "9.0") ? ["COORDINATED"] : [];
    await made.sentinels[0]?.as("operator").call("SENTINEL", "FAILOVER", made.spec.name, ...coordinated);
    await until("all Sentinels name another node", async () => !(await namedPort(made)).includes(before));
    await until("the old primary follows", async () => {
      const [old] = made.servers;
      return old !== undefined && (await info(old)).includes("role:slave");
    });
    expect(await denials([...made.servers, ...made.sentinels])).toEqual([]);
  });

  it("answer the application, and obey it in nothing", async () => {
    await using server = await renderedServer(engine, namedSpecs["durable-sentinel"]);
    await using sentinel = await renderedSentinel(engine, namedSpecs["durable-sentinel"], server.port);
    const app = sentinel.as("app");
    expect(await app.call("SENTINEL", "get-master-addr-by-name", "durable-sentinel")).toEqual([host, String(server.port)]);
    expect(await app.call("SENTINEL", "sentinels", "durable-sentinel")).toEqual([]);
    expect(await app.subscribe("+switch-master")).toBe(1);
    const again = sentinel.as("app");
    for (const command of [
      "FAILOVER durable-sentinel",
      "RESET *",
      "SET durable-sentinel quorum 1",
      "REMOVE durable-sentinel",
      "MONITOR x 127.0.0.1 1 1",
      "FLUSHCONFIG",
    ]) {
      await expect(again.call("SENTINEL", ...command.split(" ")), command).rejects.toThrow("NOPERM");
    }
    await expect(again.call("PUBLISH", "__sentinel__:hello", "forged")).rejects.toThrow("NOPERM");
    await expect(again.call("SHUTDOWN")).rejects.toThrow("NOPERM");
    await expect(sentinel.anonymous().call("PING")).rejects.toThrow("NOAUTH");
    expect(await sentinel.as("probe").call("SENTINEL", "ckquorum", "durable-sentinel").catch(String)).toContain("NOQUORUM");
    expect(await sentinel.as("operator").call("SENTINEL", "reset", "*")).toBe(1);
  });

  it("watch and name nodes by host name, when addresses do not last", async () => {
    const base = namedSpecs["durable-sentinel"];
    const spec = { ...base, placement: { ...base.placement, hostnames: true } };
    await using server = await renderedServer(engine, spec);
    await using sentinel = await renderedSentinel(engine, spec, server.port, { host: "localhost" });
    expect(await sentinel.as("app").call("SENTINEL", "get-master-addr-by-name", spec.name)).toEqual(["localhost", String(server.port)]);
  });
});
