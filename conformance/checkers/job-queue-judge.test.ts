// Hand-made job histories that the judge must flag, and one that it must not.

import { expect, test } from "vitest";
import type { EventType, HistoryEvent } from "./history.ts";
import { firstJobMs, judgeJobs, type JobKind, type JobRules, type QueueAtEnd } from "./job-queue-judge.ts";

const rules: JobRules = { attempts: 3, backoffMs: 100, concurrency: 2, keepCompleted: 10, keepFailed: 5 };
const ms = 1_000_000n;
const at = (atMs: number): bigint => BigInt(atMs) * ms;

/** A history written as calls: [op, key, value, outcome, from ms, to ms]. */
function story(...told: readonly (readonly [string, string, unknown, EventType, number, number])[]): HistoryEvent[] {
  return told
    .flatMap(([op, key, value, type, fromMs, toMs], call) => {
      const base = { index: 0, process: 0, pattern: "job-queue", op, key, call };
      return [
        { ...base, type: "invoke" as const, value, atNs: at(fromMs) },
        { ...base, type, atNs: at(toMs), ...(type === "fail" && op === "add" ? { error: "crossslot" as const } : {}) },
      ];
    })
    .toSorted((a, b) => (a.atNs < b.atNs ? -1 : 1))
    .map((event, index) => ({ ...event, index }));
}

const ended = (history: HistoryEvent[], end: Partial<QueueAtEnd> = {}): HistoryEvent[] => [
  ...history,
  {
    index: history.length,
    process: 9,
    pattern: "job-queue",
    op: "final",
    key: "q",
    type: "ok",
    atNs: 99_999n * ms,
    call: 999,
    value: { completed: 1, failed: 0, states: {}, ...end },
  },
];
const add = (key: string, kind: JobKind = "plain") => ["add", key, kind, "ok", 0, 1] as const;
const run = (key: string, type: EventType, fromMs: number, attempt = 0) => ["execute", key, attempt, type, fromMs, fromMs + 10] as const;
const whatOf = (history: HistoryEvent[], duplicatesAllowed = 0) =>
  judgeJobs(history, rules, duplicatesAllowed).violations.map((found) => found.what);

test("a job that ran once, and one that failed once and then ran, are in order", () => {
  expect(whatOf(ended(story(add("a"), run("a", "ok", 10), add("b", "flaky"), run("b", "fail", 30), run("b", "ok", 100))))).toEqual([]);
});

test("an accepted job without a successful run is lost, with its last state", () => {
  const history = ended(story(add("a")), { states: { a: { state: "missing", attemptsMade: 0 } } });
  expect(judgeJobs(history, rules, 0).lostOps).toBe(1);
  expect(whatOf(history)).toEqual(["1 accepted jobs were never done (now: missing)"]);
});

test("without a final read no job is called lost", () => {
  expect(whatOf(story(add("a")))).toEqual([]);
});

test("an add of unknown outcome that ran is late and neither lost nor a duplicate", () => {
  const found = judgeJobs(ended(story(["add", "a", "plain", "info", 0, 1], run("a", "ok", 10))), rules, 0);
  expect(found).toMatchObject({ lostOps: 0, lateOps: 1, unknownOps: 1, violations: [] });
});

test("a second successful run is a duplicate, and a violation beyond what is allowed", () => {
  const history = ended(story(add("a"), run("a", "ok", 10), run("a", "ok", 50)));
  expect(whatOf(history, 1)).toEqual([]);
  expect(whatOf(history, 0)).toEqual(["1 jobs ran to success more than once, 1 runs too many, allowed 0"]);
});

test("a refused job is a violation with the server's reason", () => {
  expect(whatOf(ended(story(["add", "a", "plain", "fail", 0, 1])))).toEqual(["1 jobs were refused (crossslot)"]);
});

test("more runs at once than the concurrency is a violation", () => {
  expect(whatOf(ended(story(add("a"), add("b"), add("c"), run("a", "ok", 10), run("b", "ok", 12), run("c", "ok", 14))))).toEqual([
    "jobs at once: 3, allowed 2",
  ]);
});

test("a retry before its backoff is a violation", () => {
  const soon = story(add("a", "flaky"), run("a", "fail", 10), run("a", "ok", 30, 1));
  expect(whatOf(ended(soon))).toEqual(["1 retries came before their backoff"]);
});

test("the same attempt again, of a job whose lease had ended, is no retry and needs no backoff", () => {
  const takenOver = story(add("a", "flaky"), run("a", "fail", 10), run("a", "fail", 30), run("a", "ok", 130, 1));
  expect(whatOf(ended(takenOver))).toEqual([]);
});

test("a poison job must use its attempts and then fail; a permanent one fails at once", () => {
  const poison = [add("a", "poison"), run("a", "fail", 10), run("a", "fail", 100), run("a", "fail", 300)] as const;
  const states = { a: { state: "failed", attemptsMade: 3 }, b: { state: "failed", attemptsMade: 1 } };
  expect(whatOf(ended(story(...poison, add("b", "permanent"), run("b", "fail", 50)), { states }))).toEqual([]);
  expect(whatOf(ended(story(...poison.slice(0, 3)), { states }))).toEqual(["1 jobs failed for good before their attempts were used"]);
  expect(whatOf(ended(story(...poison), { states: { a: { state: "delayed", attemptsMade: 4 } } }))).toEqual([
    "1 accepted jobs were never done (now: delayed)",
    "1 jobs used more attempts than allowed",
  ]);
});

test("more finished jobs than are to be kept is a violation", () => {
  expect(whatOf(ended(story(add("a"), run("a", "ok", 10)), { completed: 11, failed: 6 }))).toEqual([
    "completed jobs kept: 11, allowed 10",
    "failed jobs kept: 6, allowed 5",
  ]);
});

test("the idle worker's wait is measured from the acknowledgement, and an unanswered job counts until the end", () => {
  const history = story(["idle-add", "i", undefined, "ok", 0, 5], ["idle-execute", "i", 0, "ok", 105, 110]);
  expect(firstJobMs(history, 900n * ms).ms).toBe(100);
  expect(firstJobMs(history.slice(0, 2), 905n * ms)).toMatchObject({ ms: 900, unanswered: [{ result: "ok" }] });
});
