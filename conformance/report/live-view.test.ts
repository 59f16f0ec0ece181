import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { liveFrame } from "./live-frame.ts";
import { afterEvent, noLiveState } from "./live-state.ts";
import { liveView } from "./live-view.ts";
import type { ProgressEvent } from "./progress.ts";
import { painter } from "./verdict-mark.ts";

const at = (atMs: number) => ({ deployment: "sentinel", atMs });
const crash = { fault: "crash-primary", variant: "process" };
const run: readonly ProgressEvent[] = [
  { ...at(0), kind: "deployment-starting" },
  { ...at(400), kind: "deployment-ready", readyMs: 400, engineVersion: "7.0.15" },
  { ...at(500), ...crash, kind: "fault-starting" },
  ...[750, 1000, 1250].map((atMs): ProgressEvent => ({ ...at(atMs), kind: "sample", okPerSecond: 900, errorsPerSecond: 0 })),
  { ...at(1300), ...crash, kind: "fault-injected", evidence: ["n1 exited by SIGKILL"] },
  ...Array.from({ length: 26 }, (_, index): ProgressEvent => ({
    ...at(1300 + index * 250),
    kind: "sample",
    okPerSecond: 0,
    errorsPerSecond: 40,
  })),
  { ...at(8000), ...crash, kind: "fault-healed" },
  { ...at(8100), kind: "sample", okPerSecond: 450, errorsPerSecond: 0 },
];
const rest: readonly ProgressEvent[] = [
  { ...at(8600), ...crash, kind: "fault-redundant", redundancyMs: 7300 },
  { ...at(8700), ...crash, kind: "fault-judged", verdict: "violation", gapMs: 6800, lostOps: 2, reason: "two\u001b[2J writes" },
  { ...at(8800), kind: "deployment-done", verdict: "violation" },
];

const record = (isTty: boolean, colour = false) => {
  const written: string[] = [];
  return { written, view: liveView({ write: (text) => written.push(text), isTty, colour, columns: () => 60 }) };
};

test("the picture shows what runs now, the dip, and the fault under it", () => {
  const state = run.reduce(afterEvent, noLiveState);
  expect(liveFrame(state, { paint: painter(false), width: 79 })).toEqual([
    "sentinel   crash-primary (process): healed, not yet redundant  0.10 s  450 ops/s, 0 errors/s".slice(0, 79),
    "           ███××××××××××××××××××××××××××▅",
    "              ━crash-primary (process)━━┄",
  ]);
});

test("no line of the picture is wider than the terminal, in colour too", () => {
  const state = run.reduce(afterEvent, noLiveState);
  for (const width of [20, 33, 79, 200])
    for (const line of liveFrame(state, { paint: painter(true), width }))
      expect(stripVTControlCharacters(line).length).toBeLessThanOrEqual(width);
});

test("without a terminal it prints one plain line an event, none for samples, and no control character of a server's", () => {
  const { written, view } = record(false);
  for (const event of [...run, ...rest]) view.show(event);
  view.close();
  expect(written.join("")).toBe(
    [
      "   0.0 s  sentinel  starting",
      "   0.4 s  sentinel  ready in 0.40 s (7.0.15)",
      "   0.5 s  sentinel  crash-primary (process) next",
      "   1.3 s  sentinel  crash-primary (process) injected: n1 exited by SIGKILL",
      "   8.0 s  sentinel  crash-primary (process) healed",
      "   8.6 s  sentinel  crash-primary (process): fully redundant 7.30 s after injection",
      "   8.7 s  sentinel  crash-primary (process) ✗ violation gap 6.80 s, 2 lost: two [2J writes",
      "   8.8 s  sentinel  done: violation",
      "",
    ].join("\n"),
  );
});

test("a terminal is redrawn at most 5 times a second and gets its cursor back once", async () => {
  const { written, view } = record(true);
  for (let round = 0; round < 50; round++) {
    for (const event of run) view.show(event);
    await sleep(10);
  }
  const redraws = written.length - 1;
  expect(redraws).toBeGreaterThanOrEqual(1);
  expect(redraws).toBeLessThanOrEqual(5);
  for (const event of rest) view.show(event);
  view.close();
  view.close();
  const text = written.join("");
  expect(text.startsWith("\u001b[?25l")).toBe(true);
  expect(text.endsWith("\u001b[?25h")).toBe(true);
  expect(text.split("\u001b[?25h")).toHaveLength(2);
  expect(text).toContain("✗ violation gap 6.80 s, 2 lost");
});

test("closing erases the picture and leaves the lasting lines", () => {
  const { written, view } = record(true);
  for (const event of run) view.show(event);
  view.close();
  expect(written.slice(1)).toEqual(["   0.4 s  sentinel  ready in 0.40 s (7.0.15)\n", "\u001b[?25h"]);
});

/** What a terminal would show after these writes: lines, cursor up, erase below. */
function screenAfter(written: readonly string[]): readonly string[] {
  let lines: string[] = [];
  for (const part of written
    .join("")
    .replaceAll("\u001b", "ESC")
    .split(/(ESC\[\d+FESC\[J|ESC\[\?25[lh]|\n)/)) {
    const up = /^ESC\[(\d+)F/.exec(part);
    if (up) lines = lines.slice(0, lines.length - Number(up[1]));
    else if (part !== "" && part !== "\n" && !part.startsWith("ESC")) lines.push(part);
  }
  return lines;
}

test("while it runs, the last picture stands below the lasting lines, and nothing of an older one", async () => {
  const { written, view } = record(true);
  for (const event of run) {
    view.show(event);
    await sleep(25); // several pictures of different heights
  }
  await sleep(250);
  expect(screenAfter(written)).toEqual([
    "   0.4 s  sentinel  ready in 0.40 s (7.0.15)",
    "sentinel   crash-primary (process): healed, not yet redundant  0.10 s".slice(0, 59),
    "           ███××××××××××××××××××××××××××▅",
    "              ━crash-primary (process)━━┄",
  ]);
  view.close();
  expect(screenAfter(written)).toEqual(["   0.4 s  sentinel  ready in 0.40 s (7.0.15)"]);
});
