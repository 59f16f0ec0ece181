// Judges acknowledged unique writes: lost by the majority, lost by a cut-off primary inside or outside its bound, or
// acknowledged by a zombie after the heal; and calls that were rejected instead of waiting. Pure.

import type { Violation } from "./finding.ts";
import { msBetween, type Call, type ErrorClass, type History } from "./history.ts";
import { evidenceOf, ledger, type Ledger } from "./ledger.ts";

/** What the final read of one lane covered: every number in [1, to] was asked for, `absent` were not there. */
export interface FinalRead {
  readonly to: number;
  readonly absent: readonly number[];
}

export interface MinorityBound {
  readonly injectedAtNs: bigint;
  readonly healedAtNs: bigint;
  /** `min-replicas-max-lag`, ms; 0 when min-replicas is off. */
  readonly maxLagMs: number;
}

/** Refusals in words that no client can ride out: the server is full or cannot write, and says so. */
const typedRefusals: ReadonlySet<ErrorClass> = new Set(["oom", "misconf"]);
/** Outcomes that are the caller's own deadline and not the client giving up. */
const ownDeadline: ReadonlySet<ErrorClass> = new Set(["deadline", "aborted"]);

/** How a lane's key names its number: `{tag}:prefix:w:17`. */
const laneOf = (key: string): string => key.slice(0, key.lastIndexOf(":"));
const numberOf = (key: string): number => Number(key.slice(key.lastIndexOf(":") + 1));

/** 0 absent, 1 there, undefined when no final read covered the key. */
export function foundByFinalReads(history: History): (call: Call) => number | undefined {
  const reads = new Map<string, { readonly to: number; readonly absent: ReadonlySet<number> }>();
  for (const event of history)
    if (event.op === "final") {
      const { to, absent } = event.value as FinalRead;
      reads.set(event.key, { to, absent: new Set(absent) });
    }
  return ({ invoke: { key } }) => {
    const read = reads.get(laneOf(key));
    if (read === undefined || numberOf(key) > read.to) return undefined;
    return read.absent.has(numberOf(key)) ? 0 : 1;
  };
}

const counted = (found: readonly Call[]): string => {
  const classes = new Map<string, number>();
  for (const call of found) classes.set(call.outcome?.error ?? "other", (classes.get(call.outcome?.error ?? "other") ?? 0) + 1);
  return [...classes].map(([name, count]) => `${count} x ${name}`).join(", ");
};

/** Calls that ended in an error although the preset promises that they wait, and a client that is dead for good. */
export function gaveUp(history: History, writes: Ledger): readonly Violation[] {
  const rejected = [...writes.failed, ...writes.unknown].filter(({ outcome }) => {
    const error = outcome?.error;
    return error !== undefined && !typedRefusals.has(error) && !ownDeadline.has(error);
  });
  const ended = history.filter((event) => event.op === "status" && event.value === "end");
  const found: Violation[] = [];
  if (rejected.length > 0)
    found.push({
      what: `${rejected.length} calls were rejected instead of waiting (${counted(rejected)})`,
      evidence: evidenceOf(rejected),
    });
  if (ended.length > 0) found.push({ what: "the client gave up: status end", evidence: ended.map((event) => event.index) });
  if (writes.resurrected.length > 0)
    found.push({
      what: `${writes.resurrected.length} writes were reported as not applied and are there`,
      evidence: evidenceOf(writes.resurrected),
    });
  return found;
}

export interface MinorityOutcome {
  readonly violations: readonly Violation[];
  readonly limits: readonly string[];
  readonly extra: Readonly<Record<string, number>>;
}

const ackNs = (call: Call): bigint => call.outcome?.atNs ?? call.invoke.atNs;

/**
 * A server may go on for max-lag + 2 s: it stores the time of a replica's last acknowledgement in whole seconds and compares whole seconds
 * (refreshGoodSlavesCount), once a second (replicationCron). 4040 ms were seen at max-lag 3.
 */
const slackMs = 2000;

/** Writes acknowledged by a primary on the wrong side of a partition: bounded by the lag, none after the heal, none with WAIT. */
export function judgeMinority(history: History, { injectedAtNs, healedAtNs, maxLagMs }: MinorityBound): MinorityOutcome {
  const found = foundByFinalReads(history);
  const plain = ledger(history, ["minority-write"], found);
  const waited = ledger(history, ["minority-wait-write"], found);
  if (!history.some(({ op }) => op === "minority-write" || op === "minority-wait-write")) return { violations: [], limits: [], extra: {} };
  const zombies = plain.lost.filter((call) => ackNs(call) > healedAtNs);
  const cut = plain.lost.filter((call) => ackNs(call) <= healedAtNs);
  const windowMs = cut.reduce((longest, call) => Math.max(longest, msBetween(injectedAtNs, ackNs(call))), 0);
  const boundMs = maxLagMs + slackMs;
  const violations: Violation[] = [];
  if (zombies.length > 0)
    violations.push({
      what: `${zombies.length} writes acknowledged by the old primary after the heal are lost`,
      evidence: evidenceOf(zombies),
    });
  if (waited.lost.length > 0)
    violations.push({
      what: `${waited.lost.length} writes confirmed by WAIT 1 on the minority side are lost`,
      evidence: evidenceOf(waited.lost),
    });
  if (maxLagMs > 0 && windowMs > boundMs)
    violations.push({
      what: `the cut-off primary acknowledged lost writes for ${Math.round(windowMs)} ms, the bound is ${boundMs} ms`,
      evidence: evidenceOf(cut),
    });
  const rule = maxLagMs > 0 ? `min-replicas-max-lag bounds it to ${boundMs} ms` : "min-replicas-to-write is off, nothing bounds it";
  const limits =
    cut.length > 0
      ? [`${cut.length} writes acknowledged on the minority side in the first ${Math.round(windowMs)} ms are lost (${rule})`]
      : [];
  return {
    violations,
    limits,
    extra: {
      zombieAcks: zombies.length,
      minorityWindowMs: windowMs,
      minorityAckedOps: plain.acked.length,
      minorityLostOps: plain.lost.length,
      minorityWaitAckedOps: waited.acked.length,
    },
  };
}
