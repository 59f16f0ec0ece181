// The runner: one deployment's run in a process of its own, inside whatever walls the target gave it. It takes one job by message,
// reports progress, and ends when the job is done, when told to stop, or when the command line is gone.

import { appendFileSync } from "node:fs";
import { allChecks } from "./checks/index.ts";
import type { HistoryEvent } from "./checkers/history.ts";
import type { Job, Message, Order, UpJob, VerifyJob } from "./commands/job.ts";
import type { FaultStep } from "./faults/fault-plan.ts";
import { runDeployment } from "./run.ts";
import { targets } from "./targets/index.ts";
import type { Target } from "./targets/target.ts";

const tell = (message: Message): Promise<void> =>
  new Promise((resolve) => {
    if (process.send === undefined || !process.connected) return resolve();
    process.send(message, undefined, {}, () => resolve());
  });

const stop = new AbortController();

function targetOf(name: string): Target {
  const target = targets[name];
  if (target === undefined) throw new Error(`there is no target ${name}`);
  return target;
}

const line = (step: FaultStep, event: HistoryEvent, topology: string): string =>
  JSON.stringify({
    topology,
    fault: step.name,
    ...(step.variant === undefined ? {} : { variant: step.variant }),
    ...event,
    atNs: event.atNs.toString(),
  });

async function verify(job: VerifyJob): Promise<void> {
  const report = await runDeployment({
    target: targetOf(job.target),
    spec: job.spec,
    checks: allChecks.filter((check) => job.patterns.includes(check.name)),
    steps: job.steps,
    seed: job.seed,
    ...(job.badTwin === undefined ? {} : { badTwin: job.badTwin }),
    ...(job.budgets === undefined ? {} : { budgets: job.budgets }),
    signal: stop.signal,
    nowNs: () => process.hrtime.bigint(),
    startedNs: BigInt(job.startedNs),
    onProgress: (event) => void tell({ kind: "progress", event }),
    onHistory: (step, events) => {
      if (events.length > 0)
        appendFileSync(job.historyFile, `${events.map((event) => line(step, event, job.spec.topology.kind)).join("\n")}\n`);
    },
  });
  await tell({ kind: "done", report });
}

async function up(job: UpJob): Promise<void> {
  await using deployment = await targetOf(job.target).up(job.spec, { seed: job.seed, signal: stop.signal, progress: () => {} });
  await tell({ kind: "up", connection: deployment.connection(), readyMs: deployment.readyMs, engineVersion: deployment.engineVersion });
  await new Promise<void>((resolve) => stop.signal.addEventListener("abort", () => resolve(), { once: true }));
}

async function work(job: Job): Promise<void> {
  try {
    await (job.kind === "verify" ? verify(job) : up(job));
    if (job.kind === "up") await tell({ kind: "done" });
  } catch (error) {
    await tell({
      kind: "done",
      error: error instanceof Error ? (error.name === "TargetError" ? error.message : (error.stack ?? error.message)) : String(error),
    });
  }
  process.exit(0);
}

process.on("message", (order: Order) => {
  if (order.kind === "stop") stop.abort(new Error("stopped"));
  else void work(order.job);
});
// The command line is gone: nobody will read a report. Ending this process ends the namespaces with all that is in them, or lets the
// guard (targets/process/guard.sh) end the rest.
process.on("disconnect", () => {
  stop.abort(new Error("the command line is gone"));
  setTimeout(() => process.exit(3), 1000);
});
// ioredis prints errors of connections it opens for itself (Sentinel look-ups, slot refreshes), to which nobody can attach a listener. They
// say nothing that the history does not say.
const printError = console.error;
console.error = (...words: readonly unknown[]): void => {
  if (!String(words[0]).startsWith("[ioredis] Unhandled error event")) printError(...words);
};
// A client library must not take the run down; what it broke shows in the history.
process.on("unhandledRejection", (reason) => {
  const text = `unhandled rejection: ${reason instanceof Error ? reason.message : String(reason)}`;
  void tell({ kind: "progress", event: { kind: "note", deployment: "runner", atMs: 0, text } });
});
await tell({ kind: "ready" });
