// Sessions on Sentinel or Cluster: a destroyed session stays destroyed, two clocks end every session, and a store that does
// not answer is an error, never an anonymous user. It sets no cookies (session-store-express.ts does) and needs a `noeviction` server.

import { createHash, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ChainableCommander, Cluster, Redis } from "ioredis";

export interface SessionStoreOptions {
  /** First part of every key. A `{tag}` in it pins all sessions to one slot; without one they spread by session. */
  readonly prefix: string;
  /** Sliding: a session not read for this long ends. */
  readonly idleMs: number;
  /** Absolute: no session lives longer, however busy. */
  readonly absoluteMs: number;
  /** Replicas that must have a logout before it is reported. 0 only where there are none. */
  readonly replicasToWait: number;
  /** One WAIT; after it the logout is tried again until `deadlineMs`. */
  readonly waitMs: number;
  /** A call that has no answer by then fails closed with StoreUnavailable. Longer than a failover. */
  readonly deadlineMs: number;
}

export interface Session<T> {
  readonly version: number;
  readonly userId: string;
  readonly data: T;
}

export type Updated = "updated" | "conflict" | "gone" | "other-user";

export interface SessionStore<T> {
  create(userId: string, data: T): Promise<string>;
  /** With an id of the caller's making, at least 128 random bits; false when it is taken. */
  createAs(id: string, userId: string, data: T): Promise<boolean>;
  /** Also slides the idle clock, but writes only when more than a tenth of it has passed. */
  read(id: string): Promise<Session<T> | undefined>;
  /** Without `version` the last writer wins. Never brings a destroyed session back, never hands one to another user (regenerate does). */
  update(id: string, next: Omit<Session<T>, "version"> & { readonly version?: number }): Promise<Updated>;
  /** Resolves when the delete is on `replicasToWait` replicas. */
  destroy(id: string): Promise<void>;
  /** A new id for the same user after a change of privilege; the old one is dead before the new one is returned. */
  regenerate(id: string, data: T): Promise<string | undefined>;
  /** Ends every session the user has now. */
  logOutEverywhere(userId: string): Promise<void>;
}

/** The store could not say. Answer 503: never treat it as "no session". */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
  readonly status = 503; // what Express and its error handlers answer with
}

// Value: version|createdAtMs|epoch|user|json. A re-sent create or update finds its own value and reports success again.
const createScript = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local rest = ARGV[1]
local old = redis.call('GET', KEYS[1])
if old then return string.gsub(old, '^1|%d+|', '') == rest and 1 or 0 end
redis.call('SET', KEYS[1], '1|' .. string.format('%d', now) .. '|' .. rest, 'PX', ARGV[2])
return 1`;

const readScript = `
local value = redis.call('GET', KEYS[1])
if not value then return false end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local left = tonumber(string.match(value, '^%d+|(%d+)|')) + ARGV[2] - now
if left <= 0 then redis.call('DEL', KEYS[1]) return false end
local ttl = math.min(tonumber(ARGV[1]), left)
if redis.call('PTTL', KEYS[1]) < ttl * 0.9 then redis.call('PEXPIRE', KEYS[1], string.format('%d', ttl)) end
return value`;

const updateScript = `
local old = redis.call('GET', KEYS[1])
if not old then return 'gone' end
local version, head, user, data = string.match(old, '^(%d+)(|%d+|%d+|)([^|]*)|(.*)$')
if user ~= ARGV[1] then return 'other-user' end
if ARGV[3] ~= '' and tonumber(version) ~= tonumber(ARGV[3]) then
  return tonumber(version) == ARGV[3] + 1 and data == ARGV[2] and 'updated' or 'conflict'
end
redis.call('SET', KEYS[1], string.format('%d', version + 1) .. head .. user .. '|' .. ARGV[2], 'KEEPTTL')
return 'updated'`;

// Never smaller than before and never smaller than the clock, so that it may expire once every older session has ended.
const epochScript = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local next = math.max((tonumber(redis.call('GET', KEYS[1])) or 0) + 1, now)
redis.call('SET', KEYS[1], string.format('%d', next), 'PX', ARGV[1])
return next`;

/** Refusals and breaks after which every call of this store may be sent again: all of them are idempotent. */
const again = /READONLY|NOREPLICAS|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|UNBLOCKED|aborted|closed|ECONN|EPIPE|timeout|WAIT/i;

const hashed = (text: string): string => createHash("sha256").update(text).digest("base64url");

async function withDeadline<R>(deadlineMs: number, call: () => Promise<R>): Promise<R> {
  const endsAt = performance.now() + deadlineMs;
  const late = (): Error => new Error(`DEADLINE of ${deadlineMs} ms`);
  for (;;) {
    const timeout = new AbortController();
    const expired = sleep(Math.max(0, endsAt - performance.now()), undefined, { signal: timeout.signal }).then(() =>
      Promise.reject(late()),
    );
    try {
      return await Promise.race([call(), expired]);
    } catch (cause) {
      const over = performance.now() >= endsAt;
      if (over || !(cause instanceof Error && again.test(cause.message)))
        throw new StoreUnavailable("the session store did not answer; raise deadlineMs above the failover time if this is one", {
          cause: over ? late() : cause,
        });
      await sleep(25);
    } finally {
      expired.catch(() => {}); // the abort below rejects it
      timeout.abort();
    }
  }
}

