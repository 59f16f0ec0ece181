// The check of the connection preset: unique keys written in a closed loop and read back from the primary at the end.
// It says what any acknowledged write can expect of the deployment; what the patterns make of it is theirs to check.

import { foundByFinalReads, gaveUp, judgeMinority } from "../checkers/connection-judge.ts";
import { coverageDoubts } from "../checkers/coverage.ts";
import { conclude, type Finding } from "../checkers/finding.ts";
import type { History } from "../checkers/history.ts";
import { evidenceOf, ledger } from "../checkers/ledger.ts";
import { createClient, type Client } from "../patterns/connection.ts";
import { createClientThatGivesUp } from "./bad-twins/connection.ts";
import type { Check, FaultWindow, Running, WorkloadContext } from "./check.ts";
import { faultGapMs, witnessLane } from "./fault-gap.ts";
import { endLoops } from "./end-loops.ts";
import { finalRead } from "./final-read.ts";
import { readLane, writeLane } from "./lane-writer.ts";
import { writeMinority } from "./minority-writer.ts";

const aimedPeriodMs = 10; // the finest gap that two cores measure beside nine other patterns
const witnessPeriodMs = 25;

async function openClient({ connection, badTwin, lanes }: WorkloadContext): Promise<Client> {
  const client = createClient(connection);
  if (!badTwin) return client;
  const twin = await createClientThatGivesUp(connection, client, `{${lanes[0]?.tag ?? ""}}`);
  client.disconnect();
  return twin;
}

async function start(context: WorkloadContext): Promise<Running> {
  const { lanes, prefix, record } = context;
  const client = await openClient(context);
  const stopping = new AbortController();
  const base = (tag: string, kind: string): string => `{${tag}}:${prefix}:${kind}`;
  const aimedTag = lanes[0]?.tag ?? "a";
  const witness = lanes.findLast((lane) => lane.tag !== aimedTag);
  const open = { client, stopped: stopping.signal };
  const writers = [
    { base: base(aimedTag, "w"), process: 0, periodMs: aimedPeriodMs, ...open },
    ...(witness ? [{ base: base(witness.tag, "w"), process: 1, periodMs: witnessPeriodMs, ...open }] : []),
  ].map((lane) => ({ base: lane.base, ...writeLane(context, lane) }));
  const toRead: { base: string; last: () => number }[] = [...writers];
  return {
    // The naive client never gets an answer for another shard's keys, so its witness cannot be waited for.
    steady: Promise.all(writers.slice(0, context.badTwin ? 1 : 2).map((writer) => writer.acked)).then(() => {}),
    async minority(address) {
      const lane = { base: base(aimedTag, "m"), waitBase: base(aimedTag, "mw") };
      const writer = writeMinority(context, address, lane);
      toRead.push({ base: lane.base, last: () => writer.tried.plain }, { base: lane.waitBase, last: () => writer.tried.wait });
      return () => writer.stop();
    },
    async stop() {
      await endLoops(writers, stopping);
      record.note({ process: 0, op: "status", key: base(aimedTag, "w"), value: client.status });
      client.disconnect();
      await finalRead(context, async (reader) => {
        const reads = await Promise.all(
          toRead.map(async (lane) => ({ key: lane.base, value: await readLane(reader, lane.base, lane.last()) })),
        );
        for (const read of reads) record.note({ process: 9, op: "final", ...read });
      });
    },
  };
}

function judge(history: History, window: FaultWindow): Finding {
  const writes = ledger(history, ["write"], foundByFinalReads(history));
  const minority = judgeMinority(history, window);
  const witness = witnessLane(window.lanes);
  const otherShardsGapMs = witness ? faultGapMs(history, window, { ops: ["write"], lane: witness }) : null;
  return conclude({
    measured: {
      gapMs: faultGapMs(history, window, { ops: ["write"] }),
      ackedOps: writes.acked.length,
      lostOps: writes.lost.length,
      duplicateOps: 0,
      lateOps: writes.late.length,
      failedOps: writes.failed.length,
      unknownOps: writes.unknown.length,
      extra: { ...minority.extra, ...(otherShardsGapMs === null ? {} : { otherShardsGapMs }) },
    },
    budget: window.budget,
    violations: [
      ...(writes.lost.length > window.budget.lostOps
        ? [{ what: `${writes.lost.length} acknowledged writes are lost`, evidence: evidenceOf(writes.lost) }]
        : []),
      ...gaveUp(history, writes),
      ...minority.violations,
    ],
    doubts: coverageDoubts(history, writes.acked, window),
    limits: minority.limits,
  });
}

export const connectionCheck: Check = Object.freeze<Check>({
  name: "connection",
  promise: "A client of the preset finds the primary again after every fault, without a rejected call, and no acknowledged write is lost.",
  level: "core",
  budget: { extraGapMs: 0, duplicateOps: 0, failedOps: 0 },
  badTwin: {
    name: "the article's options",
    violation: "one fixed URL, 3 retries per request, no more tries after 10: rejected calls, then dead for good",
    shownBy: "crash-primary",
  },
  start,
  judge,
});
