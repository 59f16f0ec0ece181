// Judges time buckets: each equals its acknowledged events, give or take those of unknown end, and each has an end of life. Pure.

import type { Violation } from "./finding.ts";
import type { Call, History } from "./history.ts";
import { evidenceOf } from "./ledger.ts";
import { totals, type Totals } from "./totals.ts";

/** What the final read found of one series. */
export interface SeriesRead {
  readonly buckets: readonly BucketRead[];
  /** All buckets merged. */
  readonly uniques: number;
}

export interface BucketRead {
  readonly startMs: number;
  readonly count: number;
  /** As PTTL answers: -1 without an end, -2 no such key. */
  readonly ttlMs: number;
  readonly uniquesTtlMs: number;
}

/** What a count call carries as its value. */
export interface CountValue {
  readonly event: string;
  readonly startMs: number;
  readonly visitor: string;
}

export interface AnalyticsJudgement {
  readonly totals: Totals;
  readonly violations: readonly Violation[];
}

/** HyperLogLog's standard error is 0.81 %; four of them, and at least 2. */
const uniquesSlack = (visitors: number): number => Math.max(2, visitors * 0.0324);

const visitors = (chosen: readonly Call[]): number => new Set(chosen.map(({ invoke }) => (invoke.value as CountValue).visitor)).size;

function uniquesOff(sent: readonly Call[], { uniques }: SeriesRead): string | undefined {
  const least = visitors(sent.filter((call) => call.result === "ok"));
  const most = visitors(sent.filter((call) => call.result !== "fail"));
  if (uniques >= least - uniquesSlack(least) && uniques <= most + uniquesSlack(most)) return undefined;
  return `${uniques} unique visitors were found, ${least} were acknowledged`;
}

function judgeSeries(sent: readonly Call[], key: string, read: SeriesRead): readonly string[] {
  const endless = read.buckets.filter(({ ttlMs, uniquesTtlMs }) => ttlMs === -1 || uniquesTtlMs === -1);
  const off = uniquesOff(
    sent.filter(({ invoke }) => invoke.key === key),
    read,
  );
  return [...(endless.length > 0 ? [`${endless.length} of ${read.buckets.length} buckets have no TTL`] : []), ...(off ? [off] : [])];
}

export function judgeAnalytics(history: History): AnalyticsJudgement {
  const finals = history.filter((event) => event.op === "final");
  const found = new Map<string, number>();
  for (const { key, value } of finals)
    for (const { startMs, count } of (value as SeriesRead).buckets) found.set(`${key} ${startMs}`, count);
  const counted = totals(history, {
    ops: ["count", "resend"],
    of: ({ invoke }) => {
      const { event, startMs } = invoke.value as CountValue;
      return { event, total: `${invoke.key} ${startMs}` };
    },
    found: (total) => found.get(total) ?? (finals.some(({ key }) => total.startsWith(`${key} `)) ? 0 : undefined),
  });
  const sent = [...counted.acked, ...counted.unknown, ...counted.failed].flatMap((one) => one.sends);
  const violations: Violation[] = finals.flatMap(({ key, value, index }) =>
    judgeSeries(sent, key, value as SeriesRead).map((what) => ({ what, evidence: [index] })),
  );
  if (counted.duplicateOps > 0)
    violations.push({ what: `${counted.duplicateOps} events were counted more than once`, evidence: evidenceOf(counted.surplus) });
  return { totals: counted, violations };
}
