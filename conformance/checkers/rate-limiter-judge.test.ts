// Hand-made histories: what the rate limiter's judge must flag, and what it must let pass.

import { describe, expect, it } from "vitest";
import type { History, HistoryEvent } from "./history.ts";
import { decidedByServer, judgeLimiter, type DecisionValue, type KeyView, type LimiterTerms } from "./rate-limiter-judge.ts";

const ms = 1_000_000n;
const terms: LimiterTerms = {
  limit: 3,
  windowMs: 100,
  injectedAtNs: 1000n * ms,
  redundantAtNs: 2000n * ms,
  calm: (key) => key.endsWith("calm"),
};

type Answer = readonly [atMs: number, allowed: boolean, source?: DecisionValue["source"]];

/** The server's clock and the monotonic one agree here; an answer comes 1 ms after its question. */
function historyOf(answers: readonly Answer[], views: readonly KeyView[] = [], key = "{a}:busy"): History {
  const events: Omit<HistoryEvent, "index">[] = [];
  for (const [call, [atMs, allowed, source = "server"]] of answers.entries()) {
    const common = { process: 0, pattern: "rate-limiter", op: "check", key, call };
    events.push({ ...common, type: "invoke", atNs: BigInt(atMs) * ms });
    events.push({ ...common, type: "ok", atNs: BigInt(atMs + 1) * ms, value: { allowed, source, atUs: atMs * 1000 } });
  }
  for (const value of views)
    events.push({ process: 1, pattern: "rate-limiter", op: "inspect", key, call: 900, type: "ok", atNs: 0n, value });
  return events.map((event, index) => ({ ...event, index }));
}

const admittedAt = (...times: readonly number[]): Answer[] => times.map((atMs) => [atMs, true]);
const whats = (history: History): readonly string[] => judgeLimiter(history, terms).violations.map((violation) => violation.what);

describe("judgeLimiter", () => {
  it("lets the limit in every window pass, also when the windows touch each other", () => {
    const good = historyOf(
      [...admittedAt(0, 10, 99, 100, 110, 199), [200, true], [201, false]],
      [
        { entries: 3, ttlMs: 5 },
        { entries: 0, ttlMs: -2 },
      ],
    );
    expect(whats(good)).toEqual([]);
    expect(judgeLimiter(good, terms)).toMatchObject({ steadyMost: 3, rejectedOps: 1, localOps: 0 });
  });

  it("flags one admission too many in a window that no fixed window shows", () => {
    expect(whats(historyOf(admittedAt(60, 90, 110, 159)))).toEqual(["4 admissions in one window of steady state, 3 are allowed"]);
  });

  it("allows twice the limit in a window that touches the fault, and flags one more", () => {
    expect(whats(historyOf(admittedAt(1500, 1501, 1502, 1503, 1504, 1505)))).toEqual([]);
    expect(whats(historyOf(admittedAt(1500, 1501, 1502, 1503, 1504, 1505, 1506)))).toEqual([
      "7 admissions in one window that touches the fault, 6 are allowed",
    ]);
  });

  it("judges a window by the doubled limit when the local limit decided in it", () => {
    const mixed = historyOf([...admittedAt(0, 1, 2), [3, true, "local"]]);
    expect(whats(mixed)).toEqual([]);
    expect(judgeLimiter(mixed, terms)).toMatchObject({ localOps: 1, touchedMost: 4 });
    expect(decidedByServer(mixed).length).toBe(mixed.length - 1);
  });

  it("judges each key by itself", () => {
    const two = [
      ...historyOf(admittedAt(0, 1, 2)),
      ...historyOf(admittedAt(0, 1, 2), [], "{a}:other").map((event) => ({ ...event, call: event.call + 10 })),
    ];
    expect(whats(two)).toEqual([]);
  });

  it("flags a rejected caller that stayed inside its limit", () => {
    expect(
      whats(
        historyOf(
          [
            [0, true],
            [500, false],
          ],
          [],
          "{a}:calm",
        ),
      ),
    ).toEqual(["a caller inside its limit was rejected 1 times"]);
  });

  it("flags a key without TTL and one that holds more than the limit", () => {
    expect(whats(historyOf([], [{ entries: 1, ttlMs: -1 }]))).toEqual(["a key without TTL was seen 1 times"]);
    expect(
      whats(
        historyOf(
          [],
          [
            { entries: 9, ttlMs: 5 },
            { entries: 4, ttlMs: 5 },
          ],
        ),
      ),
    ).toEqual(["a key held 9 entries, the limit is 3"]);
  });
});
