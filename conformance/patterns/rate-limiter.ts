// A rate limiter in one round trip: at most `limit` admissions in any window, decided by the server's clock, for any number of
// application processes. It decides and says why; what to answer to a rejected caller belongs to the application.

import { createHash } from "node:crypto";

/** What is needed of a client; ioredis `Redis` and `Cluster` both fit. */
export interface LimiterClient {
  evalsha(sha: string, keyCount: number, ...args: string[]): Promise<unknown>;
  eval(script: string, keyCount: number, ...args: string[]): Promise<unknown>;
}

export interface Limit {
  readonly limit: number;
  readonly windowMs: number;
}

export interface RateLimiterOptions extends Limit {
  /** Put before every subject, e.g. `login:`. */
  readonly prefix: string;
  /**
   * `gcra`: one small number per subject, smooth; a burst of `burst` at once and the rest of the limit spread over the window.
   * `sliding-log`: one entry per admission, the whole limit at once; for small limits and where a re-send must not count twice.
   */
  readonly algorithm: "gcra" | "sliding-log";
  /** GCRA only, 1 to `limit`; default half of the limit. */
  readonly burst?: number;
  /** `open`: a limit of this process decides while the server does not answer. `closed`: nobody gets in (logins, money). */
  readonly whenUnavailable: "open" | "closed";
  /** The local limit when `open`: the limit divided by the number of application processes. */
  readonly localLimit?: number;
  /** How long a request may wait for its decision. */
  readonly deadlineMs?: number;
}

export interface Decision {
  readonly allowed: boolean;
  readonly limit: number;
  readonly windowMs: number;
  /** How many more would be admitted now. */
  readonly remaining: number;
  /** When one more would be admitted; 0 when now. */
  readonly retryAfterMs: number;
  /** When the whole limit is available again. */
  readonly resetMs: number;
  /** Who decided. */
  readonly source: "server" | "local" | "closed";
  /** The clock it was decided by. */
  readonly atUs: number;
}

export interface RateLimiter {
  check(subject: string): Promise<Decision>;
}

/**
 * KEYS: subject. ARGV: interval, tolerance (both us). Stores the theoretical arrival time of the next admission and nothing
 * when it rejects. A time further ahead than any admission leaves it comes from another server's clock and is cut down.
 */
const gcraScript = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, tolerance = tonumber(ARGV[1]), tonumber(ARGV[2])
local due = tonumber(redis.call('GET', KEYS[1]) or now)
due = math.min(math.max(due, now), now + tolerance + interval)
local allowed = due - now <= tolerance
if allowed then
  due = due + interval
  redis.call('SET', KEYS[1], string.format('%.0f', due), 'PX', math.ceil((due - now) / 1000))
end
local remaining = math.max(0, math.floor((tolerance - (due - now)) / interval) + 1)
return {allowed and 1 or 0, remaining, math.max(0, due - now - tolerance), due - now, string.format('%.0f', now)}`;

/**
 * KEYS: subject. ARGV: limit, window (us), id of this call. Counts first, so that a rejection writes nothing and the set never
 * holds more than the limit. A call that the client sent again after a lost reply is found by its id and admitted once.
 */
const slidingLogScript = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local after = string.format('(%.0f', now - window)
local used = redis.call('ZCOUNT', KEYS[1], after, '+inf')
local again = redis.call('ZSCORE', KEYS[1], ARGV[3])
local allowed = again or used < limit
if allowed and not again then
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - window))
  redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[3])
  redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
  used = used + 1
end
local oldest = redis.call('ZRANGEBYSCORE', KEYS[1], after, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
local newest = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
local retry = used < limit and 0 or math.ceil(tonumber(oldest) + window - now)
local reset = newest and math.ceil(tonumber(newest) + window - now) or 0
return {allowed and 1 or 0, math.max(0, limit - used), retry, reset, string.format('%.0f', again or now)}`;

const shaOf = new Map([gcraScript, slidingLogScript].map((text) => [text, createHash("sha1").update(text).digest("hex")]));

