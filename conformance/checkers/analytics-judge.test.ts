// Hand-made histories: what the judge of time buckets must flag, and one it must let pass.

import { describe, expect, it } from "vitest";
import { judgeAnalytics, type SeriesRead } from "./analytics-judge.ts";
import type { EventType, History, HistoryEvent } from "./history.ts";

const key = "{a}:views";
type Send = readonly [event: string, startMs: number, outcome: EventType];

function historyOf(sends: readonly Send[], read?: SeriesRead): History {
  const events: Omit<HistoryEvent, "index" | "atNs">[] = [];
  for (const [call, [event, startMs, outcome]] of sends.entries()) {
    const common = { process: 0, pattern: "analytics", op: "count", key, call };
    events.push({ ...common, type: "invoke", value: { event, startMs, visitor: event } });
    if (outcome !== "invoke") events.push({ ...common, type: outcome });
  }
  if (read) events.push({ process: 9, pattern: "analytics", op: "final", key, call: 999, type: "ok", value: read });
  return events.map((event, index) => ({ ...event, index, atNs: BigInt(index) }));
}

const bucket = (startMs: number, count: number, ttlMs = 1000, uniquesTtlMs = 1000) => ({ startMs, count, ttlMs, uniquesTtlMs });
const sends: Send[] = [
  ["1", 0, "ok"],
  ["1", 0, "ok"],
  ["2", 0, "ok"],
  ["3", 1000, "ok"],
  ["4", 1000, "info"],
];

describe("judgeAnalytics", () => {
  it.each([1, 2])("lets a good history pass, with an unknown event counted or not", (second) => {
    const { totals, violations } = judgeAnalytics(historyOf(sends, { buckets: [bucket(0, 2), bucket(1000, second)], uniques: 3 }));
    expect(violations).toEqual([]);
    expect(totals).toMatchObject({ lostOps: 0, duplicateOps: 0, lateOps: second - 1 });
  });

  it("flags an event counted twice", () => {
    const { violations } = judgeAnalytics(historyOf(sends, { buckets: [bucket(0, 3), bucket(1000, 1)], uniques: 3 }));
    expect(violations[0]?.what).toBe("1 events were counted more than once");
  });

  it("counts what is missing from one bucket as lost, although another bucket has more", () => {
    const { totals } = judgeAnalytics(historyOf(sends, { buckets: [bucket(0, 1), bucket(1000, 2)], uniques: 3 }));
    expect(totals).toMatchObject({ lostOps: 1, duplicateOps: 0 });
  });

  it("flags a bucket without TTL, be it the numbers or the uniques", () => {
    const endless = (bad: ReturnType<typeof bucket>) =>
      judgeAnalytics(historyOf(sends, { buckets: [bucket(0, 2), bad], uniques: 3 })).violations[0]?.what;
    expect(endless(bucket(1000, 1, -1))).toBe("1 of 2 buckets have no TTL");
    expect(endless(bucket(1000, 1, 5, -1))).toBe("1 of 2 buckets have no TTL");
    expect(endless(bucket(1000, 1, 5, -2))).toBeUndefined();
  });

  it("flags uniques that are far off", () => {
    const { violations } = judgeAnalytics(historyOf(sends, { buckets: [bucket(0, 2), bucket(1000, 1)], uniques: 9 }));
    expect(violations[0]?.what).toBe("9 unique visitors were found, 3 were acknowledged");
  });

  it("flags an event that was certainly refused and is counted", () => {
    const { violations } = judgeAnalytics(historyOf([["1", 0, "fail"]], { buckets: [bucket(0, 1)], uniques: 1 }));
    expect(violations[0]?.what).toBe("1 events were counted more than once");
  });
});
