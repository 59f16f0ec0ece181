// The check of write-through: two processes write the same few rows and two read them, over a source that refuses a write now and then,
// as a database does. The source is a map with a commit log, so every read can be held against what was ever true.

import { setTimeout as sleep } from "node:timers/promises";
import type { Finding } from "../checkers/finding.ts";
import type { History } from "../checkers/history.ts";
import { judgeThrough, type Written } from "../checkers/write-through-judge.ts";
import { createClient, type Client } from "../patterns/connection.ts";
import { createWriteThrough, type Source, type Versioned, type WriteThrough } from "../patterns/write-through.ts";
import { attempt, loop } from "./attempt.ts";
import { createNaiveWriteThrough } from "./bad-twins/write-through.ts";
import type { Check, FaultWindow, Running, WorkloadContext } from "./check.ts";
import { concludeCaching } from "./conclude-caching.ts";
import { endLoops } from "./end-loops.ts";
import { finalRead } from "./final-read.ts";
import { keyTtls } from "./key-ttls.ts";
import { startWitness } from "./witness.ts";
import { within } from "./within.ts";

const writePeriodMs = 70; // two writers: one write each 35 ms
const readPeriodMs = 80;
const commitMs = 5;
const rows = 6;
const refusedEvery = 10;
const settings = { ttlMs: 2000, deadlineMs: 100 } as const;
const graceMs = 2 * settings.deadlineMs + commitMs + 100;

const refused = "the source refuses";

interface Workshop {
  readonly context: WorkloadContext;
  readonly stopped: AbortSignal;
  readonly base: string;
  readonly source: Source<string>;
}

/** The truth: commits in order, each noted; data that begins with "bad" is refused. */
function createSource({ record }: WorkloadContext, base: string): Source<string> {
  const committed = new Map<string, Versioned<string>>();
  return {
    async read(id) {
      await sleep(commitMs);
      return committed.get(id);
    },
    async write(id, data) {
      await sleep(commitMs);
      if (data.startsWith("bad")) throw new Error(`${refused} ${data}`);
      const row = { version: (committed.get(id)?.version ?? 0) + 1, data };
      committed.set(id, row);
      record.note({ process: 0, op: "commit", key: `${base}:${id}`, value: row });
      return row;
    },
  };
}

const cacheOn = (client: Client, { context, base, source }: Workshop): WriteThrough<string> =>
  context.badTwin
    ? createNaiveWriteThrough(client, source, { prefix: base, ttlS: settings.ttlMs / 1000 })
    : createWriteThrough(client, source, { ...settings, prefix: base });

/** Tells a refusal, which the source may do, from a failure, which the cache must not cause. */
async function told(cache: WriteThrough<string>, id: string, data: string): Promise<Written> {
  try {
    const { row, cached } = await cache.write(id, data);
    return { version: row.version, cached };
  } catch (error) {
    if (error instanceof Error && error.message.startsWith(refused)) return { refused: true };
    throw error;
  }
}

function startWriter(workshop: Workshop, cache: WriteThrough<string>, { process, done }: { process: number; done: () => void }) {
  const { context, stopped, base } = workshop;
  let step = 0;
  return loop(writePeriodMs, async () => {
    const id = `r${Math.floor(context.random() * rows)}`;
    const data = `${++step % refusedEvery === 0 ? "bad" : "good"}-${process}-${step}`;
    const answer = await attempt(context.record, { process, op: "write", key: `${base}:${id}`, value: data }, () =>
      within(context.outageMsMax + 6000, () => told(cache, id, data), stopped),
    );
    if (answer && "cached" in answer && answer.cached === "updated") done();
  });
}

function startReader(workshop: Workshop, cache: WriteThrough<string>, { process, done }: { process: number; done: () => void }) {
  const { context, stopped, base } = workshop;
  return loop(readPeriodMs, async () => {
    const id = `r${Math.floor(context.random() * rows)}`;
    const row = await attempt(context.record, { process, op: "read", key: `${base}:${id}` }, () =>
      within(context.outageMsMax + 6000, () => cache.read(id), stopped),
    );
    if (row) done();
  });
}

async function start(context: WorkloadContext): Promise<Running> {
  const clients = [1, 2].map(() => createClient(context.connection));
  const stopping = new AbortController();
  const base = `{${context.lanes[0]?.tag ?? "a"}}:${context.prefix}:t`;
  const workshop: Workshop = { context, stopped: stopping.signal, base, source: createSource(context, base) };
  const steady: Promise<void>[] = [];
  const once = (): (() => void) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    steady.push(promise);
    return resolve;
  };
  const loops = clients.flatMap((client, at) => {
    const cache = cacheOn(client, workshop);
    return [
      startWriter(workshop, cache, { process: 1 + at, done: once() }),
      startReader(workshop, cache, { process: 3 + at, done: once() }),
      ...(at === 0 ? [startWitness(context, client, stopping.signal)] : []),
    ];
  });
  return {
    steady: Promise.all(steady).then(() => {}),
    async stop() {
      await endLoops(loops, stopping);
      await finalRead(context, async (client) =>
        context.record.note({ process: 9, op: "final", key: base, value: await keyTtls(client, base) }),
      );
      for (const client of clients) client.disconnect();
    },
  };
}

/** Without the answers of writes that the cache did not take: what is left measures the cache, not the source. */
const cachedOnly = (history: History): History =>
  history.filter(({ op, type, value }) => op !== "write" || type !== "ok" || (value as { cached?: string }).cached === "updated");

function judge(history: History, window: FaultWindow): Finding {
  const { violations, lost, ...extra } = judgeThrough(history, { injectedAtNs: window.injectedAtNs, ttlMs: settings.ttlMs, graceMs });
  return concludeCaching(history, window, {
    cached: cachedOnly(history),
    writeOp: "write",
    requestOp: "write",
    lostOps: lost.length,
    violations,
    extra,
  });
}

export const writeThroughCheck: Check = Object.freeze<Check>({
  name: "write-through",
  promise:
    "The source is the truth: the cache never shows what the source never had, is never older than its TTL, and no write counts because the cache has it.",
  level: "core",
  // Ours: a write every 35 ms that waits for two deadlines of 100 ms while the cache is away, and two busy cores.
  budget: { extraGapMs: 300, duplicateOps: 0, failedOps: 0, extra: { requestsGapMs: 500 } },
  badTwin: {
    name: "cache and source side by side",
    violation: "what the source refused is acknowledged and served from the cache",
    shownBy: "steady",
  },
  start,
  judge,
});
