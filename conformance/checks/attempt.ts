// One recorded call: runs it and writes what was certainly applied, certainly not, or unknown. Decides nothing else.

import type { ErrorClass } from "../checkers/history.ts";
import type { Recorder } from "./check.ts";

const replies: readonly (readonly [string, ErrorClass])[] = [
  ["READONLY", "readonly"],
  ["NOREPLICAS", "noreplicas"],
  ["LOADING", "loading"],
  ["MASTERDOWN", "masterdown"],
  ["CLUSTERDOWN", "clusterdown"],
  ["TRYAGAIN", "tryagain"],
  ["MOVED", "moved"],
  ["OOM", "oom"],
  ["MISCONF", "misconf"],
  ["NOAUTH", "noauth"],
  ["WRONGPASS", "noauth"],
  ["NOPERM", "noauth"],
  ["BUSY", "busy"],
  ["NOSCRIPT", "noscript"],
  ["CROSSSLOT", "crossslot"],
  ["ECONNREFUSED", "refused"],
  ["ECONNRESET", "reset"],
  ["EPIPE", "reset"],
  ["ETIMEDOUT", "timeout"],
  ["Socket timeout", "timeout"],
  ["Command timed out", "timeout"],
  ["DEADLINE", "deadline"],
  ["Connection is closed", "closed"],
  ["max retries per request", "closed"],
];

/** Replies by which a server says that it did not apply the command. Everything else is unknown (Jepsen's Redis client makes the same split). */
const certain: ReadonlySet<ErrorClass> = new Set([
  "readonly",
  "noreplicas",
  "loading",
  "masterdown",
  "clusterdown",
  "tryagain",
  "moved",
  "oom",
  "misconf",
  "noauth",
  "busy",
  "noscript",
  "crossslot",
  "refused",
]);

/** Names the error and says whether it proves that nothing was applied. Follows `cause` and ioredis' `lastNodeError` / `previousErrors`. */
export function classify(error: unknown): { readonly type: "fail" | "info"; readonly error: ErrorClass } {
  const texts: string[] = [];
  for (let at: unknown = error; at instanceof Error && texts.length < 5; at = at.cause ?? (at as { lastNodeError?: unknown }).lastNodeError)
    texts.push(`${at.name} ${at.message} ${(at as { code?: string }).code ?? ""}`);
  const text = texts.join(" | ");
  const found = replies.find(([needle]) => text.includes(needle))?.[1] ?? "other";
  return { type: certain.has(found) ? "fail" : "info", error: found };
}

/** Runs `call` as one recorded operation; resolves to its value, or undefined when it did not succeed (the history says how). */
export async function attempt<T>(
  record: Recorder,
  event: { readonly process: number; readonly op: string; readonly key: string; readonly value?: unknown },
  call: () => Promise<T>,
): Promise<T | undefined> {
  const pending = record.invoke(event);
  try {
    const value = await call();
    pending.ok(value);
    return value;
  } catch (error) {
    const { type, error: errorClass } = classify(error);
    if (type === "fail") pending.fail(errorClass);
    else pending.info(errorClass);
    return undefined;
  }
}

/** Calls `step` every `periodMs` (start to start, never two at once) until stopped; `stop()` waits for the step under way. */
export function loop(periodMs: number, step: () => Promise<void>): { stop(): Promise<void> } {
  const state = { stopped: false };
  let wake: (() => void) | undefined;
  const done = (async () => {
    while (!state.stopped) {
      const startedMs = performance.now();
      await step();
      const restMs = periodMs - (performance.now() - startedMs);
      if (restMs > 0 && !state.stopped)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, restMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      else await new Promise<void>((resolve) => setImmediate(resolve));
    }
  })();
  return {
    stop: () => {
      state.stopped = true;
      wake?.();
      return done;
    },
  };
}
