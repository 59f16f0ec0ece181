// Slots move between shards under the rendered users, key by key and (where the engine can) at once. A missing permission here is a
// move that stops half way.

import { describe, expect, it } from "vitest";
import { deploymentSpec } from "./deployment-spec.ts";
import { notOlder } from "./engine-version.ts";
import { enginesHere, host, nextPort, renderedServer, secretOf, type Engine, type Running } from "./testing/rendered-server.ts";

/** The slot of key `foo`. */
const slot = "12182";

interface Shards extends AsyncDisposable {
  readonly nodes: readonly Running[];
  readonly ids: readonly string[];
}

async function threeShards(engine: Engine, version?: string): Promise<Shards> {
  const named = version === undefined ? { name: engine.name } : { name: engine.name, version };
  const spec = deploymentSpec({
    engine: named,
    topology: { kind: "cluster" },
    durability: { minReplicasToWrite: 0 },
    failover: { nodeTimeoutMs: 1_000 },
  });
  await using stack = new AsyncDisposableStack();
  const nodes: Running[] = [];
  const ids: string[] = [];
  for (const range of [
    ["0", "5460"],
    ["5461", "10922"],
    ["10923", "16383"],
  ]) {
    const [port, bus] = [nextPort(), nextPort()];
    const node = stack.use(await renderedServer(engine, spec, { port, lines: [`cluster-port ${bus}`, `cluster-announce-ip ${host}`] }));
    const operator = node.as("operator");
    await operator.call("CLUSTER", "ADDSLOTSRANGE", ...range);
    ids.push(String(await operator.call("CLUSTER", "MYID")));
    if (nodes.length > 0) await nodes[0]?.as("operator").call("CLUSTER", "MEET", host, String(port), String(bus));
    nodes.push(node);
  }
  for (const node of nodes) {
    await expect
      .poll(() => node.as("operator").call("CLUSTER", "INFO"), { timeout: 10_000, interval: 200 })
      .toMatch(/cluster_state:ok[^]*cluster_known_nodes:3/);
  }
  const kept = stack.move();
  return { nodes, ids, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

const denials = async ({ nodes }: Shards): Promise<readonly unknown[]> =>
  (await Promise.all(nodes.map((node) => node.as("operator").call("ACL", "LOG")))).flat();

describe.each(enginesHere())("on $name $version", (engine) => {
  it("the operator moves a slot key by key", async () => {
    await using shards = await threeShards(engine);
    const [target, , source] = shards.nodes;
    const [targetId = "", , sourceId = ""] = shards.ids;
    if (target === undefined || source === undefined) throw new Error("no shards");
    await source.as("app").set("foo", "bar");
    const [from, to] = [source.as("operator"), target.as("operator")];
    await to.call("CLUSTER", "SETSLOT", slot, "IMPORTING", sourceId);
    await from.call("CLUSTER", "SETSLOT", slot, "MIGRATING", targetId);
    const keys = (await from.call("CLUSTER", "GETKEYSINSLOT", slot, "10")) as readonly string[];
    const login = ["AUTH2", "operator", secretOf("operator"), "KEYS", ...keys];
    expect(await from.call("MIGRATE", host, String(target.port), "", "0", "1000", ...login)).toBe("OK");
    for (const operator of [to, from]) await operator.call("CLUSTER", "SETSLOT", slot, "NODE", targetId);
    expect(await target.as("app").get("foo")).toBe("bar");
    expect(await denials(shards)).toEqual([]);
  });

  it.runIf(engine.name === "valkey" && notOlder(engine.version, "9.0"))(
    "the engine moves a slot at once, when the spec says its version",
    async () => {
      await using shards = await threeShards(engine, engine.version);
      const [target, , source] = shards.nodes;
      const [app, arrived] = [source?.as("app"), target?.as("app")];
      await app?.set("foo", "bar");
      await app?.multi().zadd("{foo}:z", 1, "m").xadd("{foo}:x", "*", "f", "v").hset("{foo}:h", "f", "v").exec();
      await source?.as("operator").call("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", slot, slot, "NODE", shards.ids[0] ?? "");
      await expect.poll(() => arrived?.get("foo").catch(String), { timeout: 10_000, interval: 100 }).toBe("bar");
      expect(await Promise.all([arrived?.zcard("{foo}:z"), arrived?.xlen("{foo}:x"), arrived?.hlen("{foo}:h")])).toEqual([1, 1, 1]);
      expect(await denials(shards)).toEqual([]);
    },
  );
});
