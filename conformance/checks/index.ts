// The catalogue of checks, in the order reports show them. A new pattern is one line here.

import { analyticsCheck } from "./analytics.ts";
import { cacheAsideCheck } from "./cache-aside.ts";
import type { Check } from "./check.ts";
import { connectionCheck } from "./connection.ts";
import { jobQueueCheck } from "./job-queue.ts";
import { jobScheduleCheck } from "./job-schedule.ts";
import { leaderboardCheck } from "./leaderboard.ts";
import { pubSubCheck } from "./pub-sub.ts";
import { rateLimiterCheck } from "./rate-limiter.ts";
import { sessionStoreCheck } from "./session-store.ts";
import { writeThroughCheck } from "./write-through.ts";

export const allChecks: readonly Check[] = [
  connectionCheck,
  cacheAsideCheck,
  writeThroughCheck,
  sessionStoreCheck,
  rateLimiterCheck,
  pubSubCheck,
  jobQueueCheck,
  jobScheduleCheck,
  leaderboardCheck,
  analyticsCheck,
];
