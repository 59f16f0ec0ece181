// The check of the analytics counters: visits counted into one-second buckets, some sent twice, then every bucket read with its TTL.

import { judgeAnalytics, type CountValue, type SeriesRead } from "../checkers/analytics-judge.ts";
import { coverageDoubts } from "../checkers/coverage.ts";
import { conclude, type Finding } from "../checkers/finding.ts";
import type { History } from "../checkers/history.ts";
import { evidenceOf } from "../checkers/ledger.ts";
import { analytics, type Analytics } from "../patterns/analytics.ts";
import { createClient, type Client } from "../patterns/connection.ts";
import { attempt, loop } from "./attempt.ts";
import { naiveAnalytics } from "./bad-twins/analytics.ts";
import type { Check, FaultWindow, Running, WorkloadContext } from "./check.ts";
import { faultGapMs, witnessLane } from "./fault-gap.ts";
import { finalRead } from "./final-read.ts";
import { within } from "./within.ts";

const bucketMs = 1000;
const keepMs = 600_000; // longer than any run, so that nothing is lost by expiry
const aimedPeriodMs = 30;
const witnessPeriodMs = 100;
const visitors = 50;
const resendEvery = 4;
const graceMs = 2000; // for calls under way at stop; after it they are unknown

function open(client: Client, key: string, { badTwin, outageMsMax }: WorkloadContext): Analytics {
  if (badTwin) return naiveAnalytics(client, key, bucketMs);
  return analytics(client, { key, periodMs: bucketMs, keepMs, bounds: [10, 100, 1000], deadlineMs: outageMsMax + 5000 });
}

interface Site {
  readonly series: Analytics;
  readonly key: string;
  readonly process: number;
  readonly periodMs: number;
  readonly stopped: AbortSignal;
}

/** One visit each period; one in four is sent twice, and whatever ended unknown is sent again until it is acknowledged. */
function visit(context: WorkloadContext, { series, key, process, periodMs, stopped }: Site) {
  let sent = 0;
  let sawAck = (): void => {};
  const acked = new Promise<void>((resolve) => (sawAck = resolve));
  const unknown: CountValue[] = [];
  const send = async (op: "count" | "resend", value: CountValue): Promise<void> => {
    const { event, startMs: atMs, visitor } = value;
    const answer = await attempt(context.record, { process, op, key, value }, () =>
      within(context.outageMsMax + 5000, () => series.count({ event, atMs, visitor, size: atMs % 2000 }), stopped),
    );
    if (answer === undefined) unknown.push(value);
    else if (op === "resend") sawAck();
  };
  const running = loop(periodMs, async () => {
    const again = unknown.shift();
    if (again) return send("resend", again);
    const startMs = Math.floor(Date.now() / bucketMs) * bucketMs;
    const value = { event: `e${++sent}`, startMs, visitor: `v${sent % visitors}` };
    await send("count", value);
    if (sent % resendEvery === 0 && !stopped.aborted) await send("resend", value);
  });
  return { acked, stop: () => running.stop() };
}

async function readSeries(client: Client, key: string, range: { readonly context: WorkloadContext; readonly fromMs: number }): Promise<SeriesRead> {
  const series = open(client, key, range.context);
  const toMs = Date.now() + bucketMs;
  const buckets = (await series.read(range.fromMs, toMs)).map(async ({ startMs, count }) => {
    const [ttlMs, uniquesTtlMs] = await Promise.all([client.pttl(`${key}:${startMs}`), client.pttl(`${key}:${startMs}:uniques`)]);
    return { startMs, count, ttlMs, uniquesTtlMs };
  });
  return { buckets: await Promise.all(buckets), uniques: await series.uniques(range.fromMs, toMs) };
}

async function start(context: WorkloadContext): Promise<Running> {
  const { connection, lanes, prefix, record } = context;
  const client = createClient(connection);
  const stopping = new AbortController();
  const fromMs = Math.floor(Date.now() / bucketMs) * bucketMs;
  const keys = [lanes[0], witnessLane(lanes)].flatMap((lane) => (lane ? [`{${lane.tag}}:${prefix}:visits`] : []));
  const sites = keys.map((key, process) =>
    visit(context, {
      ...{ series: open(client, key, context), key, process, stopped: stopping.signal },
      periodMs: process === 0 ? aimedPeriodMs : witnessPeriodMs,
    }),
  );
  return {
    steady: Promise.all(sites.map((site) => site.acked)).then(() => {}),
    async stop() {
      const grace = setTimeout(() => stopping.abort(), graceMs);
      await Promise.all(sites.map((site) => site.stop()));
      clearTimeout(grace);
      client.disconnect();
      await finalRead(context, async (reader) => {
        const found = await Promise.all(keys.map((key) => readSeries(reader, key, { context, fromMs })));
        for (const [at, key] of keys.entries()) record.note({ process: 9, op: "final", key, value: found[at] });
      });
    },
  };
}

function judge(history: History, window: FaultWindow): Finding {
  const { totals, violations } = judgeAnalytics(history);
  const witness = witnessLane(window.lanes);
  const ops = ["count", "resend"];
  const otherShardsGapMs = witness ? faultGapMs(history, window, { ops, lane: witness }) : null;
  const lost = { what: `${totals.lostOps} acknowledged events are missing from their buckets`, evidence: evidenceOf(totals.short) };
  return conclude({
    measured: {
      gapMs: faultGapMs(history, window, { ops }),
      ackedOps: totals.acked.length,
      lostOps: totals.lostOps,
      duplicateOps: totals.duplicateOps,
      lateOps: totals.lateOps,
      failedOps: totals.failed.length,
      unknownOps: totals.unknown.length,
      extra: otherShardsGapMs === null ? {} : { otherShardsGapMs },
    },
    budget: window.budget,
    violations: [...violations, ...(totals.lostOps > window.budget.lostOps ? [lost] : [])],
    doubts: coverageDoubts(history, totals.acked.flatMap((one) => one.sends), window),
    limits: [],
  });
}

export const analyticsCheck: Check = Object.freeze<Check>({
  name: "analytics",
  promise: "A bucket holds its acknowledged events, each counted once however often it was sent, and every bucket has a TTL.",
  level: "core",
  budget: { extraGapMs: 50, duplicateOps: 0, failedOps: 0 }, // one period, because the loop rests between two events
  badTwin: { name: "plain HINCRBY", violation: "buckets without TTL stay for ever, and a re-sent event is counted again", shownBy: "steady" },
  start,
  judge,
});
