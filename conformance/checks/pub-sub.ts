// The check of publish and subscribe: numbered messages to two subscribers, one of which loses its connection every second as clients
// do when they are deployed or too slow. At the end both read the log once more; what is then missing is lost.

import { coverageDoubts } from "../checkers/coverage.ts";
import { conclude, type Finding } from "../checkers/finding.ts";
import type { History } from "../checkers/history.ts";
import { judgeDeliveries } from "../checkers/pub-sub-judge.ts";
import { createClient, type Client } from "../patterns/connection.ts";
import { publisher, type Publisher } from "../patterns/pub-sub-publisher.ts";
import { subscriber, type Subscriber, type SubscriberOptions } from "../patterns/pub-sub.ts";
import { attempt, loop } from "./attempt.ts";
import { naivePublisher, naiveSubscriber } from "./bad-twins/pub-sub.ts";
import type { Check, FaultWindow, Running, WorkloadContext } from "./check.ts";
import { within } from "./within.ts";

const publishPeriodMs = 25;
const heartbeatMs = 250;
const bouncePeriodMs = 1000;
const startMs = 10_000; // for the first subscription
const graceMs = 2000; // for a message under way at stop; after it its end is unknown
const finalReadMs = 10_000;
const subscribers = [10, 11]; // their processes in the history
const beforeFaultNs = 500_000_000n;

interface Parts {
  readonly name: string;
  readonly sharded: boolean;
  readonly publishing: Publisher;
  readonly reader: Client;
}

const subscribe = (
  { connection, record, badTwin }: WorkloadContext,
  { name, sharded, reader }: Parts,
  process: number,
): Promise<Subscriber> => {
  const options: SubscriberOptions = {
    name,
    sharded,
    reader,
    heartbeatMs,
    connect: () => createClient(connection, "subscriber"),
    handle: ({ body }, via) => record.note({ process, op: "deliver", key: name, value: { id: Number(body), via } }),
    onLoss: (messages) => record.note({ process, op: "loss", key: name, value: messages ?? null }),
  };
  return badTwin ? naiveSubscriber(options) : subscriber(options);
};

function open(context: WorkloadContext, client: Client, reader: Client): Parts {
  const name = `{${context.lanes[0]?.tag ?? "a"}}:${context.prefix}:news`;
  const sharded = context.topology === "cluster";
  const publishing = context.badTwin
    ? naivePublisher(client, name, sharded)
    : publisher(client, { name, sharded, deadlineMs: context.outageMsMax + 5000 });
  return { name, sharded, publishing, reader };
}

/** Publishes, beats, and bounces the second subscriber until stopped. */
function drive(context: WorkloadContext, { name, publishing }: Parts, { second, stopped }: { second: Subscriber; stopped: AbortSignal }) {
  let sent = 0;
  const deadlineMs = context.outageMsMax + 5000;
  const loops = [
    loop(publishPeriodMs, async () => {
      const id = ++sent;
      const body = String(id);
      await attempt(context.record, { process: 0, op: "publish", key: name, value: id }, () =>
        within(deadlineMs, () => publishing.publish(body, `message-${body}`), stopped),
      );
    }),
    loop(heartbeatMs, () => within(deadlineMs, () => publishing.beat(), stopped).catch(() => {})), // a missed beat is what the subscribers are for
    loop(bouncePeriodMs, async () => {
      if (sent > 0) second.renew();
    }),
  ];
  return { stop: () => Promise.all(loops.map((one) => one.stop())) };
}

/** Resolves when every subscriber was handed a first message. */
async function firstDeliveries(seen: () => ReadonlySet<number>, stopped: AbortSignal): Promise<void> {
  while (!stopped.aborted && seen().size < subscribers.length) await new Promise((resolve) => setTimeout(resolve, publishPeriodMs));
}

/** Every subscriber reads the log to its end; noted only when all could. */
async function finish({ record }: WorkloadContext, name: string, running: readonly Subscriber[]): Promise<void> {
  try {
    await within(finalReadMs, () => Promise.all(running.map((one) => one.catchUp())));
    if (running.length === subscribers.length) record.note({ process: 9, op: "final", key: name });
  } catch {
    // no note: the judge calls it inconclusive
  }
}

async function start(context: WorkloadContext): Promise<Running> {
  const [client, reader] = [createClient(context.connection), createClient(context.connection)];
  const parts = open(context, client, reader);
  const stopping = new AbortController();
  const seen = new Set<number>();
  const record = {
    ...context.record,
    note: (event: Parameters<typeof context.record.note>[0]) => (seen.add(event.process), context.record.note(event)),
  };
  const running: Subscriber[] = [];
  let driving: ReturnType<typeof drive> | undefined;
  const begin = async (): Promise<void> => {
    running.push(
      ...(await within(
        startMs,
        () => Promise.all(subscribers.map((process) => subscribe({ ...context, record }, parts, process))),
        stopping.signal,
      )),
    );
    const second = running[1];
    if (second && !stopping.signal.aborted) driving = drive(context, parts, { second, stopped: stopping.signal });
    await firstDeliveries(() => seen, stopping.signal);
  };
  const steady = begin();
  steady.catch(() => {});
  return {
    steady,
    async stop() {
      const grace = setTimeout(() => stopping.abort(), graceMs);
      await driving?.stop();
      clearTimeout(grace);
      await finish(context, parts.name, running);
      stopping.abort();
      for (const one of running) one.stop();
      for (const one of [client, reader]) one.disconnect();
    },
  };
}

function judge(history: History, window: FaultWindow): Finding {
  const early = window.injectedAtNs - beforeFaultNs;
  const judged = judgeDeliveries(history, subscribers, {
    fromNs: early > window.startedAtNs ? early : window.startedAtNs,
    toNs: window.redundantAtNs < window.endedAtNs ? window.redundantAtNs : window.endedAtNs,
    redundantAtNs: window.redundantAtNs,
    endedAtNs: window.endedAtNs,
    lostOpsMax: window.budget.lostOps,
  });
  const reported = history.filter((event) => event.op === "loss").length;
  return conclude({
    measured: {
      gapMs: judged.gapMs,
      ackedOps: judged.published.length,
      lostOps: judged.lostOps,
      duplicateOps: judged.duplicateOps,
      lateOps: judged.lateOps,
      failedOps: judged.failed.length,
      unknownOps: judged.unknown.length,
      extra: { repairedOps: judged.repairedOps, reportedLosses: reported },
    },
    budget: window.budget,
    violations: judged.violations,
    doubts: coverageDoubts(history, judged.published, window),
    limits: [],
  });
}

export const pubSubCheck: Check = Object.freeze<Check>({
  name: "pub-sub",
  promise: "Every acknowledged message reaches every subscriber once and in order, pushed or repaired from the log, and nobody stays deaf.",
  level: "core",
  budget: { extraGapMs: 3 * heartbeatMs, duplicateOps: 0, failedOps: 0 }, // two heartbeats to call it deaf, one to be told the end of the log
  badTwin: {
    name: "plain PUBLISH",
    violation: "what is published while a subscriber reconnects is lost, and nobody knows",
    shownBy: "steady",
  },
  start,
  judge,
});
