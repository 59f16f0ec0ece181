import { expect, test } from "vitest";
import { judgeCache, type CacheBounds } from "./cache-aside-judge.ts";
import type { History, HistoryEvent } from "./history.ts";

type Line = readonly [atMs: number, op: string, type: HistoryEvent["type"], value?: unknown, call?: number];

/** All lines are of one key; a line without a call number is a note. */
const historyOf = (lines: readonly Line[]): History =>
  lines.map(([atMs, op, type, value, call], index) => ({
    index,
    process: 1,
    pattern: "cache-aside",
    op,
    key: "{a}:k",
    type,
    value,
    call: call ?? 1000 + index,
    atNs: BigInt(atMs) * 1_000_000n,
  }));

const bounds: CacheBounds = { injectedAtNs: 5_000_000_000n, lifeMs: 2000, leaseMs: 400, graceMs: 100 };
const get = (atMs: number, call: number, version: number): readonly Line[] => [
  [atMs, "get", "invoke", undefined, call],
  [atMs + 2, "get", "ok", version, call],
];
const change = (atMs: number, call: number, version: number): readonly Line[] => [
  [atMs, "commit", "ok", version],
  [atMs, "invalidate", "invoke", version, call],
  [atMs + 2, "invalidate", "ok", true, call],
];
const load = (atMs: number): Line => [atMs, "load", "ok", 1];
const judged = (lines: readonly Line[]) => judgeCache(historyOf(lines), bounds);
const reasons = (lines: readonly Line[]): string =>
  judged(lines)
    .violations.map(({ what }) => what)
    .join("; ");

test("finds nothing wrong with a hit, a change, and a load after it", () => {
  const lines = [load(0), ...get(0, 1, 1), ...get(50, 2, 1), ...change(100, 3, 2), load(110), ...get(110, 4, 2)];
  expect(judged(lines)).toMatchObject({ violations: [], staleReads: 0, surplusLoads: 0, requestMsMax: 2 });
});

test("accepts the old value for a read that overlaps the load before the change", () => {
  expect(reasons([...change(100, 1, 2), ...get(150, 2, 1)])).toBe("");
});

test("flags a value older than an acknowledged invalidation when nothing was broken", () => {
  expect(reasons([...change(100, 1, 2), ...get(400, 2, 1)])).toContain("without a fault");
});

test("allows the same after a fault until the TTL, and flags it beyond", () => {
  const inside = judged([...change(5100, 1, 2), ...get(6000, 2, 1)]);
  expect(inside).toMatchObject({ violations: [], staleReads: 1 });
  expect(reasons([...change(5100, 1, 2), ...get(7500, 2, 1)])).toContain("older than invalidation and TTL");
});

test("bounds an invalidation that was never acknowledged by the TTL as well", () => {
  const unknown: Line[] = [
    [100, "commit", "ok", 2],
    [100, "invalidate", "invoke", 2, 1],
    [900, "invalidate", "info", undefined, 1],
  ];
  expect(reasons([...unknown, ...get(1500, 2, 1)])).toBe("");
  expect(reasons([...unknown, ...get(2500, 2, 1)])).toContain("older than invalidation and TTL");
});

test("flags a stampede: more loads than leases", () => {
  expect(reasons(Array.from({ length: 12 }, (_, at) => load(1000 + at)))).toContain("stampede");
});

test("does not count a load after an invalidation, after the lease, or after the fault", () => {
  const lines = [0, 500, 1000, 1500, 2000, 2500].map(load);
  const dropped = Array.from({ length: 12 }, (_, at) => [...change(3000 + at * 20, at, at + 2), load(3010 + at * 20)]).flat();
  expect(judged([...lines, ...dropped]).surplusLoads).toBe(0);
  expect(judged(Array.from({ length: 12 }, (_, at) => load(5100 + at))).surplusLoads).toBe(0);
});

test("flags a request that failed although the source was there", () => {
  expect(
    reasons([
      [0, "get", "invoke", undefined, 1],
      [90, "get", "info", undefined, 1],
    ]),
  ).toContain("requests failed");
});

test("flags a key without a TTL", () => {
  expect(reasons([[9000, "final", "ok", { keys: 3, endless: ["{a}:k"] }]])).toContain("without a TTL");
  expect(reasons([[9000, "final", "ok", { keys: 3, endless: [] }]])).toBe("");
});
