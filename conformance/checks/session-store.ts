// The check of the session store: requests that read and save sessions, logouts with a slow request behind them, and a look at every
// session at the end. HTTP and cookies are tested beside the adapter, not here.

import { coverageDoubts } from "../checkers/coverage.ts";
import { conclude, type Finding } from "../checkers/finding.ts";
import { calls, type Call, type History } from "../checkers/history.ts";
import { judgeSessions } from "../checkers/session-store-judge.ts";
import { createClient, type Client } from "../patterns/connection.ts";
import { createSessionStore, type Session, type SessionStore } from "../patterns/session-store.ts";
import { attempt, loop } from "./attempt.ts";
import { createNaiveSessionStore } from "./bad-twins/session-store.ts";
import type { Check, FaultWindow, Running, WorkloadContext } from "./check.ts";
import { faultGapMs } from "./fault-gap.ts";
import { endLoops } from "./end-loops.ts";
import { finalRead } from "./final-read.ts";
import { startWitness, witnessed } from "./witness.ts";
import { within } from "./within.ts";

const requestPeriodMs = 30;
const logoutPeriodMs = 150; // a logout blocks its connection for one WAIT
const finalBatch = 50;
const writes = ["create", "update"] as const;

/** A session of the workload: its name in the history and its id in the store. */
interface Known {
  readonly key: string;
  readonly id: string;
  readonly user: string;
}

interface Workshop {
  readonly context: WorkloadContext;
  readonly stopped: AbortSignal;
  readonly sessions: Known[];
  readonly nextKey: () => string;
}

function storeOn(client: Client, { connection, badTwin, lanes, prefix, outageMsMax }: WorkloadContext): SessionStore<number> {
  const keyPrefix = `{${lanes[0]?.tag ?? "a"}}:${prefix}`;
  if (badTwin) return createNaiveSessionStore(client, keyPrefix);
  const replicasToWait = connection.nodes.length > 1 ? 1 : 0;
  const lives = { idleMs: 600_000, absoluteMs: 3_600_000 }; // longer than any run: nothing may be missing by expiry
  return createSessionStore(client, { prefix: keyPrefix, ...lives, replicasToWait, waitMs: 200, deadlineMs: outageMsMax + 5000 });
}

const shown = (session: Session<number> | undefined): { user: string; seq: number } | null =>
  session ? { user: session.userId, seq: session.data } : null;

/** The four recorded calls of one process. */
function recorded({ context, stopped, sessions, nextKey }: Workshop, store: SessionStore<number>, process: number) {
  const run = <T>(op: string, key: string, call: () => Promise<T>, value?: unknown): Promise<T | undefined> =>
    attempt(context.record, { process, op, key, value }, () => within(context.outageMsMax + 6000, call, stopped));
  return {
    async create(): Promise<Known | undefined> {
      const known = { key: nextKey(), id: crypto.randomUUID() + crypto.randomUUID(), user: `user-${sessions.length % 7}` };
      sessions.push(known); // before the answer: an unknown create is read at the end too
      const made = await run("create", known.key, () => store.createAs(known.id, known.user, 0), { user: known.user });
      return made === undefined ? undefined : known;
    },
    async read({ key, id }: Known): Promise<Session<number> | undefined> {
      let session: Session<number> | undefined;
      await run("read", key, async () => shown((session = await store.read(id))));
      return session;
    },
    update: ({ key, id }: Known, old: Session<number>) =>
      run("update", key, () => store.update(id, { ...old, data: old.data + 1 }), { seq: old.data + 1 }),
    destroy: ({ key, id }: Known) => run("destroy", key, () => store.destroy(id).then(() => true)),
  };
}

/** Every third request logs in, the others load a session and save it. */
function startRequests(workshop: Workshop, store: SessionStore<number>, saved: () => void) {
  const request = recorded(workshop, store, 1);
  const live: Known[] = [];
  let step = 0;
  return loop(requestPeriodMs, async () => {
    const chosen = step++ % 3 === 0 ? undefined : live[Math.floor(workshop.context.random() * live.length)];
    if (!chosen) {
      const made = await request.create();
      if (made) live.push(made);
      return;
    }
    const session = await request.read(chosen);
    if (session && (await request.update(chosen, session)) === "updated") saved();
  });
}

