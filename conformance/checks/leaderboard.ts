// The check of the leaderboard: events worth one point, some sent twice on purpose and all unknown ones sent again, then the board read back.

import { coverageDoubts } from "../checkers/coverage.ts";
import { conclude, type Finding } from "../checkers/finding.ts";
import type { History } from "../checkers/history.ts";
import { judgeLeaderboard, type AwardValue } from "../checkers/leaderboard-judge.ts";
import { evidenceOf } from "../checkers/ledger.ts";
import { createClient, type Client } from "../patterns/connection.ts";
import { leaderboard, type Leaderboard } from "../patterns/leaderboard.ts";
import { attempt, loop } from "./attempt.ts";
import { naiveLeaderboard } from "./bad-twins/leaderboard.ts";
import type { Check, FaultWindow, Running, WorkloadContext } from "./check.ts";
import { faultGapMs, witnessLane } from "./fault-gap.ts";
import { finalRead } from "./final-read.ts";
import { within } from "./within.ts";

const aimedPeriodMs = 30;
const witnessPeriodMs = 100;
const members = 16; // few enough for ties at every moment
const resendEvery = 4;
const seasonMs = 3_600_000;
const graceMs = 2000; // for calls under way at stop; after it they are unknown

function open(client: Client, key: string, { badTwin, outageMsMax }: WorkloadContext): Leaderboard {
  if (badTwin) return naiveLeaderboard(client, key);
  const nowMs = Date.now();
  return leaderboard(client, { key, seasonStartMs: nowMs, expireAtMs: nowMs + seasonMs, tickMs: 1, deadlineMs: outageMsMax + 5000 });
}

interface Player {
  readonly board: Leaderboard;
  readonly key: string;
  readonly process: number;
  readonly periodMs: number;
  readonly stopped: AbortSignal;
}

/** One event each period; one in four is sent twice, and whatever ended unknown is sent again until it is acknowledged. */
function play(context: WorkloadContext, { board, key, process, periodMs, stopped }: Player) {
  let sent = 0;
  let sawAck = (): void => {};
  const acked = new Promise<void>((resolve) => (sawAck = resolve));
  const unknown: AwardValue[] = [];
  const send = async (op: "award" | "resend", value: AwardValue): Promise<void> => {
    const answer = await attempt(context.record, { process, op, key, value }, () =>
      within(context.outageMsMax + 5000, () => board.award({ ...value, points: 1 }), stopped),
    );
    if (answer === undefined) unknown.push(value);
    else if (op === "resend") sawAck();
  };
  const running = loop(periodMs, async () => {
    const again = unknown.shift();
    if (again) return send("resend", again);
    const value = { event: `e${++sent}`, member: `m${sent % members}` };
    await send("award", value);
    if (sent % resendEvery === 0 && !stopped.aborted) await send("resend", value);
  });
  return { acked, stop: () => running.stop() };
}

async function start(context: WorkloadContext): Promise<Running> {
  const { connection, lanes, prefix, record } = context;
  const client = createClient(connection);
  const stopping = new AbortController();
  const witness = witnessLane(lanes);
  const keys = [lanes[0], witness].flatMap((lane) => (lane ? [`{${lane.tag}}:${prefix}:board`] : []));
  const players = keys.map((key, process) =>
    play(context, {
      ...{ board: open(client, key, context), key, process, stopped: stopping.signal },
      periodMs: process === 0 ? aimedPeriodMs : witnessPeriodMs,
    }),
  );
  return {
    steady: Promise.all(players.map((player) => player.acked)).then(() => {}),
    async stop() {
      const grace = setTimeout(() => stopping.abort(), graceMs);
      await Promise.all(players.map((player) => player.stop()));
      clearTimeout(grace);
      client.disconnect();
      await finalRead(context, async (reader) => {
        const pages = await Promise.all(keys.map((key) => open(reader, key, context).top(members)));
        for (const [at, key] of keys.entries()) record.note({ process: 9, op: "final", key, value: pages[at] });
      });
    },
  };
}

function judge(history: History, window: FaultWindow): Finding {
  const { totals, violations } = judgeLeaderboard(history);
  const witness = witnessLane(window.lanes);
  const ops = ["award", "resend"];
  const otherShardsGapMs = witness ? faultGapMs(history, window, { ops, lane: witness }) : null;
  const lost = { what: `${totals.lostOps} acknowledged awards are missing from the scores`, evidence: evidenceOf(totals.short) };
  return conclude({
    measured: {
      gapMs: faultGapMs(history, window, { ops }),
      ackedOps: totals.acked.length,
      lostOps: totals.lostOps,
      duplicateOps: totals.duplicateOps,
      lateOps: totals.lateOps,
      failedOps: totals.failed.length,
      unknownOps: totals.unknown.length,
      extra: otherShardsGapMs === null ? {} : { otherShardsGapMs },
    },
    budget: window.budget,
    violations: [...violations, ...(totals.lostOps > window.budget.lostOps ? [lost] : [])],
    doubts: coverageDoubts(history, totals.acked.flatMap((one) => one.sends), window),
    limits: [],
  });
}

export const leaderboardCheck: Check = Object.freeze<Check>({
  name: "leaderboard",
  promise: "A score is the sum of the acknowledged events, each counted once however often it was sent, and rank follows from score.",
  level: "core",
  budget: { extraGapMs: 50, duplicateOps: 0, failedOps: 0 }, // one period, because the loop rests between two events
  badTwin: { name: "plain ZINCRBY", violation: "an event that is sent again is counted again", shownBy: "steady" },
  start,
  judge,
});
