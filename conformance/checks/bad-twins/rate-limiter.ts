// The naive limiter: the article's four commands with the application's clock as member. Calls of one millisecond are one entry, so
// they are all admitted, and rejected calls are written too.

import type { Client } from "../../patterns/connection.ts";
import type { Limit, RateLimiter } from "../../patterns/rate-limiter.ts";

export function naiveRateLimiter(client: Client, prefix: string, { limit, windowMs }: Limit): RateLimiter {
  return {
    async check(subject) {
      const nowMs = Date.now();
      const key = prefix + subject;
      const [, , count] = await Promise.all([
        client.zremrangebyscore(key, "-inf", nowMs - windowMs),
        client.zadd(key, nowMs, String(nowMs)),
        client.zcard(key),
        client.expire(key, Math.ceil(windowMs / 1000)),
      ]);
      const times = { retryAfterMs: windowMs, resetMs: windowMs, atUs: nowMs * 1000 };
      return { allowed: count <= limit, limit, windowMs, remaining: Math.max(0, limit - count), ...times, source: "server" };
    },
  };
}
