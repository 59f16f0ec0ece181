// What a run tells those who watch it, one event at a time. Types only: the run emits them and knows no terminal; the live view shows
// them and knows no run. Nothing here is kept: what must be kept is in the report.

import type { Verdict } from "../checkers/finding.ts";

interface Moment {
  /** Which deployment, in a word short enough for a line's start, e.g. "sentinel". */
  readonly deployment: string;
  /** ms since the run started. */
  readonly atMs: number;
}

interface FaultMoment extends Moment {
  readonly fault: string;
  readonly variant?: string;
}

export type ProgressEvent =
  | (Moment & { readonly kind: "deployment-starting"; readonly what?: string })
  | (Moment & { readonly kind: "deployment-ready"; readonly readyMs: number; readonly engineVersion?: string })
  | (FaultMoment & { readonly kind: "fault-starting" })
  | (FaultMoment & { readonly kind: "fault-injected"; readonly evidence?: readonly string[] })
  | (FaultMoment & { readonly kind: "fault-healed"; readonly evidence?: readonly string[] })
  | (FaultMoment & { readonly kind: "fault-redundant"; readonly redundancyMs: number })
  | (FaultMoment & {
      readonly kind: "fault-judged";
      readonly verdict: Verdict;
      /** The worst of the fault's cells. */
      readonly gapMs?: number | null;
      readonly lostOps?: number;
      /** Why, when the verdict is not a pass. */
      readonly reason?: string;
    })
  | (Moment & { readonly kind: "sample"; readonly okPerSecond: number; readonly errorsPerSecond: number })
  | (Moment & { readonly kind: "note"; readonly text: string })
  | (Moment & { readonly kind: "deployment-done"; readonly verdict?: Verdict; readonly error?: string });

export type OnProgress = (event: ProgressEvent) => void;

/** `crash-primary (node)`: a fault with the variant that tells it from its siblings. */
export const faultLabel = (fault: { readonly name: string; readonly variant?: string | undefined }): string =>
  fault.variant === undefined ? fault.name : `${fault.name} (${fault.variant})`;
