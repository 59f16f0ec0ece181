// Hand-made tick histories that the judge must flag, and one that it must not.

import { expect, test } from "vitest";
import type { HistoryEvent } from "./history.ts";
import { judgeSchedule } from "./job-schedule-judge.ts";

function ticks(slots: readonly number[], ahead?: readonly string[]): HistoryEvent[] {
  const base = { index: 0, process: 0, pattern: "job-schedule", key: "s" };
  const events: HistoryEvent[] = slots.flatMap((slot, call) => [
    { ...base, op: "tick", type: "invoke", value: slot, atNs: BigInt(slot), call },
    { ...base, op: "tick", type: "ok", atNs: BigInt(slot), call },
  ]);
  if (ahead) events.push({ ...base, op: "final", type: "ok", value: ahead, atNs: 99_999n, call: 999 });
  return events.map((event, index) => ({ ...event, index }));
}

const whatOf = (history: HistoryEvent[]) => judgeSchedule(history, 1000).violations.map((found) => found.what);

test("ticks with one run ahead are in order, and missed slots are counted, not held against it", () => {
  const found = judgeSchedule(ticks([1000, 2000, 5000], ["next"]), 1000);
  expect(found).toMatchObject({ violations: [], duplicateOps: 0, missedSlots: 2 });
});

test("a slot that ran twice is a violation", () => {
  expect(whatOf(ticks([1000, 2000, 2000], ["next"]))).toEqual(["1 slots ran more than once"]);
});

test("no run ahead is a broken chain, two are a forked one", () => {
  expect(whatOf(ticks([1000], []))).toEqual(["0 runs are ahead at the end instead of exactly one"]);
  expect(whatOf(ticks([1000], ["a", "b"]))).toEqual(["2 runs are ahead at the end instead of exactly one"]);
});

test("without a final look nothing is said about what is ahead", () => {
  expect(judgeSchedule(ticks([1000, 2000]), 1000)).toMatchObject({ violations: [], ahead: undefined });
});
