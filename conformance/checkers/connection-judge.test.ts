// Hand-made histories that the connection judge must flag, and one that it must not.

import { expect, test } from "vitest";
import { foundByFinalReads, gaveUp, judgeMinority, type FinalRead } from "./connection-judge.ts";
import type { ErrorClass, EventType, HistoryEvent } from "./history.ts";
import { ledger } from "./ledger.ts";

const ms = 1_000_000n;

const made = (rest: Pick<HistoryEvent, "key" | "type" | "atNs" | "call" | "op"> & Partial<HistoryEvent>): HistoryEvent => ({
  index: 0,
  process: 0,
  pattern: "connection",
  ...rest,
});

/** Writes of one lane as [number, outcome, acknowledged at ms, error]; then what the final read found absent. */
function lane(
  kind: string,
  op: string,
  writes: readonly (readonly [number, EventType, number, ErrorClass?])[],
  absent: readonly number[],
): HistoryEvent[] {
  const base = `{a}:p:${kind}`;
  const to = Math.max(0, ...writes.map(([number]) => number));
  const value: FinalRead = { to, absent };
  return [
    ...writes.flatMap(([number, type, atMs, error]) => [
      made({ op, key: `${base}:${number}`, type: "invoke", atNs: BigInt(atMs) * ms, call: number + kind.length * 1000 }),
      made({
        op,
        key: `${base}:${number}`,
        type,
        atNs: BigInt(atMs) * ms,
        call: number + kind.length * 1000,
        ...(error ? { error } : {}),
      }),
    ]),
    made({ op: "final", key: base, type: "ok", atNs: 99_999n * ms, call: kind.length * 1000 + 999, value }),
  ].map((one, index) => ({ ...one, index }));
}

const writesOf = (history: readonly HistoryEvent[]) => ledger(history, ["write"], foundByFinalReads(history));
const window = { injectedAtNs: 1000n * ms, healedAtNs: 20_000n * ms, maxLagMs: 3000 };

test("an acknowledged write that is absent at the end is lost", () => {
  const history = lane(
    "w",
    "write",
    [
      [1, "ok", 10],
      [2, "ok", 20],
    ],
    [2],
  );
  expect(writesOf(history).lost.map((call) => call.invoke.key)).toEqual(["{a}:p:w:2"]);
});

test("without a final read nothing is called lost", () => {
  const history = lane("w", "write", [[1, "ok", 10]], [1]).filter((event) => event.op !== "final");
  expect(writesOf(history).lost).toEqual([]);
});

test("a rejected call is the client giving up, whether or not it was applied", () => {
  const history = lane(
    "w",
    "write",
    [
      [1, "ok", 10],
      [2, "info", 20, "closed"],
      [3, "fail", 30, "noreplicas"],
    ],
    [2, 3],
  );
  expect(gaveUp(history, writesOf(history)).map((found) => found.what)).toEqual([
    "2 calls were rejected instead of waiting (1 x noreplicas, 1 x closed)",
  ]);
});

test("the caller's own deadline and a full server are not the client giving up", () => {
  const history = lane(
    "w",
    "write",
    [
      [1, "info", 10, "deadline"],
      [2, "fail", 20, "oom"],
    ],
    [1, 2],
  );
  expect(gaveUp(history, writesOf(history))).toEqual([]);
});

test("an unknown write that is there is late, not resurrected; a failed one that is there is a lie", () => {
  const history = lane(
    "w",
    "write",
    [
      [1, "info", 10, "deadline"],
      [2, "fail", 20, "oom"],
    ],
    [],
  );
  const writes = writesOf(history);
  expect(writes.late).toHaveLength(2);
  expect(gaveUp(history, writes).map((found) => found.what)).toEqual(["1 writes were reported as not applied and are there"]);
});

test("a client in status end is dead for good", () => {
  const history = [
    ...lane("w", "write", [[1, "ok", 10]], []),
    { index: 9, process: 0, pattern: "connection", op: "status", key: "", type: "ok", atNs: 5n, call: 7, value: "end" } as const,
  ];
  expect(gaveUp(history, writesOf(history)).map((found) => found.what)).toEqual(["the client gave up: status end"]);
});

test("losses of a cut-off primary inside max-lag + 2 s are a documented limit with their number", () => {
  const found = judgeMinority(
    lane(
      "m",
      "minority-write",
      [
        [1, "ok", 1500],
        [2, "ok", 4900],
        [3, "fail", 6000, "noreplicas"],
      ],
      [1, 2, 3],
    ),
    window,
  );
  expect(found.violations).toEqual([]);
  expect(found.limits[0]).toMatch(/^2 writes .* first 3900 ms are lost \(min-replicas-max-lag bounds it to 5000 ms\)/);
  expect(found.extra).toMatchObject({ minorityWindowMs: 3900, minorityLostOps: 2, zombieAcks: 0 });
});

test("losses of a cut-off primary beyond max-lag + 2 s are a violation", () => {
  const found = judgeMinority(lane("m", "minority-write", [[1, "ok", 6200]], [1]), window);
  expect(found.violations[0]?.what).toContain("acknowledged lost writes for 5200 ms, the bound is 5000 ms");
});

test("a lost write that the old primary acknowledged after the heal is a zombie's", () => {
  const found = judgeMinority(lane("m", "minority-write", [[1, "ok", 20_500]], [1]), window);
  expect(found.violations[0]?.what).toMatch(/1 writes acknowledged by the old primary after the heal are lost/);
  expect(found.extra["zombieAcks"]).toBe(1);
});

test("a lost write that WAIT confirmed is a violation, however early", () => {
  const found = judgeMinority(lane("mw", "minority-wait-write", [[1, "ok", 1100]], [1]), window);
  expect(found.violations[0]?.what).toContain("confirmed by WAIT 1");
});

test("a history without minority writes says nothing of them", () => {
  expect(judgeMinority(lane("w", "write", [[1, "ok", 10]], []), window)).toEqual({ violations: [], limits: [], extra: {} });
});
