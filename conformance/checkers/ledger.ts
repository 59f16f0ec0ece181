// The ledger: acknowledged effects against the final state, for anything that is applied at most or at least once. Pure.

import { calls, type Call, type History } from "./history.ts";

export interface Ledger {
  readonly acked: readonly Call[];
  readonly failed: readonly Call[];
  readonly unknown: readonly Call[];
  /** Acknowledged and absent at the end. */
  readonly lost: readonly Call[];
  /** Certainly failed, yet present: a client that lies about failure. */
  readonly resurrected: readonly Call[];
  /** Failed or unknown, found applied. */
  readonly late: readonly Call[];
  /** Found more often than once: the surplus, one entry per effect. */
  readonly duplicated: readonly Call[];
  readonly duplicates: number;
}

/**
 * Compares calls of the named operations with how often each effect was found at the end.
 * `found` answers 0 for absent, 1 for applied once, more for duplicates; undefined: the final read does not cover it.
 */
export function ledger(history: History, ops: readonly string[], found: (call: Call) => number | undefined): Ledger {
  const all = calls(history).filter((call) => ops.includes(call.invoke.op));
  const times = (call: Call): number => found(call) ?? 0;
  const of = (result: Call["result"]): readonly Call[] => all.filter((call) => call.result === result);
  const [acked, failed, unknown] = [of("ok"), of("fail"), of("info")];
  const duplicated = all.filter((call) => times(call) > 1);
  return {
    acked,
    failed,
    unknown,
    lost: acked.filter((call) => found(call) === 0),
    resurrected: failed.filter((call) => times(call) > 0),
    late: [...failed, ...unknown].filter((call) => times(call) > 0),
    duplicated,
    duplicates: duplicated.reduce((sum, call) => sum + times(call) - 1, 0),
  };
}

/** Indexes of the first events of calls, for a finding's evidence. */
export const evidenceOf = (found: readonly Call[], most = 20): readonly number[] =>
  found.slice(0, most).map((call) => (call.outcome ?? call.invoke).index);
