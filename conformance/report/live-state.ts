// What the live view remembers of a run: for each deployment what runs now and the last samples. A reducer over progress events; it
// draws nothing and forgets whatever the screen cannot show.

import { faultLabel, type ProgressEvent } from "./progress.ts";

/** `fault`: injected, not healed; `mending`: healed, not fully redundant. */
type Phase = "steady" | "fault" | "mending";

export interface Sample {
  readonly okPerSecond: number;
  readonly errorsPerSecond: number;
  readonly phase: Phase;
  readonly fault: string;
}

export interface LiveDeployment {
  readonly name: string;
  /** What runs now, in words. */
  readonly now: string;
  readonly sinceMs: number;
  readonly phase: Phase;
  readonly fault: string;
  readonly samples: readonly Sample[];
  readonly done: boolean;
}

export interface LiveState {
  readonly atMs: number;
  readonly deployments: readonly LiveDeployment[];
}

export const noLiveState: LiveState = { atMs: 0, deployments: [] };

const samplesMax = 240; // wider than the widest terminal is shown

const label = (event: { readonly fault: string; readonly variant?: string }): string =>
  faultLabel({ name: event.fault, variant: event.variant });

/** What an event changes in its deployment; a new `now` restarts the stopwatch beside it. */
function change(before: LiveDeployment, event: ProgressEvent): Partial<LiveDeployment> {
  switch (event.kind) {
    case "deployment-starting":
      return { now: event.what ?? "starting", sinceMs: event.atMs };
    case "deployment-ready":
      return { now: "steady state", sinceMs: event.atMs };
    case "fault-starting":
      return { now: `${label(event)}: steady state first`, sinceMs: event.atMs, fault: label(event) };
    case "fault-injected":
      return { now: `${label(event)}: injected`, sinceMs: event.atMs, phase: "fault", fault: label(event) };
    case "fault-healed":
      return { now: `${label(event)}: healed, not yet redundant`, sinceMs: event.atMs, phase: "mending" };
    case "fault-redundant":
      return { now: `${label(event)}: redundant again, judging`, sinceMs: event.atMs, phase: "steady" };
    case "fault-judged":
      return { now: "between faults", sinceMs: event.atMs, phase: "steady", fault: "" };
    case "sample": {
      const { okPerSecond, errorsPerSecond } = event;
      return {
        samples: [...before.samples, { okPerSecond, errorsPerSecond, phase: before.phase, fault: before.fault }].slice(-samplesMax),
      };
    }
    case "deployment-done":
      return { done: true };
    case "note":
      return {};
  }
}

/** The state after the event. */
export function afterEvent(state: LiveState, event: ProgressEvent): LiveState {
  const fresh: LiveDeployment = {
    name: event.deployment,
    now: "starting",
    sinceMs: event.atMs,
    phase: "steady",
    fault: "",
    samples: [],
    done: false,
  };
  const before = state.deployments.find(({ name }) => name === event.deployment) ?? fresh;
  const after = { ...before, ...change(before, event) };
  const known = state.deployments.some(({ name }) => name === event.deployment);
  return {
    atMs: Math.max(state.atMs, event.atMs),
    deployments: known ? state.deployments.map((each) => (each === before ? after : each)) : [...state.deployments, after],
  };
}
