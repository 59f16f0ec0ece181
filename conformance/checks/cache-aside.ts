// The check of cache-aside: two processes read a few keys in pairs while a third changes the source and invalidates. The source is a
// map with a load time, so whatever is slow or stale is the cache's doing. Losing entries is no loss: it is a miss.

import { setTimeout as sleep } from "node:timers/promises";
import { judgeCache } from "../checkers/cache-aside-judge.ts";
import type { Finding } from "../checkers/finding.ts";
import type { History } from "../checkers/history.ts";
import { createCacheAside, type CacheAside, type CacheAsideOptions } from "../patterns/cache-aside.ts";
import { createClient, type Client } from "../patterns/connection.ts";
import { attempt, loop } from "./attempt.ts";
import { createNaiveCache } from "./bad-twins/cache-aside.ts";
import type { Check, FaultWindow, Running, WorkloadContext } from "./check.ts";
import { concludeCaching } from "./conclude-caching.ts";
import { endLoops } from "./end-loops.ts";
import { finalRead } from "./final-read.ts";
import { keyTtls } from "./key-ttls.ts";
import { startWitness } from "./witness.ts";
import { within } from "./within.ts";

const readPeriodMs = 100;
const changePeriodMs = 40;
const sourceMs = 15;
const changingKeys = 6;
const quietKeys = 6; // never changed: hits, and loads at the end of their TTL

const settings = {
  ttlMs: 2000,
  staleMs: 1000,
  negativeTtlMs: 500,
  jitter: 0.15,
  leaseMs: 400,
  deadlineMs: 100,
  restMs: 100,
  loadsMax: 20,
  schemaVersion: 1,
  beta: 0,
} satisfies Partial<CacheAsideOptions>;
const bounds = {
  lifeMs: settings.ttlMs * (1 + settings.jitter) + settings.leaseMs,
  leaseMs: settings.leaseMs,
  graceMs: 2 * settings.deadlineMs + sourceMs + 100,
};

interface Workshop {
  readonly context: WorkloadContext;
  readonly stopped: AbortSignal;
  readonly base: string;
  readonly versions: Map<string, number>;
}

const keyOf = ({ base }: Workshop, id: string): string => `${base}:${id}`;

function cacheOn(client: Client, workshop: Workshop, process: number): CacheAside<number> {
  const { context, base, versions } = workshop;
  const source = async (id: string): Promise<number> => {
    const version = versions.get(id) ?? 1;
    context.record.note({ process, op: "load", key: keyOf(workshop, id), value: version });
    await sleep(sourceMs);
    return version;
  };
  if (context.badTwin) return createNaiveCache(client, source, { prefix: base, ttlS: settings.ttlMs / 1000 });
  return createCacheAside(client, source, { ...settings, prefix: base, invalidateMs: context.outageMsMax + 5000 });
}

/** Two requests of the same key at the same moment, in each of two processes. */
function startReader(workshop: Workshop, cache: CacheAside<number>, { process, hit }: { process: number; hit: () => void }) {
  const { context, stopped } = workshop;
  return loop(readPeriodMs, async () => {
    const id = `k${Math.floor(context.random() * (changingKeys + quietKeys))}`;
    const get = (): Promise<number | undefined> =>
      attempt(context.record, { process, op: "get", key: keyOf(workshop, id) }, () =>
        within(context.outageMsMax + 6000, async () => (await cache.get(id)) ?? 0, stopped),
      );
    const [first] = await Promise.all([get(), get()]);
    if (first !== undefined) hit();
  });
}

function startChanger(workshop: Workshop, cache: CacheAside<number>, confirmed: () => void) {
  const { context, stopped, versions } = workshop;
  let step = 0;
  return loop(changePeriodMs, async () => {
    const id = `k${step++ % changingKeys}`;
    const version = (versions.get(id) ?? 1) + 1;
    versions.set(id, version);
    const event = { process: 1, key: keyOf(workshop, id), value: version };
    context.record.note({ ...event, op: "commit" });
    const answer = await attempt(context.record, { ...event, op: "invalidate" }, () =>
      within(context.outageMsMax + 6000, () => cache.invalidate(id).then(() => true), stopped),
    );
    if (answer) confirmed();
  });
}

async function start(context: WorkloadContext): Promise<Running> {
  const clients = [createClient(context.connection), createClient(context.connection), createClient(context.connection)] as const;
  const stopping = new AbortController();
  const base = `{${context.lanes[0]?.tag ?? "a"}}:${context.prefix}:c`;
  const workshop: Workshop = { context, stopped: stopping.signal, base, versions: new Map() };
  const [confirmed, first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const loops = [
    startChanger(workshop, cacheOn(clients[0], workshop, 1), confirmed.resolve),
    startReader(workshop, cacheOn(clients[1], workshop, 2), { process: 2, hit: first.resolve }),
    startReader(workshop, cacheOn(clients[2], workshop, 3), { process: 3, hit: second.resolve }),
    startWitness(context, clients[0], stopping.signal),
  ];
  return {
    steady: Promise.all([confirmed.promise, first.promise, second.promise]).then(() => {}),
    async stop() {
      await endLoops(loops, stopping);
      await finalRead(context, async (client) =>
        context.record.note({ process: 9, op: "final", key: base, value: await keyTtls(client, base) }),
      );
      for (const client of clients) client.disconnect();
    },
  };
}

function judge(history: History, window: FaultWindow): Finding {
  const { violations, ...extra } = judgeCache(history, { ...bounds, injectedAtNs: window.injectedAtNs });
  // an absent entry is a miss: nothing is ever lost
  return concludeCaching(history, window, { cached: history, writeOp: "invalidate", requestOp: "get", lostOps: 0, violations, extra });
}

export const cacheAsideCheck: Check = Object.freeze<Check>({
  name: "cache-aside",
  promise:
    "No read is older than an acknowledged invalidation, or than the TTL where a failover lost it; one load per key and lease; every key has a TTL; requests go on from the source while the cache is away.",
  level: "core",
  // Ours: a change every 40 ms and a retry of 25 ms; a request waits for at most three cache calls at
  // their deadline of 100 ms (look, lease, fill), a load and the reader's period of 100 ms: 415 ms, and half as much again for two busy cores.
  budget: { extraGapMs: 100, duplicateOps: 0, failedOps: 0, extra: { requestsGapMs: 600, requestMsMax: 1000 } },
  badTwin: {
    name: "no lease, no deadline, no jitter",
    violation: "everyone who misses loads the source at once: a stampede",
    shownBy: "steady",
  },
  start,
  judge,
});
