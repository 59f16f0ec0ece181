// How the loops of a workload end: calls under way get a grace, then they are given up, so that a run can always stop.

const graceMs = 2000; // after it a call's outcome is unknown

/** Stops all loops; calls that outlast the grace are given up through `stopping`. */
export async function endLoops(loops: readonly { stop(): Promise<void> }[], stopping: AbortController): Promise<void> {
  const grace = setTimeout(() => stopping.abort(), graceMs);
  await Promise.all(loops.map((running) => running.stop()));
  clearTimeout(grace);
  stopping.abort();
}