async function evaluate(client: Redis | Cluster, script: string, key: string, args: readonly (string | number)[]): Promise<unknown> {
  try {
    return await client.evalsha(createHash("sha1").update(script).digest("hex"), 1, key, ...args);
  } catch (error) {
    if (!(error instanceof Error && error.message.includes("NOSCRIPT"))) throw error;
    return client.eval(script, 1, key, ...args); // the cache is empty after a restart or a promotion
  }
}

type Change = (pipeline: ChainableCommander) => ChainableCommander;

/**
 * Sends `change` and WAIT on one connection. ioredis aborts a pipeline that a lost connection cut in half instead of sending the rest
 * elsewhere, so WAIT cannot be answered by a server that never saw the change.
 */
async function replicated(
  client: Redis | Cluster,
  { key, change, options }: { key: string; change: Change; options: SessionStoreOptions },
): Promise<void> {
  await client.exists(key); // a single command follows MOVED, a pipeline with WAIT in it does not
  const pipeline = change(client.pipeline());
  if (options.replicasToWait > 0) pipeline.wait(options.replicasToWait, options.waitMs);
  const replies = (await pipeline.exec()) ?? [];
  const failed = replies.find(([error]) => error)?.[0];
  if (failed) throw failed;
  const reached = options.replicasToWait > 0 ? Number(replies.at(-1)?.[1]) : 0;
  if (reached < options.replicasToWait) throw new Error(`WAIT reached ${reached} of ${options.replicasToWait} replicas`);
}

// WAIT looks at the last write of its own connection. A delete that is sent again deletes nothing, and nobody would wait for
// the first one; the marker is always a write.
const remove =
  (key: string): Change =>
  (pipeline) =>
    pipeline.del(key).set(`${key}:gone`, "1", "PX", 1000);

const userPart = (userId: string): string => Buffer.from(userId).toString("base64url");

function parse<T>(value: string): { readonly session: Session<T>; readonly epoch: number } {
  const [version = "", , epoch = "", user = "", ...json] = value.split("|");
  const userId = Buffer.from(user, "base64url").toString();
  return { session: { version: Number(version), userId, data: JSON.parse(json.join("|")) as T }, epoch: Number(epoch) };
}

/** A store on `client`. The id itself is never sent to the server: a leaked dump is not a bunch of logins. */
export function createSessionStore<T>(client: Redis | Cluster, options: SessionStoreOptions): SessionStore<T> {
  const { prefix, idleMs, absoluteMs, deadlineMs } = options;
  const keyOf = (id: string): string => `${prefix}:session:{${hashed(id)}}`; // an earlier {tag} in the prefix wins
  const epochKeyOf = (userId: string): string => `${prefix}:session-epoch:{${hashed(userId)}}`;
  const waiting = <R>(call: () => Promise<R>): Promise<R> => withDeadline(deadlineMs, call);
  const script = (text: string, key: string, args: readonly (string | number)[]): Promise<unknown> =>
    waiting(() => evaluate(client, text, key, args));
  const epochOf = async (userId: string): Promise<number> =>
    userId === "" ? 0 : Number((await waiting(() => client.get(epochKeyOf(userId)))) ?? 0);
  const store: SessionStore<T> = {
    async create(userId, data) {
      const id = randomBytes(32).toString("base64url");
      await store.createAs(id, userId, data);
      return id;
    },
    async createAs(id, userId, data) {
      const rest = `${await epochOf(userId)}|${userPart(userId)}|${JSON.stringify(data)}`;
      return (await script(createScript, keyOf(id), [rest, Math.min(idleMs, absoluteMs)])) === 1;
    },
    async read(id) {
      const value = await script(readScript, keyOf(id), [idleMs, absoluteMs]);
      if (typeof value !== "string") return undefined;
      const { session, epoch } = parse<T>(value);
      return epoch < (await epochOf(session.userId)) ? undefined : session;
    },
    update: (id, { userId, data, version }) =>
      script(updateScript, keyOf(id), [userPart(userId), JSON.stringify(data), version ?? ""]) as Promise<Updated>,
    destroy: (id) => waiting(() => replicated(client, { key: keyOf(id), change: remove(keyOf(id)), options })),
    async regenerate(id, data) {
      const old = await store.read(id);
      if (old === undefined) return undefined;
      await store.destroy(id);
      return store.create(old.userId, data);
    },
    logOutEverywhere(userId) {
      const key = epochKeyOf(userId);
      return waiting(() => replicated(client, { key, change: (pipeline) => pipeline.eval(epochScript, 1, key, absoluteMs), options }));
    },
  };
  return Object.freeze(store);
}
