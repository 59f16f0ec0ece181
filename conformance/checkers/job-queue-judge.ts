// Judges a job queue by its ledger: every accepted job ran to its end, attempts, backoff, concurrency and retention held. Pure.

import type { Violation } from "./finding.ts";
import { calls, msBetween, type Call, type History } from "./history.ts";
import { evidenceOf } from "./ledger.ts";

/** What is asked of a job: succeed; fail once and then succeed; fail always; fail once and for good. */
export type JobKind = "plain" | "flaky" | "poison" | "permanent";

export interface JobRules {
  readonly attempts: number;
  readonly backoffMs: number;
  readonly concurrency: number;
  readonly keepCompleted: number;
  readonly keepFailed: number;
}

/** What the queue held at the end. `states` covers accepted jobs of which no success was seen. */
export interface QueueAtEnd {
  readonly completed: number;
  readonly failed: number;
  readonly states: Readonly<Record<string, { readonly state: string; readonly attemptsMade: number }>>;
}

interface Ran {
  readonly add: Call;
  readonly kind: JobKind;
  readonly runs: readonly Call[];
  readonly successes: number;
}

export interface JobOutcome {
  readonly violations: readonly Violation[];
  readonly acked: readonly Call[];
  readonly lostOps: number;
  readonly duplicateOps: number;
  readonly lateOps: number;
  readonly failedOps: number;
  readonly unknownOps: number;
}

const endOf = (history: History): QueueAtEnd | undefined =>
  history.findLast((event) => event.op === "final")?.value as QueueAtEnd | undefined;

/** One entry a job id, by its first add; `acked` when any add of it was. */
function jobsOf(history: History): readonly (Ran & { readonly acked: boolean })[] {
  const runs = Map.groupBy(calls(history, "execute"), (call) => call.invoke.key);
  return [...Map.groupBy(calls(history, "add"), (call) => call.invoke.key)].flatMap(([key, adds]) => {
    const [first] = adds;
    if (!first) return [];
    const its = runs.get(key) ?? [];
    return {
      add: adds.find((add) => add.result === "ok") ?? first,
      acked: adds.some((add) => add.result === "ok"),
      kind: first.invoke.value as JobKind,
      runs: its,
      successes: its.filter((run) => run.result === "ok").length,
    };
  });
}

/** Jobs that cannot end well by design are done when the queue calls them failed, or has dropped them after their last run. */
function neverDone({ kind, successes, runs, add }: Ran, end: QueueAtEnd, attempts: number): boolean {
  if (kind === "plain" || kind === "flaky") return successes === 0;
  const state = end.states[add.invoke.key]?.state;
  const dropped = state === "missing" && runs.length >= (kind === "poison" ? attempts : 1);
  return state !== "failed" && !dropped;
}

/** Most runs under way at one moment. A run without an end counts until the history's. */
function mostAtOnce(runs: readonly Call[]): number {
  const edges = runs.flatMap((run) => [{ atNs: run.invoke.atNs, step: 1 }, ...(run.outcome ? [{ atNs: run.outcome.atNs, step: -1 }] : [])]);
  let [now, most] = [0, 0];
  for (const { step } of edges.toSorted((a, b) => (a.atNs === b.atNs ? a.step - b.step : a.atNs < b.atNs ? -1 : 1)))
    most = Math.max(most, (now += step));
  return most;
}

/** Retries that came sooner after a failure than the least backoff (half, by jitter). The same attempt again is a takeover, not a retry. */
function tooSoon(runs: readonly Call[], backoffMs: number): readonly Call[] {
  return runs.filter((run, at) => {
    const before = runs[at - 1];
    const attempt = Number(run.invoke.value);
    if (before?.outcome?.type !== "fail" || attempt !== Number(before.invoke.value) + 1) return false;
    return msBetween(before.outcome.atNs, run.invoke.atNs) < (backoffMs / 2) * 2 ** (attempt - 1) * 0.9;
  });
}

function broken(what: string, found: readonly Call[]): readonly Violation[] {
  return found.length > 0 ? [{ what: `${found.length} ${what}`, evidence: evidenceOf(found) }] : [];
}

