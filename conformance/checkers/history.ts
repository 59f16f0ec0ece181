// The history: what the workload did and was told, one event a line, and pure ways to read it. Knows no client and no clock.

/** `ok` acknowledged; `fail` certainly not applied; `info` unknown (timeout, reset): it may or may not have been applied. */
export type EventType = "invoke" | "ok" | "fail" | "info";

/** Error classes a client can see, named after the server's reply or the socket's end. */
export type ErrorClass =
  | "readonly"
  | "noreplicas"
  | "loading"
  | "masterdown"
  | "clusterdown"
  | "tryagain"
  | "moved"
  | "oom"
  | "misconf"
  | "noauth"
  | "busy"
  | "noscript"
  | "crossslot"
  | "refused"
  | "closed"
  | "reset"
  | "timeout"
  | "deadline"
  | "aborted"
  | "other";

export interface HistoryEvent {
  /** Position in the history, from 0. Findings name their evidence by it. */
  readonly index: number;
  /** The logical client that did it; one process has at most one operation under way per `call`. */
  readonly process: number;
  readonly pattern: string;
  readonly op: string;
  readonly key: string;
  readonly value?: unknown;
  readonly type: EventType;
  /** Monotonic nanoseconds. */
  readonly atNs: bigint;
  /** Ties an outcome to its invoke. */
  readonly call: number;
  readonly node?: string;
  readonly error?: ErrorClass;
}

export type History = readonly HistoryEvent[];

/** One call: its invoke and its outcome (absent when the workload ended first: then it is unknown too). */
export interface Call {
  readonly invoke: HistoryEvent;
  readonly outcome?: HistoryEvent;
  readonly result: "ok" | "fail" | "info";
}

/** Pairs invokes with outcomes, in order of invocation. A call without outcome is `info`: it may have been applied. */
export function calls(history: History, op?: string): readonly Call[] {
  const outcomes = new Map<number, HistoryEvent>();
  for (const event of history) if (event.type !== "invoke") outcomes.set(event.call, event);
  return history
    .filter((event) => event.type === "invoke" && (op === undefined || event.op === op))
    .map((invoke) => {
      const outcome = outcomes.get(invoke.call);
      return outcome === undefined
        ? { invoke, result: "info" as const }
        : { invoke, outcome, result: outcome.type as "ok" | "fail" | "info" };
    });
}

export const msBetween = (fromNs: bigint, toNs: bigint): number => Number(toNs - fromNs) / 1e6;
