// Judges a schedule: no slot twice, exactly one run ahead at the end, and ticks that go on. Pure.

import type { Violation } from "./finding.ts";
import { calls, type Call, type History } from "./history.ts";
import { evidenceOf } from "./ledger.ts";

export interface ScheduleOutcome {
  readonly violations: readonly Violation[];
  readonly ticks: readonly Call[];
  readonly duplicateOps: number;
  readonly missedSlots: number;
  /** Undefined when nobody could look. */
  readonly ahead: readonly string[] | undefined;
}

/** `tick` calls carry their slot (ms) as value; the `final` event carries the ids of the runs ahead. */
export function judgeSchedule(history: History, everyMs: number): ScheduleOutcome {
  const ticks = calls(history, "tick").filter((call) => call.result === "ok");
  const bySlot = Map.groupBy(ticks, (call) => call.invoke.value as number);
  const twice = [...bySlot.values()].flatMap((same) => same.slice(1));
  const slots = [...bySlot.keys()];
  const expected = slots.length > 0 ? Math.round((Math.max(...slots) - Math.min(...slots)) / everyMs) + 1 : 0;
  const final = history.findLast((event) => event.op === "final");
  const ahead = final?.value as readonly string[] | undefined;
  const violations: Violation[] = [];
  if (twice.length > 0) violations.push({ what: `${twice.length} slots ran more than once`, evidence: evidenceOf(twice) });
  if (final && ahead?.length !== 1)
    violations.push({ what: `${ahead?.length ?? 0} runs are ahead at the end instead of exactly one`, evidence: [final.index] });
  return { violations, ticks, duplicateOps: twice.length, missedSlots: Math.max(0, expected - slots.length), ahead };
}
