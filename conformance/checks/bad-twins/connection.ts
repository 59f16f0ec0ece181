// The article's connection: one fixed URL, three retries per request, and a retry strategy that stops after ten tries.
// Faithful to the defect; only the address is given instead of read from the environment.

import { Redis } from "ioredis";
import type { Client, Connection } from "../../patterns/connection.ts";

/** Whoever is primary of `key` now becomes the URL, as an operator would have written it into the environment. */
async function primaryOf(client: Client, key: string): Promise<{ readonly host: string; readonly port: number }> {
  if (client instanceof Redis) {
    await client.ping();
    const { remoteAddress, remotePort } = client.stream;
    if (remoteAddress === undefined || remotePort === undefined)
      throw new Error("the primary's connection closed while its address was read");
    return { host: remoteAddress, port: remotePort };
  }
  const slot = Number(await client.cluster("KEYSLOT", key));
  const range = (await client.cluster("SLOTS")).find(([from, to]) => from <= slot && slot <= to);
  const primary = range?.[2];
  if (primary === undefined) throw new Error(`no node serves slot ${slot}`);
  return { host: primary[0], port: primary[1] };
}

export async function createClientThatGivesUp(connection: Connection, current: Client, key: string): Promise<Redis> {
  const client = new Redis({
    ...(await primaryOf(current, key)),
    username: connection.username,
    password: connection.password,
    ...(connection.tls ? { tls: { ...connection.tls } } : {}),
    maxRetriesPerRequest: 3,
    enableReadyCheck: true,
    keepAlive: 30_000,
    connectTimeout: 10_000,
    retryStrategy: (times) => (times > 10 ? null : Math.min(times * 100, 3000)),
  });
  client.on("error", () => {});
  return client;
}
