// Events that add one to a named total, against the totals found at the end: short, surplus, or late. An event may be sent
// several times and counts once: it is acknowledged when any of its sends was. Pure; knows no boards and no buckets.

import { calls, type Call, type History } from "./history.ts";

export interface CountedEvent {
  readonly event: string;
  /** Which total it adds to. */
  readonly total: string;
  readonly result: Call["result"];
  readonly sends: readonly Call[];
}

export interface Totals {
  readonly acked: readonly CountedEvent[];
  readonly failed: readonly CountedEvent[];
  readonly unknown: readonly CountedEvent[];
  /** Acknowledged and missing from a total. */
  readonly lostOps: number;
  /** Counted although nothing was sent or only once: more than acknowledged and unknown together. */
  readonly duplicateOps: number;
  readonly lateOps: number;
  /** Sends to the totals that are short, and to those that are over. */
  readonly short: readonly Call[];
  readonly surplus: readonly Call[];
}

export interface TotalsQuery {
  readonly ops: readonly string[];
  /** Names the event and its total. */
  readonly of: (call: Call) => { readonly event: string; readonly total: string };
  /** The final value of a total; undefined when no final read covered it. */
  readonly found: (total: string) => number | undefined;
}

const best = (sends: readonly Call[]): Call["result"] =>
  (["ok", "info", "fail"] as const).find((result) => sends.some((call) => call.result === result)) ?? "info";

function countedEvents(history: History, { ops, of }: TotalsQuery): readonly CountedEvent[] {
  const events = new Map<string, { event: string; total: string; sends: Call[] }>();
  for (const call of calls(history)) {
    if (!ops.includes(call.invoke.op)) continue;
    const named = of(call);
    const known = events.get(`${named.total} ${named.event}`) ?? { ...named, sends: [] };
    known.sends.push(call);
    events.set(`${named.total} ${named.event}`, known);
  }
  return [...events.values()].map((one) => ({ ...one, result: best(one.sends) }));
}

export function totals(history: History, query: TotalsQuery): Totals {
  const events = countedEvents(history, query);
  const of = (result: Call["result"]): readonly CountedEvent[] => events.filter((one) => one.result === result);
  const sums = { lostOps: 0, duplicateOps: 0, lateOps: 0 };
  const [short, surplus]: [Call[], Call[]] = [[], []];
  for (const [total, members] of Map.groupBy(events, (one) => one.total)) {
    const found = query.found(total);
    if (found === undefined) continue;
    const acked = members.filter((one) => one.result === "ok").length;
    const unknown = members.filter((one) => one.result === "info").length;
    const sends = members.filter((one) => one.result === "ok").flatMap((one) => one.sends);
    sums.lostOps += Math.max(0, acked - found);
    sums.duplicateOps += Math.max(0, found - acked - unknown);
    sums.lateOps += Math.min(Math.max(0, found - acked), unknown);
    if (found < acked) short.push(...sends);
    if (found > acked + unknown) surplus.push(...sends.toSorted((a, b) => a.invoke.index - b.invoke.index));
  }
  return { acked: of("ok"), failed: of("fail"), unknown: of("info"), ...sums, short, surplus };
}
