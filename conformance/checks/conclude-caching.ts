// What the two cache checks conclude alike: a cache that is away delays requests and loses nothing by itself, so the gap is that of the cache's
// own writes and the requests' gap stands beside it. Pure.

import { conclude, type Finding, type Violation } from "../checkers/finding.ts";
import { coverageDoubts } from "../checkers/coverage.ts";
import { calls, type History } from "../checkers/history.ts";
import type { FaultWindow } from "./check.ts";
import { faultGapMs } from "./fault-gap.ts";
import { witnessed } from "./witness.ts";

export interface Caching {
  /** Events of the writes that the cache itself took. */
  readonly cached: History;
  /** Names of those writes, and of the requests that an application waits for. */
  readonly writeOp: string;
  readonly requestOp: string;
  readonly lostOps: number;
  readonly violations: readonly Violation[];
  readonly extra: Readonly<Record<string, number>>;
}

export function concludeCaching(history: History, window: FaultWindow, caching: Caching): Finding {
  const all = calls(history).filter((call) => call.invoke.op !== "witness");
  const count = (result: "ok" | "fail" | "info"): number => all.filter((call) => call.result === result).length;
  const acked = calls(caching.cached).filter((call) => call.result === "ok" && call.invoke.op === caching.writeOp);
  const requestsGapMs = faultGapMs(history, window, { ops: [caching.requestOp] });
  return conclude({
    measured: {
      gapMs: faultGapMs(caching.cached, window, { ops: [caching.writeOp] }),
      ackedOps: count("ok"),
      lostOps: caching.lostOps,
      duplicateOps: 0,
      lateOps: 0,
      failedOps: count("fail"),
      unknownOps: count("info"),
      extra: { ...caching.extra, ...(requestsGapMs === null ? {} : { requestsGapMs }), ...witnessed(history, window) },
    },
    budget: window.budget,
    violations: caching.violations,
    doubts: coverageDoubts(history, acked, window),
    limits: [],
  });
}
