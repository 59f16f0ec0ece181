// The harness watches itself: how long its own event loop stood still. A gap shorter than that says nothing about the deployment.

import { monitorEventLoopDelay } from "node:perf_hooks";

export interface StallWatch {
  /** Longest stall since the last call, ms; then starts anew. */
  takeMs(): number;
  stop(): void;
}

export function watchStalls(): StallWatch {
  const histogram = monitorEventLoopDelay({ resolution: 10 });
  histogram.enable();
  return {
    takeMs: () => {
      const ms = Math.max(0, histogram.max / 1e6 - 10); // the resolution itself is part of every reading
      histogram.reset();
      return Number.isFinite(ms) ? ms : 0;
    },
    stop: () => void histogram.disable(),
  };
}
