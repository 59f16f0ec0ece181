// What a check is: a promise, a workload that keeps a pattern busy and writes the history, and a pure judgement. Types only.

import type { Budget, Finding } from "../checkers/finding.ts";
import type { ErrorClass, History } from "../checkers/history.ts";
import type { Address, ConnectionOptions, FaultName, FaultVariant } from "../targets/target.ts";

export const patternNames = [
  "connection",
  "cache-aside",
  "write-through",
  "session-store",
  "rate-limiter",
  "pub-sub",
  "job-queue",
  "job-schedule",
  "leaderboard",
  "analytics",
] as const;
export type PatternName = (typeof patternNames)[number];

/** A hash tag that lives on a known shard. `lanes[0]` is on the shard the fault is aimed at, the last one on another (Cluster). */
export interface Lane {
  /** Without braces; write keys as `{tag}:...`. */
  readonly tag: string;
  readonly shard: number;
  readonly aimed: boolean;
}

/** One call under way in the history. Exactly one of the three ends it; later ones are ignored. */
export interface Pending {
  readonly call: number;
  ok(value?: unknown, node?: string): void;
  fail(error: ErrorClass): void;
  info(error: ErrorClass): void;
}

export interface Recorder {
  invoke(event: { readonly process: number; readonly op: string; readonly key: string; readonly value?: unknown }): Pending;
  /** A fact without a call (a delivered message, a final read): an `ok` event of its own. */
  note(event: {
    readonly process: number;
    readonly op: string;
    readonly key: string;
    readonly value?: unknown;
    readonly node?: string;
  }): void;
}

export interface WorkloadContext {
  readonly connection: ConnectionOptions;
  readonly lanes: readonly Lane[];
  readonly record: Recorder;
  readonly nowNs: () => bigint;
  /** Seeded, 0 <= x < 1. */
  readonly random: () => number;
  /** Unique for this window; no key without it. Put it after the tag: `{tag}:${prefix}:...`. */
  readonly prefix: string;
  /** Drive the naive version instead of the pattern. */
  readonly badTwin: boolean;
  /** Longest outage the pattern must ride out, ms: caller deadlines must be longer than this. */
  readonly outageMsMax: number;
  readonly topology: "sentinel" | "cluster";
}

/** A workload under way. */
export interface Running {
  /** One acknowledged operation of every kind the check needs has been seen: the fault may come. */
  readonly steady: Promise<void>;
  /** Called while the primary is cut off with one client: drive the pattern's writes through this address alone until stopped. */
  minority?(address: Address): Promise<() => Promise<void>>;
  /** Ends the loops, does the strong final reads from the primary, notes them, closes every client. */
  stop(): Promise<void>;
}

/** When what happened, monotonic ns, and what the topology did. */
export interface FaultWindow {
  readonly fault: FaultName;
  readonly variant?: FaultVariant;
  readonly topology: "sentinel" | "cluster";
  readonly lanes: readonly Lane[];
  readonly startedAtNs: bigint;
  readonly injectedAtNs: bigint;
  readonly healedAtNs: bigint;
  readonly redundantAtNs: bigint;
  readonly endedAtNs: bigint;
  /** When another node was first seen as the aimed shard's primary. */
  readonly promotedAtNs?: bigint;
  /** `min-replicas-max-lag`, ms; 0 when min-replicas is off. */
  readonly maxLagMs: number;
  readonly budget: Budget;
}

/** What a check adds to the fault's own budget (faults/budgets.ts), e.g. a heartbeat for pub/sub. */
export interface CheckBudget {
  /** Added to the fault's gap, ms. */
  readonly extraGapMs: number;
  readonly duplicateOps: number;
  readonly failedOps?: number;
  readonly extra?: Readonly<Record<string, number>>;
}

export interface Check {
  readonly name: PatternName;
  /** One sentence a reader can disagree with. */
  readonly promise: string;
  readonly level: "core" | "extended";
  readonly budget: CheckBudget;
  /** What the naive version does wrong, and the fault that shows it ("steady": it needs none). */
  readonly badTwin: { readonly name: string; readonly violation: string; readonly shownBy: FaultName | "steady" };
  start(context: WorkloadContext): Promise<Running>;
  judge(history: History, window: FaultWindow): Finding;
}