const over = (most: number, allowed: number, what: string): readonly Violation[] =>
  most > allowed ? [{ what: `${what}: ${most}, allowed ${allowed}`, evidence: [] }] : [];

function rulesBroken(jobs: readonly Ran[], end: QueueAtEnd | undefined, rules: JobRules): readonly Violation[] {
  const atOnce = mostAtOnce(jobs.flatMap((job) => job.runs));
  const overAttempts = jobs.filter(({ add }) => (end?.states[add.invoke.key]?.attemptsMade ?? 0) > rules.attempts);
  const failedTooEarly = jobs.filter(
    ({ kind, runs, add }) => kind === "poison" && end?.states[add.invoke.key]?.state === "failed" && runs.length < rules.attempts,
  );
  return [
    ...over(atOnce, rules.concurrency, "jobs at once"),
    ...over(end?.completed ?? 0, rules.keepCompleted, "completed jobs kept"),
    ...over(end?.failed ?? 0, rules.keepFailed, "failed jobs kept"),
    ...broken(
      "jobs used more attempts than allowed",
      overAttempts.map((job) => job.add),
    ),
    ...broken(
      "jobs failed for good before their attempts were used",
      failedTooEarly.map((job) => job.add),
    ),
    ...broken(
      "retries came before their backoff",
      jobs.flatMap((job) => tooSoon(job.runs, rules.backoffMs)),
    ),
  ];
}

const full: ReadonlySet<string | undefined> = new Set(["oom", "misconf"]); // refused in words: the server says that it is full

/** Counts and violations. Without a final read nothing is called lost; the caller adds the doubt. */
export function judgeJobs(history: History, rules: JobRules, duplicatesAllowed: number): JobOutcome {
  const jobs = jobsOf(history);
  const adds = calls(history, "add");
  const end = endOf(history);
  const acked = jobs.filter((job) => job.acked);
  const lost = end ? acked.filter((job) => neverDone(job, end, rules.attempts)) : [];
  const again = jobs.filter((job) => job.successes > 1 || (job.kind === "permanent" && job.runs.length > 1));
  const duplicateOps = again.reduce((sum, job) => sum + (job.kind === "permanent" ? job.runs.length : job.successes) - 1, 0);
  const failed = adds.filter((add) => add.result === "fail");
  const refused = failed.filter((add) => !full.has(add.outcome?.error));
  const classes = [...new Set(refused.map((add) => add.outcome?.error))].join(", ");
  const stateOf = (job: Ran): string => end?.states[job.add.invoke.key]?.state ?? "unknown";
  const states = [...new Set(lost.map(stateOf))].join(", ");
  return {
    violations: [
      ...broken(
        `accepted jobs were never done (now: ${states})`,
        lost.map((job) => job.add),
      ),
      ...(duplicateOps > duplicatesAllowed
        ? broken(
            `jobs ran to success more than once, ${duplicateOps} runs too many, allowed ${duplicatesAllowed}`,
            again.map((job) => job.add),
          )
        : []),
      ...broken(`jobs were refused (${classes})`, refused),
      ...rulesBroken(jobs, end, rules),
    ],
    acked: adds.filter((add) => add.result === "ok"),
    lostOps: lost.length,
    duplicateOps,
    lateOps: jobs.filter((job) => !job.acked && job.runs.length > 0).length,
    failedOps: failed.length,
    unknownOps: adds.filter((add) => add.result === "info").length,
  };
}

/** The longest an idle worker took for its first job, ms; null when none was given. Unanswered jobs count until `untilNs`. */
export function firstJobMs(history: History, untilNs: bigint): { readonly ms: number | null; readonly unanswered: readonly Call[] } {
  const runs = calls(history, "idle-execute");
  const given = calls(history, "idle-add").filter((add) => add.result === "ok" && add.outcome);
  const ranAt = (add: Call): bigint | undefined => runs.find((run) => run.invoke.key === add.invoke.key)?.invoke.atNs;
  const waits = given.map((add) => Math.max(0, msBetween(add.outcome?.atNs ?? 0n, ranAt(add) ?? untilNs)));
  return { ms: waits.length > 0 ? Math.max(...waits) : null, unanswered: given.filter((add) => ranAt(add) === undefined) };
}
