// What the checks of counting patterns share: events sent in a closed loop, one in four twice, unknown ones until they are acknowledged,
// and their totals against what the primary holds at the end. Knows no pattern.

import { coverageDoubts } from "../checkers/coverage.ts";
import { conclude, type Finding, type Violation } from "../checkers/finding.ts";
import type { History } from "../checkers/history.ts";
import { evidenceOf } from "../checkers/ledger.ts";
import type { Totals } from "../checkers/totals.ts";
import { createClient, type Client } from "../patterns/connection.ts";
import { attempt, loop } from "./attempt.ts";
import type { FaultWindow, Running, WorkloadContext } from "./check.ts";
import { faultGapMs, witnessLane } from "./fault-gap.ts";
import { finalRead } from "./final-read.ts";
import { within } from "./within.ts";

const aimedPeriodMs = 30;
const witnessPeriodMs = 100;
const resendEvery = 4;
const graceMs = 2000; // for calls under way at stop; after it they are unknown

export interface Counting<Pattern, Value> {
  /** Last part of the keys, and the operation's name in the history. */
  readonly kind: string;
  readonly op: string;
  readonly open: (client: Client, key: string) => Pattern;
  readonly event: (number: number) => Value;
  readonly send: (pattern: Pattern, value: Value) => Promise<unknown>;
  /** What the `final` event of a key carries. */
  readonly read: (client: Client, key: string) => Promise<unknown>;
}

interface Sender<Pattern> {
  readonly pattern: Pattern;
  readonly key: string;
  readonly process: number;
  readonly periodMs: number;
  readonly stopped: AbortSignal;
}

function sendEvents<Pattern, Value>(context: WorkloadContext, counting: Counting<Pattern, Value>, sender: Sender<Pattern>) {
  const { pattern, key, process, periodMs, stopped } = sender;
  let sent = 0;
  const acked = Promise.withResolvers<void>();
  const unknown: Value[] = [];
  const send = async (op: string, value: Value): Promise<void> => {
    const answer = await attempt(context.record, { process, op, key, value }, () =>
      within(context.outageMsMax + 5000, () => counting.send(pattern, value), stopped),
    );
    if (answer === undefined) unknown.push(value);
    else if (op === "resend") acked.resolve();
  };
  const running = loop(periodMs, async () => {
    const again = unknown.shift();
    if (again !== undefined) return send("resend", again);
    const value = counting.event(++sent);
    await send(counting.op, value);
    if (sent % resendEvery === 0 && !stopped.aborted) await send("resend", value);
  });
  return { acked: acked.promise, stop: () => running.stop() };
}

/** One sender on the aimed shard and a slower one on another, where there is one. */
export function startCounting<Pattern, Value>(context: WorkloadContext, counting: Counting<Pattern, Value>): Running {
  const { connection, lanes, prefix, record } = context;
  const client = createClient(connection);
  const stopping = new AbortController();
  const keys = [lanes[0], witnessLane(lanes)].flatMap((lane) => (lane ? [`{${lane.tag}}:${prefix}:${counting.kind}`] : []));
  const senders = keys.map((key, process) => {
    const periodMs = process === 0 ? aimedPeriodMs : witnessPeriodMs;
    return sendEvents(context, counting, { pattern: counting.open(client, key), key, process, periodMs, stopped: stopping.signal });
  });
  return {
    steady: Promise.all(senders.map((sender) => sender.acked)).then(() => {}),
    async stop() {
      const grace = setTimeout(() => stopping.abort(), graceMs);
      await Promise.all(senders.map((sender) => sender.stop()));
      clearTimeout(grace);
      client.disconnect();
      await finalRead(context, async (reader) => {
        const found = await Promise.all(keys.map((key) => counting.read(reader, key)));
        for (const [at, key] of keys.entries()) record.note({ process: 9, op: "final", key, value: found[at] });
      });
    },
  };
}

export interface Counted {
  readonly op: string;
  readonly totals: Totals;
  readonly violations: readonly Violation[];
  /** Follows the number of lost events in words. */
  readonly missing: string;
}

export function concludeCounting(history: History, window: FaultWindow, { op, totals, violations, missing }: Counted): Finding {
  const ops = [op, "resend"];
  const witness = witnessLane(window.lanes);
  const otherShardsGapMs = witness ? faultGapMs(history, window, { ops, lane: witness }) : null;
  const lost = { what: `${totals.lostOps} acknowledged ${missing}`, evidence: evidenceOf(totals.short) };
  const ackedSends = totals.acked.flatMap((one) => one.sends);
  return conclude({
    measured: {
      gapMs: faultGapMs(history, window, { ops }),
      ackedOps: totals.acked.length,
      lostOps: totals.lostOps,
      duplicateOps: totals.duplicateOps,
      lateOps: totals.lateOps,
      failedOps: totals.failed.length,
      unknownOps: totals.unknown.length,
      ...(otherShardsGapMs === null ? {} : { extra: { otherShardsGapMs } }),
    },
    budget: window.budget,
    violations: [...violations, ...(totals.lostOps > window.budget.lostOps ? [lost] : [])],
    doubts: coverageDoubts(history, ackedSends, window),
    limits: [],
  });
}
