// Hand-made histories: what the leaderboard's judge must flag, and one it must let pass.

import { describe, expect, it } from "vitest";
import type { EventType, History, HistoryEvent } from "./history.ts";
import { judgeLeaderboard, type BoardEntry } from "./leaderboard-judge.ts";

const key = "{a}:board";
type Send = readonly [event: string, member: string, outcome: EventType];

function historyOf(sends: readonly Send[], board?: readonly BoardEntry[]): History {
  const events: Omit<HistoryEvent, "index" | "atNs">[] = [];
  for (const [call, [event, member, outcome]] of sends.entries()) {
    const common = { process: 0, pattern: "leaderboard", op: "award", key, call };
    events.push({ ...common, type: "invoke", value: { event, member } });
    if (outcome !== "invoke") events.push({ ...common, type: outcome });
  }
  if (board) events.push({ process: 9, pattern: "leaderboard", op: "final", key, call: 999, type: "ok", value: board });
  return events.map((event, index) => ({ ...event, index, atNs: BigInt(index) }));
}

const entry = (member: string, score: number, rank: number, position = rank): BoardEntry => ({ member, score, rank, position });

describe("judgeLeaderboard", () => {
  it("lets a good history pass, with a re-sent event and a tie", () => {
    const sends: Send[] = [
      ["1", "ann", "ok"],
      ["1", "ann", "ok"],
      ["2", "bob", "ok"],
      ["3", "cat", "fail"],
    ];
    const { totals, violations } = judgeLeaderboard(historyOf(sends, [entry("ann", 1, 1), entry("bob", 1, 1, 2)]));
    expect(violations).toEqual([]);
    expect(totals).toMatchObject({ lostOps: 0, duplicateOps: 0, lateOps: 0 });
    expect(totals.acked.length).toBe(2);
  });

  it("flags an event counted twice and names its sends", () => {
    const { violations } = judgeLeaderboard(
      historyOf(
        [
          ["1", "ann", "ok"],
          ["1", "ann", "ok"],
        ],
        [entry("ann", 2, 1)],
      ),
    );
    expect(violations[0]?.what).toBe("1 awards were counted more than once");
    expect(violations[0]?.evidence).toEqual([1, 3]);
  });

  it("counts acknowledged events that are missing as lost, also when the member is gone", () => {
    const sends: Send[] = [
      ["1", "ann", "ok"],
      ["2", "ann", "ok"],
      ["3", "bob", "ok"],
    ];
    expect(judgeLeaderboard(historyOf(sends, [entry("ann", 1, 1)])).totals.lostOps).toBe(2);
  });

  it("takes an unknown event for neither lost nor duplicated, and calls it late when it is there", () => {
    const sends: Send[] = [
      ["1", "ann", "ok"],
      ["2", "ann", "info"],
      ["3", "ann", "invoke"],
    ];
    const there = judgeLeaderboard(historyOf(sends, [entry("ann", 3, 1)]));
    expect(there.totals).toMatchObject({ lostOps: 0, duplicateOps: 0, lateOps: 2 });
    const absent = judgeLeaderboard(historyOf(sends, [entry("ann", 1, 1)]));
    expect(absent.totals).toMatchObject({ lostOps: 0, duplicateOps: 0, lateOps: 0 });
  });

  it("takes an event that was unknown first and acknowledged on its re-send for acknowledged", () => {
    expect(
      judgeLeaderboard(
        historyOf(
          [
            ["1", "ann", "info"],
            ["1", "ann", "ok"],
          ],
          [],
        ),
      ).totals.lostOps,
    ).toBe(1);
  });

  it("flags an event that was certainly refused and is counted", () => {
    const { violations } = judgeLeaderboard(
      historyOf(
        [
          ["1", "ann", "ok"],
          ["2", "ann", "fail"],
        ],
        [entry("ann", 2, 1)],
      ),
    );
    expect(violations.length).toBe(1);
  });

  it("flags ranks that do not follow from the scores", () => {
    const sends: Send[] = [
      ["1", "ann", "ok"],
      ["2", "bob", "ok"],
    ];
    const tied = judgeLeaderboard(historyOf(sends, [entry("ann", 1, 1), entry("bob", 1, 2)]));
    expect(tied.violations[0]?.what).toBe("rank does not follow from score for bob");
  });

  it("claims nothing about a board that was not read", () => {
    expect(judgeLeaderboard(historyOf([["1", "ann", "ok"]])).totals).toMatchObject({ lostOps: 0, duplicateOps: 0 });
  });
});
