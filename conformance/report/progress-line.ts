// One progress event as one line of a log: time, deployment, what happened. Samples have no line: they belong to a picture.

import { formatMs } from "./format-measure.ts";
import { oneLine } from "./one-line.ts";
import { faultLabel, type ProgressEvent } from "./progress.ts";
import { verdictMarks, type Paint } from "./verdict-mark.ts";

const evidence = (seen: readonly string[] | undefined): string => (seen === undefined || seen.length === 0 ? "" : `: ${seen.join("; ")}`);

function judged(event: Extract<ProgressEvent, { kind: "fault-judged" }>, paint: Paint): string {
  const { sign, style } = verdictMarks[event.verdict];
  const cost = event.gapMs === undefined || event.gapMs === null ? "" : ` gap ${formatMs(event.gapMs)},`;
  const lost = event.lostOps === undefined ? "" : ` ${event.lostOps} lost`;
  const why = event.reason === undefined || event.verdict === "pass" ? "" : `: ${oneLine(event.reason)}`;
  return `${faultLabel({ name: event.fault, variant: event.variant })} ${paint(style, `${sign} ${event.verdict}`)}${cost}${lost}${why}`;
}

function words(event: ProgressEvent, paint: Paint): string | undefined {
  switch (event.kind) {
    case "deployment-starting":
      return event.what ?? "starting";
    case "deployment-ready":
      return `ready in ${formatMs(event.readyMs)}${event.engineVersion === undefined ? "" : ` (${oneLine(event.engineVersion)})`}`;
    case "fault-starting":
      return `${faultLabel({ name: event.fault, variant: event.variant })} next`;
    case "fault-injected":
      return `${faultLabel({ name: event.fault, variant: event.variant })} injected${oneLine(evidence(event.evidence))}`;
    case "fault-healed":
      return `${faultLabel({ name: event.fault, variant: event.variant })} healed${oneLine(evidence(event.evidence))}`;
    case "fault-redundant":
      return `${faultLabel({ name: event.fault, variant: event.variant })}: fully redundant ${formatMs(event.redundancyMs)} after injection`;
    case "fault-judged":
      return judged(event, paint);
    case "note":
      return oneLine(event.text);
    case "deployment-done":
      return event.error === undefined
        ? `done${event.verdict === undefined ? "" : `: ${event.verdict}`}`
        : paint("red", `failed: ${oneLine(event.error)}`);
    case "sample":
      return undefined;
  }
}

/** The line without its newline; undefined for an event that has none. */
export function progressLine(event: ProgressEvent, paint: Paint): string | undefined {
  const what = words(event, paint);
  return what === undefined
    ? undefined
    : `${paint("dim", `${(event.atMs / 1000).toFixed(1).padStart(6)} s`)}  ${event.deployment.padEnd(9)} ${what}`;
}

/** Whether a live view keeps the event's line on screen; the others it shows in its picture only. */
export const staysOnScreen = (event: ProgressEvent): boolean =>
  event.kind === "deployment-ready" || event.kind === "fault-judged" || event.kind === "note" || event.kind === "deployment-done";