/** A login, a request that has loaded the session, the logout, the request's late save, and a look. */
function startLogouts(workshop: Workshop, store: SessionStore<number>, loggedOut: () => void) {
  const request = recorded(workshop, store, 2);
  return loop(logoutPeriodMs, async () => {
    const known = await request.create();
    const slow = known && (await request.read(known));
    if (!known || !slow || (await request.destroy(known)) === undefined) return;
    await request.update(known, slow);
    await request.read(known);
    loggedOut();
  });
}

async function readAll({ context, sessions }: Workshop, client: Client): Promise<void> {
  const store = storeOn(client, context);
  const found: { readonly key: string; readonly value: unknown }[] = [];
  for (let from = 0; from < sessions.length; from += finalBatch)
    found.push(
      ...(await Promise.all(
        sessions.slice(from, from + finalBatch).map(async ({ key, id }) => ({ key, value: shown(await store.read(id)) })),
      )),
    );
  for (const { key, value } of found) context.record.note({ process: 9, op: "final", key, value });
}

async function start(context: WorkloadContext): Promise<Running> {
  const clients = [createClient(context.connection), createClient(context.connection)] as const;
  const stopping = new AbortController();
  const sessions: Known[] = [];
  const base = `{${context.lanes[0]?.tag ?? "a"}}:${context.prefix}:s`;
  const workshop: Workshop = { context, stopped: stopping.signal, sessions, nextKey: () => `${base}:${sessions.length}` };
  const saved = Promise.withResolvers<void>();
  const loggedOut = Promise.withResolvers<void>();
  const loops = [
    startRequests(workshop, storeOn(clients[0], context), saved.resolve),
    startLogouts(workshop, storeOn(clients[1], context), loggedOut.resolve),
    startWitness(context, clients[0], stopping.signal),
  ];
  return {
    steady: Promise.all([saved.promise, loggedOut.promise]).then(() => {}),
    async stop() {
      await endLoops(loops, stopping);
      for (const client of clients) client.disconnect();
      await finalRead(context, (client) => readAll(workshop, client));
    },
  };
}

const acked = (history: History, ops: readonly string[]): readonly Call[] =>
  calls(history).filter((call) => call.result === "ok" && ops.includes(call.invoke.op));

function judge(history: History, window: FaultWindow): Finding {
  const { violations, lost, late, unread, missedReads } = judgeSessions(history, window.injectedAtNs);
  const doubts = [...coverageDoubts(history, acked(history, writes), window)];
  if (unread > 0) doubts.push(`${unread} sessions have no final read`);
  const all = calls(history).filter((call) => call.invoke.op !== "witness");
  const count = (result: "ok" | "fail" | "info"): number => all.filter((call) => call.result === result).length;
  return conclude({
    measured: {
      gapMs: faultGapMs(history, window, { ops: writes }),
      ackedOps: count("ok"),
      lostOps: lost.length,
      duplicateOps: 0,
      lateOps: late.length,
      failedOps: count("fail"),
      unknownOps: count("info"),
      extra: { missedReads, ...witnessed(history, window) },
    },
    budget: window.budget,
    violations,
    doubts,
    limits: [],
  });
}

export const sessionStoreCheck: Check = Object.freeze<Check>({
  name: "session-store",
  promise:
    "A destroyed session never comes back, no acknowledged session is lost, nobody reads another's, and no request is taken for anonymous.",
  level: "core",
  budget: { extraGapMs: 100, duplicateOps: 0, failedOps: 0, extra: { missedReads: 0 } }, // ours: one request period and one local retry
  badTwin: {
    name: "SET without XX",
    violation: "a slow request saves after the logout, and the session is alive again",
    shownBy: "steady",
  },
  start,
  judge,
});
