// The check of the job schedule: a tick every second with its slot, through the fault, and a look at what is ahead at the end.

import { setTimeout as sleep } from "node:timers/promises";
import type { Job } from "bullmq";
import { conclude, type Finding } from "../checkers/finding.ts";
import { longestGapMs } from "../checkers/gap.ts";
import type { History } from "../checkers/history.ts";
import { judgeSchedule } from "../checkers/job-schedule-judge.ts";
import { createClient, type Client } from "../patterns/connection.ts";
import { jobWorker } from "../patterns/job-queue.ts";
import { jobSchedule, oncePerSlot, slotOf } from "../patterns/job-schedule.ts";
import { naiveSchedule } from "./bad-twins/job-schedule.ts";
import type { Check, FaultWindow, Running, WorkloadContext } from "./check.ts";
import { within } from "./within.ts";

const everyMs = 1000;
const reconcileMs = 2000;
const slotKeepS = 600;
const lockMs = 6000; // as in the job queue check: a lost reply is taken over inside the window
const stalledMs = 2000;
const finalReadMs = 10_000;

const name = "ticks";
const id = "every-second";

function schedule({ badTwin }: WorkloadContext, prefix: string, client: Client) {
  if (badTwin) return naiveSchedule({ name, prefix, client, everyMs, data: {} });
  return jobSchedule({ name, prefix, client, id, repeat: { every: everyMs }, template: { name: "tick", data: {} }, reconcileMs });
}

/** Asks until there is an answer: between a run's start and its successor's nothing is ahead for a moment. */
async function noteAhead(context: WorkloadContext, prefix: string): Promise<void> {
  const client = createClient(context.connection);
  const reader = schedule(context, prefix, client);
  const read = async (): Promise<void> => {
    let ahead = await reader.ahead();
    for (
      const endMs = performance.now() + reconcileMs + 2 * everyMs;
      ahead.length !== 1 && performance.now() < endMs;
      ahead = await reader.ahead()
    )
      await sleep(100);
    context.record.note({ process: 9, op: "final", key: prefix, value: ahead });
  };
  await within(finalReadMs, read).catch(() => {}); // no note: the judge is in doubt
  await reader.close().catch(() => {});
  client.disconnect();
}

async function start(context: WorkloadContext): Promise<Running> {
  const prefix = `{${context.lanes[0]?.tag ?? "a"}}:${context.prefix}`;
  const client = createClient(context.connection);
  const plan = schedule(context, prefix, client);
  const { promise: ticked, resolve: sawTick } = Promise.withResolvers<void>();
  const worker = jobWorker<unknown>({
    name,
    prefix,
    client,
    concurrency: 1,
    lockMs,
    stalledMs,
    connect: () => createClient(context.connection, "blocking"),
    handle: async (job: Job<unknown>) => {
      const slot = slotOf(job);
      await oncePerSlot(client, { key: `${prefix}:slot:${slot}`, token: `${job.token}`, keepS: slotKeepS }, async () => {
        context.record.invoke({ process: 0, op: "tick", key: `${prefix}:${id}`, value: slot }).ok();
        sawTick();
      });
    },
  });
  const started = worker.ready.then(() => plan.start());
  started.catch(() => {}); // a deployment that is down: no tick, and the judge says so
  return {
    steady: Promise.all([started, ticked]).then(() => {}),
    async stop() {
      await noteAhead(context, prefix);
      await Promise.race([Promise.all([worker.close(), plan.close()]).catch(() => {}), sleep(3000)]);
      client.disconnect();
    },
  };
}

function judge(history: History, window: FaultWindow): Finding {
  const { violations, ticks, duplicateOps, missedSlots, ahead } = judgeSchedule(history, everyMs);
  // From two ticks before the fault to the end of the window: a schedule that never ticks again is silent until then.
  const fromNs = window.injectedAtNs - BigInt(2 * everyMs) * 1_000_000n;
  const gapMs = longestGapMs(history, { ops: ["tick"], fromNs, toNs: window.endedAtNs });
  const doubts: string[] = [];
  if (ticks.length < 2) doubts.push(`only ${ticks.length} ticks were seen`);
  if (ahead === undefined) doubts.push("the final read found no primary");
  return conclude({
    measured: {
      gapMs,
      ackedOps: ticks.length,
      lostOps: 0,
      duplicateOps,
      lateOps: 0,
      failedOps: 0,
      unknownOps: 0,
      extra: { missedSlots },
    },
    budget: window.budget,
    violations,
    doubts,
    limits: [],
  });
}

export const jobScheduleCheck: Check = Object.freeze<Check>({
  name: "job-schedule",
  promise: "After every fault exactly one run is ahead, ticks resume, and no slot runs twice.",
  level: "core",
  // One period, then a lost reply is taken over as a stalled job (lock 6 s, looked for every 2 s) or the reconciler mends the chain.
  budget: { extraGapMs: everyMs + 5000, duplicateOps: 0 },
  badTwin: {
    name: "the article's repeat option",
    violation: "BullMQ 6 runs the job once and never again: no run is ahead",
    shownBy: "steady",
  },
  start,
  judge,
});
