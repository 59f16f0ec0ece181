// The recorder: keeps one pattern's history in memory, numbered in the order things happened. It judges nothing and writes no file.

import type { ErrorClass, HistoryEvent } from "../checkers/history.ts";
import type { Pending, Recorder } from "./check.ts";

type Fact = Pick<HistoryEvent, "process" | "op" | "key" | "type" | "call"> & { value?: unknown; node?: string; error?: ErrorClass };

/** A recorder and what it has recorded so far. `nowNs` is the run's monotonic clock, shared with the fault window. */
export function createRecorder(pattern: string, nowNs: () => bigint): Recorder & { readonly events: HistoryEvent[] } {
  const events: HistoryEvent[] = [];
  let calls = 0;
  const push = ({ value, node, error, ...fact }: Fact): void => {
    events.push({
      index: events.length,
      pattern,
      atNs: nowNs(),
      ...fact,
      ...(value === undefined ? {} : { value }),
      ...(node === undefined ? {} : { node }),
      ...(error === undefined ? {} : { error }),
    });
  };
  return {
    events,
    invoke({ process, op, key, value }): Pending {
      const call = calls++;
      let ended = false;
      const end = (fact: Pick<Fact, "type" | "value" | "node" | "error">): void => {
        if (ended) return; // an outcome is final: a late answer after a deadline must not rewrite it
        ended = true;
        push({ process, op, key, call, ...fact });
      };
      push({ process, op, key, call, type: "invoke", value });
      return {
        call,
        ok: (answer, node) => end({ type: "ok", value: answer, ...(node === undefined ? {} : { node }) }),
        fail: (error) => end({ type: "fail", error }),
        info: (error) => end({ type: "info", error }),
      };
    },
    note: (event) => push({ ...event, call: calls++, type: "ok" }),
  };
}
