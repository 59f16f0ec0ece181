// Which keys of one workload are on the primaries, and which of them would stay for ever. Reads only.

import { Cluster, type Redis } from "ioredis";
import type { Client } from "../patterns/connection.ts";

const scanCount = 1000;

async function scan(node: Redis, start: string): Promise<readonly string[]> {
  const keys: string[] = [];
  let cursor = "0";
  do {
    const [next, found] = await node.scan(cursor, "MATCH", `${start.replaceAll(/[[\]*?\\]/g, "\\$&")}*`, "COUNT", scanCount);
    keys.push(...found);
    cursor = next;
  } while (cursor !== "0");
  return keys;
}

export interface KeyTtls {
  readonly keys: number;
  /** Keys without a TTL. */
  readonly endless: readonly string[];
}

/** Looks at every key that begins with `start`. A key that ends in between is not endless. */
export async function keyTtls(client: Client, start: string): Promise<KeyTtls> {
  if (client instanceof Cluster) await client.exists(start); // waits for the slot map
  const nodes = client instanceof Cluster ? client.nodes("master") : [client];
  const keys = (await Promise.all(nodes.map((node) => scan(node, start)))).flat();
  const ttls = await Promise.all(keys.map((key) => client.pttl(key)));
  return { keys: keys.length, endless: keys.filter((_, at) => ttls[at] === -1) };
}
