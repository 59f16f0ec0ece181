// When is everybody back: one primary a shard, every replica linked, and every Sentinel or Cluster node of the same opinion.
// Says what is still missing, so that a wait that fails can be understood.

import type { Redis } from "ioredis";
import type { NodeView } from "../target.ts";
import type { Layout } from "./layout.ts";
import { probe, type Credentials } from "./observe.ts";

export interface Redundancy {
  /** What is missing, in words; empty when everybody is back. */
  missing(): Promise<readonly string[]>;
  /** The primary's "host:port" as each Sentinel names it (Sentinel only). */
  named(): Promise<readonly (string | undefined)[]>;
  close(): void;
}

const pairs = (flat: unknown): ReadonlyMap<string, string> => {
  const list = Array.isArray(flat) ? flat.map(String) : [];
  return new Map(Array.from({ length: list.length / 2 }, (_, at) => [list[2 * at] ?? "", list[2 * at + 1] ?? ""]));
};

/** What the data nodes themselves lack. */
export function missingNodes(views: readonly NodeView[], layout: Layout): readonly string[] {
  const missing: string[] = [];
  for (const view of views) {
    if (view.role === "unreachable") missing.push(`${view.id} does not answer`);
    else if (!view.linkUp) missing.push(`${view.id} is not linked to its primary`);
  }
  layout.shards.forEach((_, shard) => {
    const primaries = views.filter((view) => view.shard === shard && view.role === "primary");
    if (primaries.length !== 1) missing.push(`shard ${shard} has ${primaries.length} primaries`);
    else if (!primaries.every((view) => view.writable)) missing.push(`the primary of shard ${shard} does not take writes yet`);
  });
  return missing;
}

async function askSentinel(
  client: Redis,
  name: string,
  replicas: number,
): Promise<{ readonly named?: string; readonly missing: readonly string[] }> {
  try {
    const [master, list, info] = await Promise.all([
      client.call("SENTINEL", "MASTER", name),
      client.call("SENTINEL", "REPLICAS", name),
      client.info("sentinel"),
    ]);
    const state = pairs(master);
    const views = (Array.isArray(list) ? list : []).map(pairs);
    const down = views.filter((view) => /down|disconnected/.test(view.get("flags") ?? ""));
    const missing: string[] = [];
    if (state.get("flags") !== "master") missing.push(`it calls the primary "${state.get("flags") ?? "?"}"`);
    if (/sentinel_tilt:1/.test(info)) missing.push("it is in TILT and will not vote yet (30 s after a stall of over 2 s)");
    if (views.length < replicas) missing.push(`it knows ${views.length} of ${replicas} replicas`);
    if (down.length > 0) missing.push(`it calls ${down.map((view) => view.get("ip")).join(", ")} down`);
    // its idea of the replicas' links is up to 10 s old (INFO period): the replicas' own word is what missingNodes goes by
    return { named: `${state.get("ip")}:${state.get("port")}`, missing };
  } catch {
    return { missing: ["it does not answer"] };
  }
}

export function sentinelRedundancy(
  layout: Layout,
  views: () => Promise<readonly NodeView[]>,
  options: { readonly master: string; readonly credentials: Credentials; readonly others: number },
): Redundancy {
  const clients = layout.sentinels.map((place) => ({ place, client: probe(place.address, options.credentials) }));
  const ask = () => Promise.all(clients.map(({ client }) => askSentinel(client, options.master, options.others)));
  return {
    async missing() {
      const [nodes, answers] = await Promise.all([views(), ask()]);
      const primary = nodes.find((view) => view.role === "primary");
      const expected = `${primary?.address.host}:${primary?.address.port}`;
      return [
        ...missingNodes(nodes, layout),
        ...answers.flatMap((answer, at) => [
          ...answer.missing.map((what) => `Sentinel s${at + 1}: ${what}`),
          ...(answer.named === undefined || answer.named === expected
            ? []
            : [`Sentinel s${at + 1} names ${answer.named}, not ${expected}`]),
        ]),
      ];
    },
    named: async () => (await ask()).map((answer) => answer.named),
    close: () => clients.forEach(({ client }) => client.disconnect()),
  };
}

async function askClusterNode(client: Redis, known: number): Promise<string | undefined> {
  try {
    const [info, nodes] = await Promise.all([client.call("CLUSTER", "INFO"), client.call("CLUSTER", "NODES")]);
    const lines = String(nodes).trim().split("\n");
    if (!String(info).includes("cluster_state:ok")) return "its cluster_state is not ok";
    if (!/cluster_slots_ok:16384\b/.test(String(info))) return "it does not see all 16384 slots";
    if (lines.length !== known) return `it knows ${lines.length} of ${known} nodes`;
    if (lines.some((line) => /fail|handshake|noaddr/.test(line.split(" ")[2] ?? ""))) return "it calls a node failed or new";
    return undefined;
  } catch {
    return "it does not answer";
  }
}

export function clusterRedundancy(layout: Layout, views: () => Promise<readonly NodeView[]>, credentials: Credentials): Redundancy {
  const clients = layout.nodes.map((place) => ({ place, client: probe(place.sideDoor, credentials) }));
  return {
    async missing() {
      const [nodes, answers] = await Promise.all([
        views(),
        Promise.all(clients.map(({ client }) => askClusterNode(client, layout.nodes.length))),
      ]);
      return [...missingNodes(nodes, layout), ...answers.flatMap((what, at) => (what === undefined ? [] : [`n${at + 1}: ${what}`]))];
    },
    named: () => Promise.resolve([]),
    close: () => clients.forEach(({ client }) => client.disconnect()),
  };
}
