// Hand-made histories: what the judge of deliveries must flag, and what it must let pass.

import { describe, expect, it } from "vitest";
import type { EventType, History, HistoryEvent } from "./history.ts";
import { judgeDeliveries, type DeliveredValue, type DeliveryTerms } from "./pub-sub-judge.ts";

const second = 1_000_000_000n;
const terms: DeliveryTerms = { fromNs: 0n, toNs: 100n * second, redundantAtNs: 50n * second, endedAtNs: 60n * second, lostOpsMax: 0 };
type Published = readonly [id: number, outcome: EventType, atS?: number];
type Delivered = readonly [id: number, via?: DeliveredValue["via"], atS?: number];

/** Message n is published and delivered at second n where nothing else is said. */
function historyOf(published: readonly Published[], delivered: readonly Delivered[]): History {
  const events: Omit<HistoryEvent, "index">[] = [];
  const common = { pattern: "pub-sub", key: "{a}:news" };
  for (const [call, [id, outcome, atS = id]] of published.entries()) {
    const atNs = BigInt(atS) * second;
    events.push({ ...common, process: 0, op: "publish", call, type: "invoke", value: id, atNs });
    if (outcome !== "invoke") events.push({ ...common, process: 0, op: "publish", call, type: outcome, atNs });
  }
  for (const [at, [id, via = "push", atS = id]] of delivered.entries())
    events.push({ ...common, process: 10, op: "deliver", call: 900 + at, type: "ok", value: { id, via }, atNs: BigInt(atS) * second });
  return events.map((event, index) => ({ ...event, index }));
}

const judged = (published: readonly Published[], delivered: readonly Delivered[]) =>
  judgeDeliveries(historyOf(published, delivered), [10], terms);
const whats = (published: readonly Published[], delivered: readonly Delivered[]) =>
  judged(published, delivered).violations.map(({ what }) => what);
const three: Published[] = [
  [1, "ok"],
  [2, "ok"],
  [3, "ok"],
];

describe("judgeDeliveries", () => {
  it("lets messages pass that came once and in order, one of them from the log", () => {
    expect(whats(three, [[1], [2, "catch-up", 3], [3, "catch-up"]])).toEqual([]);
    expect(judged(three, [[1], [2, "catch-up", 3], [3, "catch-up"]])).toMatchObject({
      lostOps: 0,
      duplicateOps: 0,
      repairedOps: 2,
      gapMs: 97_000,
    });
  });

  it("flags an acknowledged message that never came, with its acknowledgement as evidence", () => {
    const result = judged(three, [[1], [3]]);
    expect(result.lostOps).toBe(1);
    expect(result.violations).toEqual([{ what: "1 acknowledged messages were never delivered nor repaired", evidence: [3] }]);
  });

  it("counts a loss for every subscriber", () => {
    expect(judgeDeliveries(historyOf(three, [[1], [2], [3]]), [10, 11], terms).lostOps).toBe(3);
  });

  it("flags a message delivered twice", () => {
    expect(whats(three, [[1], [2], [2, "catch-up"], [3]])).toEqual(["1 messages were delivered twice to the same subscriber"]);
  });

  it("flags a message delivered after a later one", () => {
    expect(whats(three, [[1], [3], [2]])).toEqual(["1 messages were delivered after a later one"]);
  });

  it("takes a message of unknown end for neither lost nor disordered, and calls it late when it came", () => {
    const published: Published[] = [
      [1, "ok"],
      [2, "info"],
      [3, "ok"],
      [4, "invoke"],
    ];
    expect(judged(published, [[1], [3]])).toMatchObject({ lostOps: 0, lateOps: 0, violations: [] });
    expect(judged(published, [[1], [3], [2]])).toMatchObject({ lostOps: 0, lateOps: 1, violations: [] });
  });

  it("flags a subscriber that is deaf after the fault, although the log kept it up to date", () => {
    const published: Published[] = [...three, [4, "ok", 55]];
    expect(whats(published, [[1], [2], [3], [4, "catch-up", 56]])).toEqual([
      "1 subscribers heard nothing any more after the deployment was whole again",
    ]);
    expect(whats(published, [[1], [2], [3], [4, "push", 56]])).toEqual([]);
  });
});
