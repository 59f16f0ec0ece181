// What must hold of a cache that is written with its source: it never shows what the source never had, never goes back behind an
// acknowledged write, is not older than its TTL, and an acknowledged write is in the source. Pure.
//
// commit  value {version, data}           note: the source has it
// write   value data                      ok {version, cached} | {refused: true}
// read    -                               ok {version, data}
// final   {keys, endless}                  note: keys found at the end, and those of them without a TTL

import type { Violation } from "./finding.ts";
import { calls, msBetween, type Call, type History, type HistoryEvent } from "./history.ts";
import { evidenceOf } from "./ledger.ts";

export interface Row {
  readonly version: number;
  readonly data: string;
}

/** What a writer was told. */
export type Written = { readonly version: number; readonly cached: "updated" | "invalidated" | "expires" } | { readonly refused: true };

export interface ThroughBounds {
  readonly injectedAtNs: bigint;
  readonly ttlMs: number;
  /** A read that overlaps a write may return what was there when it began. */
  readonly graceMs: number;
}

export interface ThroughJudgement {
  readonly violations: readonly Violation[];
  /** Acknowledged, and not in the source. */
  readonly lost: readonly Call[];
  readonly longestStaleMs: number;
  /** Writes that the cache did not take: committed all the same. */
  readonly uncachedWrites: number;
}

interface Commit extends Row {
  readonly atNs: bigint;
  /** When a writer was told that the cache has it too. */
  readonly cachedNs: bigint | undefined;
}

export const written = (call: Call): Written | undefined =>
  call.result === "ok" ? (call.outcome?.value as Written | undefined) : undefined;

function commitsOf(history: History): ReadonlyMap<string, readonly Commit[]> {
  const cached = new Map(
    calls(history, "write").flatMap((call) => {
      const answer = written(call);
      return answer && "version" in answer && answer.cached === "updated" && call.outcome
        ? [[`${call.invoke.key} ${answer.version}`, call.outcome.atNs] as const]
        : [];
    }),
  );
  const byKey = Map.groupBy(
    history.filter((event) => event.op === "commit"),
    (event) => event.key,
  );
  const commit = (event: HistoryEvent): Commit => {
    const row = event.value as Row;
    return { ...row, atNs: event.atNs, cachedNs: cached.get(`${event.key} ${row.version}`) };
  };
  return new Map([...byKey].map(([key, events]) => [key, events.map(commit)]));
}

interface Seen {
  readonly call: Call;
  /** The source had this row before the read ended. */
  readonly real: boolean;
  readonly ageMs: number;
  /** Since a newer row was in the cache by acknowledgement; negative: it was not. */
  readonly afterCachedMs: number;
}

function seenReads(history: History): readonly Seen[] {
  const commits = commitsOf(history);
  return calls(history, "read").flatMap((call) => {
    const { invoke, outcome } = call;
    const row = outcome?.value as Row | undefined;
    if (call.result !== "ok" || !outcome || !row) return [];
    const ofKey = commits.get(invoke.key) ?? [];
    const real = ofKey.some(({ version, data, atNs }) => version === row.version && data === row.data && atNs <= outcome.atNs);
    const newer = ofKey.filter(({ version }) => version > row.version);
    const since = (fromNs: bigint | undefined): number => (fromNs === undefined ? -1 : msBetween(fromNs, invoke.atNs));
    const cachedAges = newer.map(({ cachedNs }) => since(cachedNs));
    return [{ call, real, ageMs: Math.max(0, since(newer[0]?.atNs)), afterCachedMs: Math.max(-1, ...cachedAges) }];
  });
}

/** Acknowledged writes whose row the source never committed. */
function lostWrites(history: History): readonly Call[] {
  const commits = commitsOf(history);
  return calls(history, "write").filter((call) => {
    const answer = written(call);
    if (!answer || "refused" in answer) return false;
    return !commits.get(call.invoke.key)?.some(({ version, data }) => version === answer.version && data === call.invoke.value);
  });
}

const violation = (found: readonly Call[], what: string): readonly Violation[] =>
  found.length > 0 ? [{ what: `${found.length} ${what}`, evidence: evidenceOf(found) }] : [];

/** Judges every read and write against what the source committed. */
export function judgeThrough(history: History, { injectedAtNs, ttlMs, graceMs }: ThroughBounds): ThroughJudgement {
  const seen = seenReads(history);
  const of = (holds: (read: Seen) => boolean): readonly Call[] => seen.filter(holds).map(({ call }) => call);
  const lost = lostWrites(history);
  const final = history.findLast((event) => event.op === "final");
  const endless = (final?.value as { endless: readonly string[] } | undefined)?.endless ?? [];
  const back = of(({ call, afterCachedMs }) => call.invoke.atNs < injectedAtNs && afterCachedMs > graceMs);
  return {
    violations: [
      ...violation(lost, "writes were acknowledged and are not in the source: the cache was taken for durable"),
      ...violation(
        of(({ real }) => !real),
        "reads returned what the source never had: the cache is newer than the source",
      ),
      ...violation(back, "reads were older than an acknowledged write, without a fault"),
      ...violation(
        of(({ ageMs }) => ageMs > ttlMs + graceMs),
        "reads were older than the TTL",
      ),
      ...(final && endless.length > 0
        ? [{ what: `${endless.length} keys without a TTL, e.g. ${endless[0] ?? ""}`, evidence: [final.index] }]
        : []),
    ],
    lost,
    longestStaleMs: Math.max(0, ...seen.map(({ ageMs }) => ageMs)),
    uncachedWrites: calls(history, "write").filter((call) => {
      const answer = written(call);
      return answer !== undefined && "cached" in answer && answer.cached !== "updated";
    }).length,
  };
}
