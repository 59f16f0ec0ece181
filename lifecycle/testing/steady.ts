// Waiting for a test deployment to be whole, and a writer that knows which of its writes were acknowledged. It judges nothing.

import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { until, type LocalDeployment } from "./deployment.ts";

const count = (text: unknown, pattern: RegExp): number => String(text).match(pattern)?.length ?? 0;

/** Who a Sentinel names, once all three agree and none is in the middle of a failover. */
export async function agreed(deployment: LocalDeployment): Promise<string | undefined> {
  const views = await Promise.all(["s1", "s2", "s3"].map((name) => deployment.ask(name, "SENTINEL", "MASTER", "durable-sentinel")));
  const hosts = new Set<string>();
  for (const view of views) {
    if (!Array.isArray(view)) return undefined;
    const value = (key: string): string => String(view[view.indexOf(key) + 1]);
    if (value("flags") !== "master" || value("num-slaves") !== "2" || value("num-other-sentinels") !== "2") return undefined;
    hosts.add(value("ip"));
  }
  return hosts.size === 1 ? deployment.nodes.find((name) => hosts.has(deployment.host(name))) : undefined;
}

/** Resolves with the primaries once every replica is linked and everybody agrees. */
export async function whole(deployment: LocalDeployment, timeoutMs: number): Promise<readonly string[]> {
  const shards = deployment.nodes.length / 3;
  return until("every replica linked and everybody agrees", timeoutMs, async () => {
    const primaries = await deployment.primaries();
    if (primaries.length !== shards) return undefined;
    const infos = await Promise.all(primaries.map((name) => deployment.ask(name, "INFO", "replication")));
    if (infos.some((info) => count(info, /state=online/g) !== 2)) return undefined;
    if (shards === 1) return (await agreed(deployment)) === primaries[0] ? primaries : undefined;
    const states = await Promise.all(deployment.nodes.map((name) => deployment.ask(name, "CLUSTER", "INFO")));
    return states.every((state) => String(state).includes("cluster_state:ok")) ? primaries : undefined;
  });
}

export interface Writer {
  /** Stops and gives the longest time between two acknowledged writes, ms, and the acknowledged numbers. */
  stop(): Promise<{ readonly gapMs: number; readonly acknowledged: readonly number[] }>;
}

/** Writes {06S}-tagged keys (slot 0) one after the other, to whomever `find` names; after an error it asks again at once. */
export function writer(deployment: LocalDeployment, find: () => Promise<string | undefined>): Writer {
  const acknowledged: number[] = [];
  const stopped = new AbortController();
  let gapMs = 0;
  const work = (async () => {
    let client: Redis | undefined;
    let last = performance.now();
    for (let number = 0; !stopped.signal.aborted; number++) {
      try {
        client ??= await find().then((name) => (name === undefined ? undefined : deployment.client(name, "app")));
        if (!client) {
          await sleep(5);
          continue;
        }
        await client.set(`{06S}${number}`, number);
        acknowledged.push(number);
        gapMs = Math.max(gapMs, performance.now() - last);
        last = performance.now();
        await sleep(1);
      } catch {
        client?.disconnect();
        client = undefined;
        await sleep(5);
      }
    }
    client?.disconnect();
  })();
  return {
    async stop() {
      stopped.abort();
      await work;
      return { gapMs, acknowledged };
    },
  };
}

/** The acknowledged numbers that the node does not have. */
export async function lost(deployment: LocalDeployment, name: string, acknowledged: readonly number[]): Promise<readonly number[]> {
  const client = deployment.client(name, "app");
  const values = acknowledged.length === 0 ? [] : await client.mget(acknowledged.map((number) => `{06S}${number}`));
  client.disconnect();
  return acknowledged.filter((number, index) => values[index] !== String(number));
}
