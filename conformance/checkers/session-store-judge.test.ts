import { expect, test } from "vitest";
import type { History, HistoryEvent } from "./history.ts";
import { judgeSessions } from "./session-store-judge.ts";

type Line = readonly [atMs: number, op: string, key: string, type: HistoryEvent["type"], value?: unknown, call?: number];

/** Lines to events; a line without a call number is a call or note of its own. */
const historyOf = (lines: readonly Line[]): History =>
  lines.map(([atMs, op, key, type, value, call], index) => ({
    index,
    process: 1,
    pattern: "session-store",
    op,
    key,
    type,
    value,
    call: call ?? 1000 + index,
    atNs: BigInt(atMs) * 1_000_000n,
  }));

const injectedAtNs = 5_000_000_000n;
const login = (key: string, atMs: number, call: number): readonly Line[] => [
  [atMs, "create", key, "invoke", { user: "ann" }, call],
  [atMs + 1, "create", key, "ok", true, call],
];
const call = (op: string, key: string, at: { ms: number; call: number; asked?: unknown; answer?: unknown }): readonly Line[] => [
  [at.ms, op, key, "invoke", at.asked, at.call],
  [at.ms + 1, op, key, "ok", at.answer, at.call],
];
const ann = (seq: number): unknown => ({ user: "ann", seq });
const judged = (lines: readonly Line[]) => judgeSessions(historyOf(lines), injectedAtNs);
const reasons = (lines: readonly Line[]): string =>
  judged(lines)
    .violations.map(({ what }) => what)
    .join("; ");

test("finds nothing wrong with a session that is read, saved, and destroyed", () => {
  const lines: Line[] = [
    ...login("a", 0, 1),
    ...call("update", "a", { ms: 10, call: 2, asked: { seq: 1 }, answer: "updated" }),
    ...call("read", "a", { ms: 20, call: 3, answer: ann(1) }),
    ...login("b", 30, 4),
    ...call("destroy", "b", { ms: 40, call: 5, answer: true }),
    ...call("update", "b", { ms: 50, call: 6, asked: { seq: 1 }, answer: "gone" }),
    ...call("read", "b", { ms: 60, call: 7, answer: null }),
    [9000, "final", "a", "ok", ann(1)],
    [9000, "final", "b", "ok", null],
  ];
  expect(judged(lines)).toEqual({ violations: [], lost: [], late: [], unread: 0, missedReads: 0 });
});

test("flags a destroyed session that is read again, in the run or at the end", () => {
  const gone = [...login("a", 0, 1), ...call("destroy", "a", { ms: 10, call: 2, answer: true })];
  expect(reasons([...gone, ...call("read", "a", { ms: 20, call: 3, answer: ann(0) }), [9000, "final", "a", "ok", null]])).toContain(
    "after its logout",
  );
  expect(reasons([...gone, [9000, "final", "a", "ok", ann(0)]])).toContain("after its logout");
});

test("does not call a session resurrected when its logout is unknown", () => {
  const unknown: Line[] = [...login("a", 0, 1), [10, "destroy", "a", "invoke", undefined, 2], [20, "destroy", "a", "info", undefined, 2]];
  expect(judged([...unknown, [9000, "final", "a", "ok", ann(0)]])).toMatchObject({ violations: [], lost: [] });
  expect(judged([...unknown, [9000, "final", "a", "ok", null]])).toMatchObject({ violations: [], lost: [] });
});

test("flags a read of another user's session", () => {
  const lines: Line[] = [
    ...login("a", 0, 1),
    ...call("read", "a", { ms: 10, call: 2, answer: { user: "bob", seq: 0 } }),
    [9000, "final", "a", "ok", ann(0)],
  ];
  expect(reasons(lines)).toContain("another user's");
});

test("flags an old session that is lost, and only counts one of the last second before the fault", () => {
  const old = judged([...login("a", 3000, 1), [9000, "final", "a", "ok", null]]);
  expect(old.violations[0]?.what).toContain("are lost");
  const fresh = judged([...login("a", 4500, 1), [9000, "final", "a", "ok", null]]);
  expect(fresh).toMatchObject({ violations: [] });
  expect(fresh.lost).toHaveLength(1);
});

test("flags an acknowledged save that the final session does not have", () => {
  const lines: Line[] = [
    ...login("a", 0, 1),
    ...call("update", "a", { ms: 10, call: 2, asked: { seq: 1 }, answer: "updated" }),
    [9000, "final", "a", "ok", ann(0)],
  ];
  expect(judged(lines).lost).toHaveLength(1);
  expect(reasons(lines)).toContain("are lost");
});

test("counts an unknown create that is found as late, never as lost", () => {
  const unknown: Line[] = [
    [0, "create", "a", "invoke", { user: "ann" }, 1],
    [9, "create", "a", "info", undefined, 1],
  ];
  expect(judged([...unknown, [9000, "final", "a", "ok", ann(0)]]).late).toHaveLength(1);
  expect(judged([...unknown, [9000, "final", "a", "ok", null]])).toMatchObject({ lost: [], late: [] });
});

test("counts a read that missed a session which is still there, and sessions nobody looked at", () => {
  const lines: Line[] = [
    ...login("a", 0, 1),
    ...call("read", "a", { ms: 10, call: 2, answer: null }),
    [9000, "final", "a", "ok", ann(0)],
    ...login("b", 20, 3),
  ];
  expect(judged(lines)).toMatchObject({ missedReads: 1, unread: 1, violations: [] });
});
