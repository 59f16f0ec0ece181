import { expect, test } from "vitest";
import type { History, HistoryEvent } from "./history.ts";
import { judgeThrough } from "./write-through-judge.ts";

type Line = readonly [atMs: number, op: string, type: HistoryEvent["type"], value?: unknown, call?: number];

/** All lines are of one key; a line without a call number is a note. */
const historyOf = (lines: readonly Line[]): History =>
  lines.map(([atMs, op, type, value, call], index) => ({
    index,
    process: 1,
    pattern: "write-through",
    op,
    key: "{a}:k",
    type,
    value,
    call: call ?? 1000 + index,
    atNs: BigInt(atMs) * 1_000_000n,
  }));

const bounds = { injectedAtNs: 5_000_000_000n, ttlMs: 2000, graceMs: 100 };
const commit = (atMs: number, version: number): Line => [atMs, "commit", "ok", { version, data: `d${version}` }];
const write = (atMs: number, version: number, cached = "updated"): readonly Line[] => [
  [atMs, "write", "invoke", `d${version}`, 100 + version],
  commit(atMs + 1, version),
  [atMs + 2, "write", "ok", { version, cached }, 100 + version],
];
const read = (atMs: number, call: number, version: number): readonly Line[] => [
  [atMs, "read", "invoke", undefined, call],
  [atMs + 2, "read", "ok", { version, data: `d${version}` }, call],
];
const judged = (lines: readonly Line[]) => judgeThrough(historyOf(lines), bounds);
const reasons = (lines: readonly Line[]): string =>
  judged(lines)
    .violations.map(({ what }) => what)
    .join("; ");

test("finds nothing wrong with writes and reads in order, and a refusal", () => {
  const refused: Line[] = [
    [300, "write", "invoke", "bad", 9],
    [301, "write", "ok", { refused: true }, 9],
  ];
  expect(judged([...write(0, 1), ...read(10, 1, 1), ...write(200, 2), ...read(400, 2, 2), ...refused])).toEqual({
    violations: [],
    lost: [],
    longestStaleMs: 0,
    uncachedWrites: 0,
  });
});

test("flags a write that was acknowledged and is not in the source", () => {
  const lines: Line[] = [
    [0, "write", "invoke", "d1", 1],
    [2, "write", "ok", { version: 1, cached: "updated" }, 1],
  ];
  expect(judged(lines).lost).toHaveLength(1);
  expect(reasons(lines)).toContain("not in the source");
});

test("does not expect an unknown write in the source", () => {
  expect(
    reasons([
      [0, "write", "invoke", "d1", 1],
      [2, "write", "info", undefined, 1],
    ]),
  ).toBe("");
});

test("flags a read of what the source never had, or had only later", () => {
  expect(reasons([...write(0, 1), ...read(10, 1, 2)])).toContain("never had");
  expect(reasons([...write(0, 1), ...read(10, 1, 2), ...write(50, 2)])).toContain("never had");
});

test("flags a read older than an acknowledged write when nothing was broken, and only then", () => {
  expect(reasons([...write(0, 1), ...write(100, 2), ...read(400, 1, 1)])).toContain("older than an acknowledged write");
  expect(reasons([...write(0, 1), ...write(100, 2, "expires"), ...read(400, 1, 1)])).toBe("");
  expect(reasons([...write(5100, 1), ...write(5200, 2), ...read(5500, 1, 1)])).toBe("");
});

test("flags a read older than the TTL, whatever the cache was told", () => {
  expect(reasons([...write(0, 1), ...write(100, 2, "expires"), ...read(2500, 1, 1)])).toContain("older than the TTL");
});

test("counts writes that the cache did not take", () => {
  expect(judged([...write(0, 1), ...write(10, 2, "expires"), ...write(20, 3, "invalidated")]).uncachedWrites).toBe(2);
});

test("flags a key without a TTL", () => {
  expect(reasons([[9000, "final", "ok", { keys: 1, endless: ["{a}:k"] }]])).toContain("without a TTL");
});
