// What must hold of a cache in front of a source: nothing older than an invalidation (or, where a failover lost it, than the TTL),
// one load per key and lease, no failed request, a TTL on every key. Pure.
//
// commit      value version      note: the source has it from here on
// invalidate  value version      ok: the cache confirmed
// get         -                  ok version
// load        value version      note: the source was asked
// final       {keys, endless}    note: keys found at the end, and those of them without a TTL

import type { Violation } from "./finding.ts";
import { calls, msBetween, type Call, type History, type HistoryEvent } from "./history.ts";
import { evidenceOf } from "./ledger.ts";

export interface CacheBounds {
  /** Before this nothing was broken: the strict promises hold. */
  readonly injectedAtNs: bigint;
  /** The longest an entry lives, with jitter and lease. */
  readonly lifeMs: number;
  readonly leaseMs: number;
  /** A read that overlaps a load may return what the load saw: deadline and load time. */
  readonly graceMs: number;
}

export interface CacheJudgement {
  readonly violations: readonly Violation[];
  /** Reads that were older than an acknowledged invalidation after the fault, inside the TTL: a lost delete. */
  readonly staleReads: number;
  readonly longestStaleMs: number;
  readonly surplusLoads: number;
  readonly requestMsMax: number;
}

const versionOf = (event: HistoryEvent | undefined): number => Number(event?.value ?? 0);

interface Change {
  readonly version: number;
  readonly committedNs: bigint;
  readonly confirmedNs: bigint | undefined;
}

function changesOf(history: History): ReadonlyMap<string, readonly Change[]> {
  const confirmed = new Map(
    calls(history, "invalidate").flatMap(({ invoke, result, outcome }) =>
      result === "ok" && outcome ? [[`${invoke.key} ${versionOf(invoke)}`, outcome.atNs] as const] : [],
    ),
  );
  const commits = history.filter((event) => event.op === "commit");
  return Map.groupBy(
    commits.map((event) => ({
      key: event.key,
      version: versionOf(event),
      committedNs: event.atNs,
      confirmedNs: confirmed.get(`${event.key} ${versionOf(event)}`),
    })),
    (change) => change.key,
  );
}

interface StaleRead {
  readonly call: Call;
  /** Since the commit that replaced what was read. */
  readonly ageMs: number;
  /** Since the cache confirmed that it had dropped it; negative: it had not. */
  readonly afterConfirmMs: number;
}

function staleReads(history: History): readonly StaleRead[] {
  const changes = changesOf(history);
  return calls(history, "get").flatMap((call) => {
    if (call.result !== "ok") return [];
    const newer = changes.get(call.invoke.key)?.find((change) => change.version > versionOf(call.outcome));
    if (!newer || newer.committedNs > call.invoke.atNs) return [];
    const confirmedNs = newer.confirmedNs;
    const afterConfirmMs = confirmedNs === undefined ? -1 : msBetween(confirmedNs, call.invoke.atNs);
    return [{ call, ageMs: msBetween(newer.committedNs, call.invoke.atNs), afterConfirmMs }];
  });
}

/** Loads that began inside another load's lease although nothing had invalidated the key since. */
function surplusLoads(
  history: History,
  { injectedAtNs, leaseMs }: CacheBounds,
): { readonly loads: number; readonly surplus: readonly HistoryEvent[] } {
  const drops = Map.groupBy(calls(history, "invalidate"), (call) => call.invoke.key);
  const loads = history.filter((event) => event.op === "load" && event.atNs < injectedAtNs);
  const surplus = [...Map.groupBy(loads, (event) => event.key)].flatMap(([key, ofKey]) =>
    ofKey.slice(1).filter((load, at) => {
      const before = ofKey[at]?.atNs ?? 0n;
      if (msBetween(before, load.atNs) >= leaseMs) return false;
      return !drops.get(key)?.some(({ invoke, outcome }) => invoke.atNs <= load.atNs && (outcome?.atNs ?? load.atNs) >= before);
    }),
  );
  return { loads: loads.length, surplus };
}

function endless(history: History): readonly Violation[] {
  const final = history.findLast((event) => event.op === "final");
  const keys = (final?.value as { endless: readonly string[] } | undefined)?.endless ?? [];
  return final && keys.length > 0 ? [{ what: `${keys.length} keys without a TTL, e.g. ${keys[0] ?? ""}`, evidence: [final.index] }] : [];
}

/** A slow machine may miss a deadline now and then, and each miss is a load of its own: a tenth, and at least five, are not a stampede. */
const tolerated = (loads: number): number => Math.max(5, loads / 10);

const violation = (found: readonly Call[], what: string): readonly Violation[] =>
  found.length > 0 ? [{ what, evidence: evidenceOf(found) }] : [];
const callsOf = (found: readonly StaleRead[]): readonly Call[] => found.map(({ call }) => call);

/** Judges what readers saw and how often the source was asked. */
export function judgeCache(history: History, bounds: CacheBounds): CacheJudgement {
  const stale = staleReads(history);
  const early = stale.filter(({ call, afterConfirmMs }) => call.invoke.atNs < bounds.injectedAtNs && afterConfirmMs > bounds.graceMs);
  const tooOld = stale.filter(
    ({ ageMs, afterConfirmMs }) => (afterConfirmMs < 0 ? ageMs : afterConfirmMs) > bounds.lifeMs + bounds.graceMs,
  );
  const failed = calls(history, "get").filter((call) => call.outcome && call.result !== "ok");
  const { loads, surplus } = surplusLoads(history, bounds);
  return {
    violations: [
      ...violation(callsOf(early), `${early.length} reads older than an acknowledged invalidation, without a fault`),
      ...violation(callsOf(tooOld), `${tooOld.length} reads older than invalidation and TTL`),
      ...violation(failed, `${failed.length} requests failed although the source was there`),
      ...(surplus.length > tolerated(loads)
        ? [
            {
              what: `${surplus.length} of ${loads} loads of a key that was already being loaded: a stampede`,
              evidence: surplus.slice(0, 20).map(({ index }) => index),
            },
          ]
        : []),
      ...endless(history),
    ],
    staleReads: stale.filter(({ afterConfirmMs }) => afterConfirmMs > bounds.graceMs).length,
    longestStaleMs: Math.max(0, ...stale.map(({ ageMs }) => ageMs)),
    surplusLoads: surplus.length,
    requestMsMax: Math.max(0, ...calls(history, "get").map(({ invoke, outcome }) => (outcome ? msBetween(invoke.atNs, outcome.atNs) : 0))),
  };
}
