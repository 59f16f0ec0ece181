// Writes straight to one node that a partition cut off with its client, plainly and with WAIT. Knows no Sentinel and no other node.

import { Redis } from "ioredis";
import type { Address } from "../targets/target.ts";
import { attempt, loop } from "./attempt.ts";
import type { WorkloadContext } from "./check.ts";

const periodMs = 10;
const waitEvery = 4;
const waitMs = 100;
const keyLifeS = 600;

export interface MinorityLane {
  readonly base: string;
  readonly waitBase: string;
}

function clientOf({ connection }: WorkloadContext, { host, port }: Address): Redis {
  const { username, password, tls } = connection;
  const client = new Redis({
    host,
    port,
    username,
    password,
    ...(tls ? { tls: { ...tls } } : {}),
    connectTimeout: 500,
    commandTimeout: 500,
    maxRetriesPerRequest: 1,
    autoResendUnfulfilledCommands: false, // a write re-sent after the heal would blur when it was acknowledged
    retryStrategy: () => 100,
  });
  client.on("error", () => {});
  return client;
}

/** SET then WAIT on one connection; acknowledged only when a replica confirmed it. */
async function setAndWait(client: Redis, key: string, value: number): Promise<string> {
  const replies = await client.pipeline().set(key, value, "EX", keyLifeS).wait(1, waitMs).exec();
  for (const [error] of replies ?? []) if (error) throw error;
  const confirmed = replies?.[1]?.[1];
  if (typeof confirmed !== "number" || confirmed < 1) throw new Error("DEADLINE no replica confirmed the write");
  return "OK";
}

/** Until stopped. `last` and `waitLast` say how many keys of each kind were tried. */
export function writeMinority(context: WorkloadContext, address: Address, lane: MinorityLane) {
  const client = clientOf(context, address);
  const tried = { plain: 0, wait: 0 };
  let turn = 0;
  const running = loop(periodMs, async () => {
    if (++turn % waitEvery === 0) {
      const value = ++tried.wait;
      const key = `${lane.waitBase}:${value}`;
      await attempt(context.record, { process: 2, op: "minority-wait-write", key, value }, () => setAndWait(client, key, value));
    } else {
      const value = ++tried.plain;
      const key = `${lane.base}:${value}`;
      await attempt(context.record, { process: 2, op: "minority-write", key, value }, () => client.set(key, value, "EX", keyLifeS));
    }
  });
  return {
    tried,
    stop: async () => {
      await running.stop();
      client.disconnect();
    },
  };
}