async function run(client: LimiterClient, script: string, args: readonly string[]): Promise<unknown> {
  try {
    return await client.evalsha(shaOf.get(script) ?? "", 1, ...args);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
    return client.eval(script, 1, ...args);
  }
}

/** Interval between admissions and tolerance, us, such that `burst` at once plus all that follow in one window are `limit`. */
function gcraArgs({ limit, windowMs, burst = Math.ceil(limit / 2) }: RateLimiterOptions): readonly string[] {
  if (!Number.isInteger(burst) || burst < 1 || burst > limit) throw new RangeError(`burst is ${burst}: give 1 to limit (${limit})`);
  const interval = Math.ceil((windowMs * 1000) / (limit - burst + 1));
  return [interval, interval * (burst - 1)].map(String);
}

function decisionOf(reply: unknown, { limit, windowMs }: Limit): Decision {
  const [allowed, remaining, retryUs, resetUs, atUs] = reply as [number, number, number, number, string];
  const times = { retryAfterMs: Math.ceil(retryUs / 1000), resetMs: Math.ceil(resetUs / 1000), atUs: Number(atUs) };
  return { allowed: allowed === 1, limit, windowMs, remaining, ...times, source: "server" };
}

/** Fixed windows in memory, forgotten when each ends; good enough for the seconds of an outage. */
function localLimiter({ limit, windowMs }: Limit): (subject: string) => Decision {
  let windowStartMs = 0;
  const used = new Map<string, number>();
  return (subject) => {
    const nowMs = Date.now();
    if (nowMs >= windowStartMs + windowMs) {
      windowStartMs = nowMs;
      used.clear();
    }
    const count = used.get(subject) ?? 0;
    const allowed = count < limit;
    if (allowed) used.set(subject, count + 1);
    const resetMs = windowStartMs + windowMs - nowMs;
    const remaining = Math.max(0, limit - count - 1);
    return { allowed, limit, windowMs, remaining, retryAfterMs: remaining > 0 ? 0 : resetMs, resetMs, source: "local", atUs: nowMs * 1000 };
  };
}

function closed({ limit, windowMs }: Limit): Decision {
  return {
    allowed: false,
    limit,
    windowMs,
    remaining: 0,
    retryAfterMs: 1000,
    resetMs: windowMs,
    source: "closed",
    atUs: Date.now() * 1000,
  };
}

const late = Symbol("late");
/** How many decisions may be under way that nobody waits for any more; a queue of them would eat the limit after an outage. */
const overdueMax = 4;

export function rateLimiter(client: LimiterClient, options: RateLimiterOptions): RateLimiter {
  const { limit, windowMs, prefix, algorithm, whenUnavailable, deadlineMs = 50, localLimit = limit } = options;
  const gcra = algorithm === "gcra" ? gcraArgs(options) : [];
  const local = localLimiter({ limit: localLimit, windowMs });
  const instance = Math.random().toString(36).slice(2, 10);
  let sent = 0;
  let overdue = 0;
  const ask = (subject: string): Promise<unknown> =>
    algorithm === "gcra"
      ? run(client, gcraScript, [prefix + subject, ...gcra])
      : run(client, slidingLogScript, [prefix + subject, String(limit), String(windowMs * 1000), `${instance}:${++sent}`]);
  const withoutServer = (subject: string): Decision => (whenUnavailable === "open" ? local(subject) : closed(options));
  return {
    async check(subject) {
      if (overdue >= overdueMax) return withoutServer(subject);
      let timer: NodeJS.Timeout | undefined;
      const asked = ask(subject);
      try {
        const reply = await Promise.race([asked, new Promise<typeof late>((resolve) => (timer = setTimeout(resolve, deadlineMs, late)))]);
        if (reply !== late) return decisionOf(reply, options);
        overdue++;
        const done = (): void => void overdue--;
        asked.then(done, done);
      } catch {
        // refused or cut off: the policy decides, as for no answer
      } finally {
        clearTimeout(timer);
      }
      return withoutServer(subject);
    },
  };
}
