import { expect, test } from "vitest";
import { calls } from "../checkers/history.ts";
import { createRecorder } from "./recorder.ts";

const clock = (): (() => bigint) => {
  let nowNs = 0n;
  return () => (nowNs += 10n);
};

test("numbers events in the order they happened and ties outcomes to invokes", () => {
  const record = createRecorder("leaderboard", clock());
  const first = record.invoke({ process: 1, op: "add", key: "{a}:x", value: 1 });
  const second = record.invoke({ process: 2, op: "add", key: "{a}:x", value: 2 });
  second.ok("done", "n1");
  first.info("timeout");
  expect(record.events.map((event) => [event.index, event.call, event.type])).toEqual([
    [0, 0, "invoke"],
    [1, 1, "invoke"],
    [2, 1, "ok"],
    [3, 0, "info"],
  ]);
  expect(calls(record.events).map((call) => call.result)).toEqual(["info", "ok"]);
  expect(record.events[2]).toMatchObject({ value: "done", node: "n1", process: 2, pattern: "leaderboard", atNs: 30n });
});

test("keeps the first outcome of a call when a late answer follows a deadline", () => {
  const record = createRecorder("x", clock());
  const pending = record.invoke({ process: 0, op: "add", key: "k" });
  pending.info("deadline");
  pending.ok("late");
  expect(record.events).toHaveLength(2);
});

test("notes a fact without an invoke, which is not a call", () => {
  const record = createRecorder("x", clock());
  record.note({ process: 0, op: "final", key: "k", value: null });
  expect(record.events[0]).toMatchObject({ type: "ok", op: "final", value: null });
  expect(calls(record.events)).toEqual([]);
});
