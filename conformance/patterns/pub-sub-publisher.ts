// The publishing half of `pub-sub.ts`: numbers a message, keeps it in a short log and publishes it in one step, and beats so that
// subscribers can tell silence from deafness. It does not know who listens.

import { createHash, randomUUID } from "node:crypto";

/** What is needed of a client; ioredis `Redis` and `Cluster` both fit. */
export interface PublishingClient {
  evalsha(sha: string, keyCount: number, ...args: string[]): Promise<unknown>;
  eval(script: string, keyCount: number, ...args: string[]): Promise<unknown>;
}

export interface PublisherOptions {
  /** With a hash tag, e.g. `{orders}:news`; the log is `<name>:log`, in the same slot. */
  readonly name: string;
  /** SPUBLISH: true in Cluster, where plain PUBLISH goes to every node. */
  readonly sharded: boolean;
  /** Messages that a subscriber can still catch up on. */
  readonly logLength?: number;
  /** How long the log outlives its last message or heartbeat. */
  readonly logTtlMs?: number;
  /** How long `publish` keeps trying while the server refuses or cannot be reached. */
  readonly deadlineMs?: number;
}

export interface Publisher {
  /** Resolves to the message's number. The same id sent again within the last 16 messages is not published again. */
  publish(body: string, id?: string): Promise<number>;
  /** Tells every subscriber how far the log goes. */
  beat(): Promise<void>;
}

/** Numbers, keeps, and publishes in one step. A message names the one before it, so that a log rolled back by a failover shows. */
const publishScript = `
local latest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 16)
for _, entry in ipairs(latest) do
  if entry[2][2] == ARGV[3] then return tonumber(string.match(entry[1], '^%d+')) end
end
local sequence, before = 1, ''
if latest[1] then sequence, before = tonumber(string.match(latest[1][1], '^%d+')) + 1, latest[1][2][2] end
redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[5], string.format('%.0f-0', sequence), 'id', ARGV[3], 'body', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
redis.call(ARGV[1], ARGV[2], cjson.encode({sequence, ARGV[3], before, ARGV[4]}))
return sequence`;

const beatScript = `
local latest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
redis.pcall('PEXPIRE', KEYS[1], ARGV[3])
local sequence, id = 0, ''
if latest then sequence, id = tonumber(string.match(latest[1], '^%d+')), latest[2][2] end
return redis.call(ARGV[1], ARGV[2], cjson.encode({sequence, id}))`;

const shaOf = new Map([publishScript, beatScript].map((text) => [text, createHash("sha1").update(text).digest("hex")]));

async function run(client: PublishingClient, script: string, args: readonly string[]): Promise<unknown> {
  try {
    return await client.evalsha(shaOf.get(script) ?? "", 1, ...args);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
    return client.eval(script, 1, ...args);
  }
}

/** Refusals that trying again does not change. Everything else may be tried again, because subscribers know ids. */
const final = /^(ERR|OOM|WRONGTYPE|NOPERM|NOAUTH|WRONGPASS|CROSSSLOT)/;

async function untilAnswered<T>(deadlineMs: number, call: () => Promise<T>): Promise<T> {
  const endMs = performance.now() + deadlineMs;
  for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 2, 200)) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof Error) || final.test(error.message) || performance.now() + pauseMs > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

export function publisher(client: PublishingClient, options: PublisherOptions): Publisher {
  const { name, sharded, logLength = 1000, logTtlMs = 3_600_000, deadlineMs = 30_000 } = options;
  const target = [`${name}:log`, sharded ? "SPUBLISH" : "PUBLISH", name];
  return {
    publish: async (body, id = randomUUID()) =>
      Number(await untilAnswered(deadlineMs, () => run(client, publishScript, [...target, id, body, String(logLength), String(logTtlMs)]))),
    beat: async () => void (await run(client, beatScript, [...target, String(logTtlMs)])),
  };
}
