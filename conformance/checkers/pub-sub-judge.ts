// Judges deliveries: every acknowledged message reaches every subscriber, once, in order, and subscriptions work again at the end. Pure.

import type { Violation } from "./finding.ts";
import { calls, msBetween, type Call, type History, type HistoryEvent } from "./history.ts";
import { evidenceOf } from "./ledger.ts";

/** What a `deliver` event carries: the number the workload gave the message, and how it came. */
export interface DeliveredValue {
  readonly id: number;
  readonly via: "push" | "catch-up";
}

export interface DeliveryTerms {
  /** Gaps are looked for in here, monotonic ns. */
  readonly fromNs: bigint;
  readonly toNs: bigint;
  /** Subscriptions must work again in here. */
  readonly redundantAtNs: bigint;
  readonly endedAtNs: bigint;
  readonly lostOpsMax: number;
}

export interface DeliveryJudgement {
  readonly published: readonly Call[];
  readonly failed: readonly Call[];
  readonly unknown: readonly Call[];
  /** Pairs of message and subscriber. */
  readonly lostOps: number;
  readonly duplicateOps: number;
  readonly lateOps: number;
  readonly repairedOps: number;
  /** Longest time without a delivery at any one subscriber. */
  readonly gapMs: number | null;
  readonly violations: readonly Violation[];
}

const idOf = (event: HistoryEvent): number => (event.value as DeliveredValue).id;

function longestSilenceMs(deliveries: readonly HistoryEvent[], { fromNs, toNs }: DeliveryTerms): number | null {
  const times = deliveries.map((event) => event.atNs).filter((atNs) => atNs >= fromNs && atNs <= toNs);
  if (times.length < 2) return null;
  return Math.max(...[...times.slice(1), toNs].map((atNs, at) => msBetween(times[at] ?? atNs, atNs)));
}

/** Deliveries whose id was delivered before. */
function repeated(deliveries: readonly HistoryEvent[]): readonly HistoryEvent[] {
  const seen = new Set<number>();
  return deliveries.filter((event) => seen.has(idOf(event)) || !seen.add(idOf(event)));
}

/** Deliveries of an acknowledged message after a later one. A message of unknown end may come late: it was sent again. */
function backwards(deliveries: readonly HistoryEvent[], acked: ReadonlySet<number>): readonly HistoryEvent[] {
  let highest = 0;
  return deliveries.filter((event) => {
    if (!acked.has(idOf(event))) return false;
    if (idOf(event) < highest) return true;
    highest = idOf(event);
    return false;
  });
}

const enoughNs = 1_000_000_000n; // a shorter time after the fault shows nothing about deafness

function isDeaf(deliveries: readonly HistoryEvent[], published: readonly Call[], { redundantAtNs, endedAtNs }: DeliveryTerms): boolean {
  const inside = (atNs: bigint | undefined): boolean => atNs !== undefined && atNs >= redundantAtNs && atNs <= endedAtNs;
  if (endedAtNs - redundantAtNs < enoughNs || !published.some((call) => inside(call.outcome?.atNs))) return false;
  return !deliveries.some((event) => (event.value as DeliveredValue).via === "push" && inside(event.atNs));
}

const violation = (count: number, what: string, evidence: readonly number[]): readonly Violation[] =>
  count > 0 ? [{ what: `${count} ${what}`, evidence }] : [];

const indexes = (events: readonly HistoryEvent[]): readonly number[] => events.map((event) => event.index).slice(0, 20);

export function judgeDeliveries(history: History, subscribers: readonly number[], terms: DeliveryTerms): DeliveryJudgement {
  const all = calls(history, "publish");
  const [published, failed, unknown] = (["ok", "fail", "info"] as const).map((result) => all.filter((call) => call.result === result));
  const acked = new Set((published ?? []).map((call) => Number(call.invoke.value)));
  const each = subscribers.map((process) => history.filter((event) => event.op === "deliver" && event.process === process));
  const known = each.map((deliveries) => new Set(deliveries.map(idOf)));
  const missing = known.flatMap((ids) => (published ?? []).filter((call) => !ids.has(Number(call.invoke.value))));
  const again = each.flatMap(repeated);
  const disordered = each.flatMap((deliveries) => backwards(deliveries, acked));
  const deaf = subscribers.filter((_, at) => isDeaf(each[at] ?? [], published ?? [], terms));
  const gaps = each.map((deliveries) => longestSilenceMs(deliveries, terms)).filter((gap) => gap !== null);
  const delivered = (call: Call): boolean => known.some((ids) => ids.has(Number(call.invoke.value)));
  return {
    published: published ?? [],
    failed: failed ?? [],
    unknown: unknown ?? [],
    lostOps: missing.length,
    duplicateOps: again.length,
    lateOps: [...(failed ?? []), ...(unknown ?? [])].filter(delivered).length,
    repairedOps: each.flat().filter((event) => (event.value as DeliveredValue).via === "catch-up").length,
    gapMs: gaps.length === 0 ? null : Math.max(...gaps),
    violations: [
      ...(missing.length > terms.lostOpsMax
        ? violation(missing.length, "acknowledged messages were never delivered nor repaired", evidenceOf(missing))
        : []),
      ...violation(again.length, "messages were delivered twice to the same subscriber", indexes(again)),
      ...violation(disordered.length, "messages were delivered after a later one", indexes(disordered)),
      ...violation(deaf.length, "subscribers heard nothing any more after the deployment was whole again", []),
    ],
  };
}
