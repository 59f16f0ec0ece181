// The check of the rate limiter: two application processes ask for one busy subject far above its limit, in bursts and between them,
// for a calm one well inside it, and the keys are looked at from outside. Both algorithms, both failing open to a local limit.

import { coverageDoubts } from "../checkers/coverage.ts";
import { conclude, type Finding } from "../checkers/finding.ts";
import { calls, msBetween, type History } from "../checkers/history.ts";
import { decidedByServer, judgeLimiter, type KeyView } from "../checkers/rate-limiter-judge.ts";
import { createClient, type Client } from "../patterns/connection.ts";
import { rateLimiter, type RateLimiter } from "../patterns/rate-limiter.ts";
import { attempt, loop } from "./attempt.ts";
import { naiveRateLimiter } from "./bad-twins/rate-limiter.ts";
import type { Check, FaultWindow, Running, WorkloadContext } from "./check.ts";
import { faultGapMs } from "./fault-gap.ts";
import { finalRead } from "./final-read.ts";
import { within } from "./within.ts";

const limit = 8;
const windowMs = 400;
const busyPeriodMs = 40; // alone more than the limit: 10 calls a window, half of them for each algorithm
const burstPeriodMs = 400;
const burstCalls = 10; // at once, more than the limit
const calmPeriodMs = 500;
const inspectPeriodMs = 500;
const deadlineMs = 100; // twice the usual 50 ms: ten patterns and all servers share two cores
const instances = 2;
const algorithms = ["gcra", "sliding-log"] as const;
const graceMs = 2000; // for an inspection under way at stop

type Algorithm = (typeof algorithms)[number];

const prefixOf = ({ lanes, prefix }: WorkloadContext, algorithm: Algorithm): string => `{${lanes[0]?.tag ?? "a"}}:${prefix}:${algorithm}:`;

function open(context: WorkloadContext, client: Client, algorithm: Algorithm): RateLimiter {
  const prefix = prefixOf(context, algorithm);
  if (context.badTwin) return naiveRateLimiter(client, prefix, { limit, windowMs });
  const policy = { whenUnavailable: "open", localLimit: limit / instances, deadlineMs } as const;
  return rateLimiter(client, { prefix, limit, windowMs, algorithm, ...policy });
}

/** Entries of a subject's key, and its TTL; a number counts as one entry. */
async function inspect(client: Client, key: string, algorithm: Algorithm): Promise<KeyView> {
  const [entries, ttlMs] = await Promise.all([algorithm === "gcra" ? client.exists(key) : client.zcard(key), client.pttl(key)]);
  return { entries, ttlMs };
}

/** Asks once for a subject; resolves to true when the server decided. */
type Ask = (instance: number, algorithm: Algorithm, subject: string) => Promise<boolean>;

function asking(context: WorkloadContext, clients: readonly Client[], stopped: AbortSignal): Ask {
  const limiters = clients.map((client) => new Map(algorithms.map((algorithm) => [algorithm, open(context, client, algorithm)])));
  return async (instance, algorithm, subject) => {
    const key = prefixOf(context, algorithm) + subject;
    const decided = await attempt(context.record, { process: instance, op: "check", key }, async () => {
      const decision = await within(context.outageMsMax, async () => limiters[instance]?.get(algorithm)?.check(subject), stopped);
      return decision && { allowed: decision.allowed, source: decision.source, atUs: decision.atUs };
    });
    return decided?.source === "server";
  };
}

const algorithmAt = (turn: number): Algorithm => algorithms[turn % algorithms.length] ?? "gcra";

/** The closed loops; each alternates between algorithms and processes. */
function drive(ask: Ask): readonly { stop(): Promise<void> }[] {
  const turns = { busy: 0, burst: 0 };
  return [
    loop(busyPeriodMs, async () => {
      const turn = turns.busy++;
      await ask((turn >> 1) % instances, algorithmAt(turn), "busy");
    }),
    loop(burstPeriodMs, async () => {
      const algorithm = algorithmAt(turns.burst++);
      await Promise.all(Array.from({ length: burstCalls }, (_, at) => ask(at % instances, algorithm, "busy")));
    }),
    loop(calmPeriodMs, async () => {
      for (const algorithm of algorithms) await ask(0, algorithm, "calm");
    }),
  ];
}

