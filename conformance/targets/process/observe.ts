// What the nodes say of themselves: one quiet connection to each, asked again and again. It reads; it changes nothing.

import { Redis } from "ioredis";
import type { Address, NodeView } from "../target.ts";
import type { NodePlace } from "./layout.ts";
import { timeouts } from "./timeouts.ts";

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** A connection that never queues and never waits long: a node that does not answer is `unreachable`, not late. */
export function probe(address: Address, credentials: Credentials): Redis {
  const client = new Redis({
    ...address,
    ...credentials,
    lazyConnect: true,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    connectTimeout: timeouts.probeMs,
    commandTimeout: timeouts.probeMs,
    retryStrategy: () => 50,
    reconnectOnError: () => false,
    disableClientInfo: true,
    protocol: 2,
  });
  client.on("error", () => {});
  client.connect().catch(() => {});
  return client;
}

const fieldsOf = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text
      .split("\r\n")
      .filter((line) => line.includes(":"))
      .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]),
  );

/** One node's answer turned into a view. `good` is how many good replicas it needs before it takes a write. */
export function viewOf(place: NodePlace, info: string, epoch: number): NodeView {
  const fields = fieldsOf(info);
  const primary = fields.get("role") === "master";
  const good = fields.get("min_slaves_good_slaves");
  return {
    id: place.name,
    address: place.address,
    zone: place.zone,
    role: primary ? "primary" : "replica",
    shard: place.shard,
    linkUp: primary || (fields.get("master_link_status") === "up" && fields.get("master_sync_in_progress") !== "1"),
    writable: primary && fields.get("loading") !== "1" && (good === undefined || Number(good) > 0),
    epoch,
    runId: fields.get("run_id") ?? "",
    offset: Number(fields.get("master_repl_offset") ?? 0),
  };
}

const unreachable = (place: NodePlace): NodeView => ({
  id: place.name,
  address: place.address,
  zone: place.zone,
  role: "unreachable",
  shard: place.shard,
  linkUp: false,
  writable: false,
  epoch: 0,
  runId: "",
  offset: 0,
});

export interface Observer {
  nodes(): Promise<readonly NodeView[]>;
  close(): void;
}

/** Asks through the side doors, so that a partition does not blind it. */
export function observe(places: readonly NodePlace[], credentials: Credentials, cluster: boolean): Observer {
  const clients = places.map((place) => ({ place, client: probe(place.sideDoor, credentials) }));
  const ask = async ({ place, client }: (typeof clients)[number]): Promise<NodeView> => {
    try {
      const [info, state] = await Promise.all([client.info(), cluster ? client.call("CLUSTER", "INFO") : ""]);
      return viewOf(place, info, Number(fieldsOf(String(state)).get("cluster_my_epoch") ?? 0));
    } catch {
      return unreachable(place);
    }
  };
  return {
    nodes: () => Promise.all(clients.map(ask)),
    close: () => clients.forEach(({ client }) => client.disconnect()),
  };
}
