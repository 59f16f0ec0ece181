// A leaderboard on one sorted set: each event counts once however often it is sent, and equal scores go to whoever got there first.
// It keeps numbers and ids; names, avatars and paging beyond "around me" belong to the application.

import { createHash } from "node:crypto";

/** What is needed of a client; ioredis `Redis` and `Cluster` both fit. */
export interface ScriptClient {
  evalsha(sha: string, keyCount: number, ...args: string[]): Promise<unknown>;
  eval(script: string, keyCount: number, ...args: string[]): Promise<unknown>;
}

export interface LeaderboardOptions {
  /** Key of the board, with its hash tag, e.g. `{chess}:2026-w48`. Everything else is derived from it and stays in its slot. */
  readonly key: string;
  /** Ticks for ties are counted from here; one board covers 2^25 of them (388 days of seconds). */
  readonly seasonStartMs: number;
  readonly tickMs?: number;
  /** When the whole board may go. */
  readonly expireAtMs: number;
  /** How long an event id is remembered: longer than any sender keeps re-sending. */
  readonly eventTtlMs?: number;
  /** How long `award` keeps trying while the server refuses or cannot be reached. */
  readonly deadlineMs?: number;
}

export interface Award {
  /** Unique per event and the same on every re-send of it. */
  readonly event: string;
  readonly member: string;
  readonly points: number;
}

/** `position` is unique (1, 2, 3); `rank` is shared by equal scores and then skips (1, 1, 3). */
export interface Standing {
  readonly member: string;
  readonly score: number;
  readonly rank: number;
  readonly position: number;
}

export interface Leaderboard {
  /** `applied` is false when this event had been counted before; `score` is then the one it led to at that time. */
  award(award: Award): Promise<{ readonly applied: boolean; readonly score: number }>;
  top(count: number): Promise<readonly Standing[]>;
  standing(member: string): Promise<Standing | undefined>;
  around(member: string, radius: number): Promise<readonly Standing[]>;
}

/** A double is exact to 53 bits: 28 for the score, 25 for the tick. `score * 10^10 + time` is not, from a score of 900720 on. */
const span = 2 ** 25;
export const scoreMax = 2 ** 28 - 1;

/** Stored as `tick - score * span`, so that ascending order is: higher score, earlier tick, member bytes. */
const awardScript = `
local counted = redis.call('GET', KEYS[2])
if counted then return {0, tonumber(counted)} end
local span = ${span}
local stored = redis.call('ZSCORE', KEYS[1], ARGV[1])
local before = stored and math.ceil(-tonumber(stored) / span) or 0
local score = before + tonumber(ARGV[2])
if score < 0 or score > ${scoreMax} then return redis.error_reply('SCORERANGE score would be ' .. score) end
if not stored or score ~= before then
  local time = redis.call('TIME')
  local ms = time[1] * 1000 + math.floor(time[2] / 1000)
  local tick = math.floor((ms - tonumber(ARGV[3])) / tonumber(ARGV[4]))
  tick = math.min(math.max(tick, 0), span - 1)
  redis.call('ZADD', KEYS[1], string.format('%.0f', tick - score * span), ARGV[1])
end
redis.call('PEXPIREAT', KEYS[1], ARGV[5])
redis.call('SET', KEYS[2], score, 'PX', ARGV[6])
return {1, score}`;

const pageScript = `
local from, to = tonumber(ARGV[1]), tonumber(ARGV[2])
if ARGV[3] then
  local at = redis.call('ZRANK', KEYS[1], ARGV[3])
  if not at then return {0, 0, {}} end
  from, to = math.max(0, at - from), at + to
end
local page = redis.call('ZRANGE', KEYS[1], from, to, 'WITHSCORES')
if #page == 0 then return {0, 0, {}} end
local score = math.ceil(-tonumber(page[2]) / ${span})
local better = redis.call('ZCOUNT', KEYS[1], '-inf', string.format('(%.0f', -score * ${span}))
return {from, better, page}`;

const shaOf = new Map([awardScript, pageScript].map((text) => [text, createHash("sha1").update(text).digest("hex")]));

/** One round trip; the script is sent in full only to a server that does not know it (restart, promotion, SCRIPT FLUSH). */
async function run(client: ScriptClient, script: string, keys: readonly string[], args: readonly string[]): Promise<unknown> {
  try {
    return await client.evalsha(shaOf.get(script) ?? "", keys.length, ...keys, ...args);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
    return client.eval(script, keys.length, ...keys, ...args);
  }
}

/** Refusals that trying again does not change. Everything else may be tried again, because an event counts once. */
const final = /^(ERR|SCORERANGE|OOM|WRONGTYPE|NOPERM|NOAUTH|WRONGPASS|CROSSSLOT)/;

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

function standings(reply: unknown): readonly Standing[] {
  const [from, better, page] = reply as [number, number, string[]];
  const found: Standing[] = [];
  for (let at = 0; at * 2 < page.length; at++) {
    const position = from + at + 1;
    const score = Math.ceil(-Number(page[at * 2 + 1]) / span) + 0;
    const previous = found.at(-1);
    const rank = previous === undefined ? better + 1 : previous.score === score ? previous.rank : position;
    found.push({ member: page[at * 2] ?? "", score, rank, position });
  }
  return found;
}

export function leaderboard(client: ScriptClient, options: LeaderboardOptions): Leaderboard {
  const { key, seasonStartMs, expireAtMs, tickMs = 1000, eventTtlMs = 3_600_000, deadlineMs = 30_000 } = options;
  const settings = [seasonStartMs, tickMs, expireAtMs, eventTtlMs].map(String);
  const page = async (...args: readonly string[]): Promise<readonly Standing[]> => standings(await run(client, pageScript, [key], args));
  return {
    async award({ event, member, points }) {
      const keys = [key, `${key}:event:${event}`];
      const reply = await untilAnswered(deadlineMs, () => run(client, awardScript, keys, [member, String(points), ...settings]));
      const [applied, score] = reply as [number, number];
      return { applied: applied === 1, score };
    },
    top: (count) => (count > 0 ? page("0", String(count - 1)) : Promise.resolve([])),
    standing: async (member) => (await page("0", "0", member))[0],
    around: (member, radius) => page(String(radius), String(radius), member),
  };
}
