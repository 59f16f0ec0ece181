// The check of the leaderboard: events worth one point, some sent twice on purpose, then the board read back with its order and ranks.

import { judgeLeaderboard, type AwardValue } from "../checkers/leaderboard-judge.ts";
import type { Client } from "../patterns/connection.ts";
import { leaderboard, type Leaderboard } from "../patterns/leaderboard.ts";
import { naiveLeaderboard } from "./bad-twins/leaderboard.ts";
import type { Check, WorkloadContext } from "./check.ts";
import { concludeCounting, startCounting, type Counting } from "./counted-events.ts";

const members = 16; // few enough for ties at every moment
const seasonMs = 3_600_000; // longer than any run

function counting({ badTwin, outageMsMax }: WorkloadContext): Counting<Leaderboard, AwardValue> {
  const seasonStartMs = Date.now();
  const settings = { seasonStartMs, expireAtMs: seasonStartMs + seasonMs, tickMs: 1, deadlineMs: outageMsMax + 5000 };
  const open = (client: Client, key: string): Leaderboard =>
    badTwin ? naiveLeaderboard(client, key) : leaderboard(client, { key, ...settings });
  return {
    kind: "board",
    op: "award",
    open,
    event: (number) => ({ event: `e${number}`, member: `m${number % members}` }),
    send: (board, award) => board.award({ ...award, points: 1 }),
    read: (client, key) => open(client, key).top(members),
  };
}

export const leaderboardCheck: Check = Object.freeze<Check>({
  name: "leaderboard",
  promise: "A score is the sum of the acknowledged events, each counted once however often it was sent, and rank follows from score.",
  level: "core",
  budget: { extraGapMs: 50, duplicateOps: 0, failedOps: 0 }, // one period, because the loop rests between two events
  badTwin: { name: "plain ZINCRBY", violation: "an event that is sent again is counted again", shownBy: "steady" },
  start: async (context) => startCounting(context, counting(context)),
  judge: (history, window) =>
    concludeCounting(history, window, { ...judgeLeaderboard(history), op: "award", missing: "awards are missing from the scores" }),
});
