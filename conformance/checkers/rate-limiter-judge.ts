// Judges a rate limiter: admissions in every sliding window, a caller inside its limit never rejected, keys bounded and with an end. Pure.

import type { Violation } from "./finding.ts";
import { calls, type Call, type History } from "./history.ts";

/** What a `check` call answered. */
export interface DecisionValue {
  readonly allowed: boolean;
  readonly source: "server" | "local" | "closed";
  readonly atUs: number;
}

/** What a key looked like from outside: entries of a set, or 1; PTTL as the server answers it. */
export interface KeyView {
  readonly entries: number;
  readonly ttlMs: number;
}

export interface LimiterTerms {
  readonly limit: number;
  readonly windowMs: number;
  /** From here to there windows may hold twice the limit, monotonic ns. */
  readonly injectedAtNs: bigint;
  readonly redundantAtNs: bigint;
  /** Keys whose callers stay inside the limit. */
  readonly calm: (key: string) => boolean;
}

export interface LimiterJudgement {
  /** Decisions by the server. */
  readonly decided: readonly Call[];
  readonly localOps: number;
  readonly rejectedOps: number;
  /** Most admissions in one window, of steady state and of those that touch the fault. */
  readonly steadyMost: number;
  readonly touchedMost: number;
  readonly violations: readonly Violation[];
}

export const decisionOf = ({ outcome }: Call): DecisionValue => outcome?.value as DecisionValue;

interface Window {
  readonly admitted: readonly Call[];
  /** The server did not decide all of it alone, or it overlaps the fault. */
  readonly touched: boolean;
}

/** One window per admission, beginning with it: the fullest window always begins with one. */
function windowsOf(admitted: readonly Call[], { windowMs, injectedAtNs, redundantAtNs }: LimiterTerms): readonly Window[] {
  const sorted = admitted.toSorted((a, b) => decisionOf(a).atUs - decisionOf(b).atUs);
  return sorted.map((first, at) => {
    const endUs = decisionOf(first).atUs + windowMs * 1000;
    const later = sorted.slice(at).findIndex((call) => decisionOf(call).atUs >= endUs);
    const inside = sorted.slice(at, later === -1 ? undefined : at + later);
    const touched = inside.some(
      (call) => decisionOf(call).source !== "server" || ((call.outcome?.atNs ?? 0n) >= injectedAtNs && call.invoke.atNs <= redundantAtNs),
    );
    return { admitted: inside, touched };
  });
}

const fullest = (windows: readonly Window[]): Window | undefined => windows.toSorted((a, b) => b.admitted.length - a.admitted.length)[0];

/** The fullest window of one kind on any key, and a violation when it holds more than `most`. */
function overfull(
  windows: readonly Window[],
  most: number,
  kind: string,
): { readonly size: number; readonly violations: readonly Violation[] } {
  const worst = fullest(windows)?.admitted ?? [];
  const what = `${worst.length} admissions in one window ${kind}, ${most} are allowed`;
  const evidence = worst.map((call) => call.outcome?.index ?? call.invoke.index);
  return { size: worst.length, violations: worst.length > most ? [{ what, evidence }] : [] };
}

function judgeKeys(history: History, limit: number): readonly Violation[] {
  const views = history.filter((event) => event.op === "inspect" && event.type === "ok");
  const endless = views.filter((event) => (event.value as KeyView).ttlMs === -1);
  const large = views.filter((event) => (event.value as KeyView).entries > limit);
  const most = Math.max(0, ...large.map((event) => (event.value as KeyView).entries));
  return [
    ...(endless.length > 0
      ? [{ what: `a key without TTL was seen ${endless.length} times`, evidence: endless.map((event) => event.index) }]
      : []),
    ...(large.length > 0
      ? [{ what: `a key held ${most} entries, the limit is ${limit}`, evidence: large.map((event) => event.index) }]
      : []),
  ];
}

export function judgeLimiter(history: History, terms: LimiterTerms): LimiterJudgement {
  const { limit, calm } = terms;
  const answered = calls(history, "check").filter((call) => call.result === "ok");
  const admitted = answered.filter((call) => decisionOf(call).allowed);
  const rejected = answered.filter((call) => !decisionOf(call).allowed);
  const windows = [...Map.groupBy(admitted, (call) => call.invoke.key).values()].flatMap((own) => windowsOf(own, terms));
  const steady = overfull(
    windows.filter((one) => !one.touched),
    limit,
    "of steady state",
  );
  const touched = overfull(
    windows.filter((one) => one.touched),
    2 * limit,
    "that touches the fault",
  );
  const starved = rejected.filter((call) => calm(call.invoke.key));
  const starvedEvidence = starved.map((call) => call.outcome?.index ?? call.invoke.index);
  return {
    decided: answered.filter((call) => decisionOf(call).source === "server"),
    localOps: answered.filter((call) => decisionOf(call).source !== "server").length,
    rejectedOps: rejected.length,
    steadyMost: steady.size,
    touchedMost: touched.size,
    violations: [
      ...steady.violations,
      ...touched.violations,
      ...(starved.length > 0
        ? [{ what: `a caller inside its limit was rejected ${starved.length} times`, evidence: starvedEvidence }]
        : []),
      ...judgeKeys(history, limit),
    ],
  };
}

/** The history without outcomes that the server did not decide, so that a gap is the time without the server. */
export const decidedByServer = (history: History): History =>
  history.filter((event) => event.op !== "check" || event.type !== "ok" || (event.value as DecisionValue).source === "server");
