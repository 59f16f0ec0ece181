// The examples of the how-to pages, one region a page: what is type-checked here is what a reader copies. Nothing runs this file.

import type { Express } from "express";
import session from "express-session";
import { analytics } from "../../conformance/patterns/analytics.ts";
import { createCacheAside, type CacheAsideOptions } from "../../conformance/patterns/cache-aside.ts";
import { createClient, type Client, type Connection } from "../../conformance/patterns/connection.ts";
import { jobQueue, jobWorker } from "../../conformance/patterns/job-queue.ts";
import { jobSchedule, oncePerSlot, slotOf } from "../../conformance/patterns/job-schedule.ts";
import { leaderboard } from "../../conformance/patterns/leaderboard.ts";
import { publisher } from "../../conformance/patterns/pub-sub-publisher.ts";
import { subscriber } from "../../conformance/patterns/pub-sub.ts";
import { rateLimiterExpress } from "../../conformance/patterns/rate-limiter-express.ts";
import { rateLimiter } from "../../conformance/patterns/rate-limiter.ts";
import { createExpressSessionStore } from "../../conformance/patterns/session-store-express.ts";
import { createSessionStore } from "../../conformance/patterns/session-store.ts";
import { createWriteThrough, type Source } from "../../conformance/patterns/write-through.ts";

interface User {
  readonly id: string;
}
interface Mail {
  readonly to: string;
}

/** What the reader's application has. */
export interface Application {
  readonly app: Express;
  readonly connection: Connection;
  readonly client: Client;
  readonly user: User;
  readonly loadUser: (id: string) => Promise<User | undefined>;
  readonly table: Source<User>;
  readonly sendMail: (mail: Mail) => Promise<void>;
  readonly sendDigests: () => Promise<void>;
  readonly show: (text: string) => void;
  readonly readSnapshot: () => void;
  readonly secret: string;
  readonly sharded: boolean;
}

export function connecting({ connection }: Application) {
  // #region connection
  const client = createClient(connection); // ordinary commands
  const worker = createClient(connection, "blocking"); // BullMQ workers, BLPOP
  const ears = createClient(connection, "subscriber"); // a connection that only listens
  // #endregion
  return [client, worker, ears];
}

export async function caching({ client, loadUser }: Application, options: CacheAsideOptions, id: string) {
  // #region cache-aside
  const users = createCacheAside(client, loadUser, options);
  const user = await users.get(id);
  // after a change: commit to the source first
  await users.invalidate(id);
  // #endregion
  return user;
}

export async function writingThrough({ client, table, user }: Application) {
  // #region write-through
  const users = createWriteThrough(client, table, { prefix: "app", ttlMs: 60_000, deadlineMs: 100 });
  const { row, cached } = await users.write(user.id, user); // committed, whatever `cached` says
  const same = await users.read(user.id);
  // #endregion
  return [row, cached, same];
}

declare module "express-session" {
  interface SessionData {
    userId?: string;
  }
}

export function sessions({ app, client, secret }: Application) {
  // #region session-store
  const clocks = { idleMs: 30 * 60_000, absoluteMs: 12 * 3_600_000 };
  const store = createSessionStore<session.SessionData>(client, {
    prefix: "app",
    ...clocks,
    replicasToWait: 1,
    waitMs: 200,
    deadlineMs: 15_000,
  });
  const adapter = createExpressSessionStore(store, (data) => data.userId ?? "");
  app.use(session({ store: adapter, resave: false, saveUninitialized: false, secret }));
  // #endregion
}

export async function limiting({ app, client }: Application, apiKey: string) {
  // #region rate-limiter
  const policy = { limit: 100, windowMs: 60_000, algorithm: "gcra", whenUnavailable: "open", localLimit: 25 } as const; // of 4 processes
  const limiter = rateLimiter(client, { prefix: "api:", ...policy });
  const { allowed, retryAfterMs } = await limiter.check(apiKey);
  // or for every request of an Express application
  app.use(rateLimiterExpress({ limiter, policy: "api" }));
  // #endregion
  return [allowed, retryAfterMs];
}

export async function publishing({ client, connection, show, readSnapshot, sharded }: Application) {
  // #region pub-sub
  const heartbeatMs = 2000;
  const news = { name: "{orders}:news", sharded }; // sharded: true in Cluster
  const out = publisher(client, news);
  setInterval(() => void out.beat().catch(() => {}), heartbeatMs);
  await out.publish("order 7 was paid", "order-7-paid");

  const listening = await subscriber({
    ...news,
    heartbeatMs,
    reader: client,
    connect: () => createClient(connection, "subscriber"),
    handle: ({ body }) => show(body),
    onLoss: () => readSnapshot(),
  });
  // #endregion
  return listening;
}

export async function queueing({ client, connection, user, sendMail }: Application) {
  // #region job-queue
  const queue = { name: "mails", prefix: "{mails}" };
  const mails = jobQueue<Mail>({ ...queue, client, deadlineMs: 15_000 });
  await mails.add(`welcome-${user.id}`, "welcome", { to: user.id });

  const worker = jobWorker<Mail>({
    ...queue,
    client,
    connect: () => createClient(connection, "blocking"),
    handle: (job) => sendMail(job.data),
    concurrency: 5,
  });
  process.once("SIGTERM", () => void worker.close());
  // #endregion
}

export async function scheduling({ client, connection, sendDigests }: Application) {
  // #region job-schedule
  const queue = { name: "digests", prefix: "{digests}", client };
  const repeat = { pattern: "0 9 * * MON", tz: "Europe/Berlin" };
  const weekly = jobSchedule({ ...queue, id: "weekly-digest", repeat, template: { name: "digest", data: {} } });
  await weekly.start(); // at every boot of every process: the last one wins

  const worker = jobWorker<unknown>({
    ...queue,
    connect: () => createClient(connection, "blocking"),
    handle: (job) => oncePerSlot(client, { key: `{digests}:slot:${slotOf(job)}`, token: `${job.token}`, keepS: 86_400 }, sendDigests),
    concurrency: 1,
  });
  // #endregion
  return worker;
}

export async function ranking({ client, user }: Application, game: string) {
  // #region leaderboard
  const seasonStartMs = Date.UTC(2026, 10, 23);
  const board = leaderboard(client, { key: "{chess}:2026-w48", seasonStartMs, expireAtMs: seasonStartMs + 30 * 86_400_000 });
  const { applied, score } = await board.award({ event: game, member: user.id, points: 3 });
  const page = await board.around(user.id, 5);
  // #endregion
  return [applied, score, page];
}

export async function counting(
  { client, user }: Application,
  request: { readonly id: string; readonly atMs: number; readonly ms: number },
) {
  // #region analytics
  const views = analytics(client, { key: "{shop}:views", periodMs: 60_000, keepMs: 7 * 86_400_000, bounds: [50, 100, 500] });
  await views.count({ event: request.id, atMs: request.atMs, visitor: user.id, size: request.ms });
  const lastHour = await views.read(Date.now() - 3_600_000, Date.now());
  // #endregion
  return lastHour;
}