/** Looks at the busy keys for as long as the workload runs. */
function watch(context: WorkloadContext, client: Client, stopped: AbortSignal): { stop(): Promise<void> } {
  return loop(inspectPeriodMs, async () => {
    for (const algorithm of algorithms) {
      const key = `${prefixOf(context, algorithm)}busy`;
      await attempt(context.record, { process: 8, op: "inspect", key }, () =>
        within(context.outageMsMax, () => inspect(client, key, algorithm), stopped),
      );
    }
  });
}

async function start(context: WorkloadContext): Promise<Running> {
  const clients = Array.from({ length: instances }, () => createClient(context.connection));
  const watcher = createClient(context.connection);
  const stopping = new AbortController();
  const ask = asking(context, clients, stopping.signal);
  let loops: readonly { stop(): Promise<void> }[] = [];
  const begin = async (): Promise<void> => {
    const first = (): Promise<boolean> =>
      Promise.all(algorithms.map((algorithm) => ask(0, algorithm, "calm"))).then((all) => all.every(Boolean));
    while (!stopping.signal.aborted && !(await first())) await new Promise((resolve) => setTimeout(resolve, calmPeriodMs));
    if (!stopping.signal.aborted) loops = [...drive(ask), watch(context, watcher, stopping.signal)];
  };
  return {
    steady: begin(),
    async stop() {
      const grace = setTimeout(() => stopping.abort(), graceMs);
      await Promise.all(loops.map((one) => one.stop()));
      clearTimeout(grace);
      stopping.abort();
      for (const client of [...clients, watcher]) client.disconnect();
      await finalRead(context, async (client) => {
        const key = `${prefixOf(context, "sliding-log")}busy`;
        context.record.note({ process: 9, op: "final", key, value: await inspect(client, key, "sliding-log") });
      });
    },
  };
}

function judge(history: History, window: FaultWindow): Finding {
  const { injectedAtNs, redundantAtNs } = window;
  const judged = judgeLimiter(history, { limit, windowMs, injectedAtNs, redundantAtNs, calm: (key) => key.endsWith(":calm") });
  const checks = calls(history, "check");
  const slowest = checks.map(({ invoke, outcome }) => (outcome ? msBetween(invoke.atNs, outcome.atNs) : 0));
  const doubts = [...coverageDoubts(history, judged.decided, window)];
  if (judged.rejectedOps === 0) doubts.push("the limit was never reached");
  if (!history.some((event) => event.op === "inspect" && event.type === "ok")) doubts.push("no key was looked at");
  return conclude({
    measured: {
      gapMs: faultGapMs(decidedByServer(history), window, { ops: ["check"] }),
      ackedOps: judged.decided.length,
      lostOps: 0, // a limiter keeps nothing that could be lost; what it forgets shows as admissions
      duplicateOps: 0,
      lateOps: 0,
      failedOps: checks.filter((call) => call.result === "fail").length,
      unknownOps: checks.filter((call) => call.result === "info").length,
      extra: {
        localOps: judged.localOps,
        admittedSteadyOps: judged.steadyMost,
        admittedTouchedOps: judged.touchedMost,
        slowestDecisionMs: slowest.reduce((most, ms) => Math.max(most, ms), 0),
      },
    },
    budget: window.budget,
    violations: judged.violations,
    doubts,
    limits: [],
  });
}

export const rateLimiterCheck: Check = Object.freeze<Check>({
  name: "rate-limiter",
  promise:
    "No window holds more admissions than the limit (twice the limit where it touches a failover), no caller inside it is rejected, and every key is bounded.",
  level: "core",
  budget: { extraGapMs: 150, duplicateOps: 0, failedOps: 0 }, // the deadline after which a decision is local, and one period
  badTwin: {
    name: "timestamp as member",
    violation: "calls of one millisecond are all admitted, and rejected calls are stored",
    shownBy: "steady",
  },
  start,
  judge,
});
