// Whether every node of a spec is at least of some version. Without a version in the spec the answer is no: the oldest common
// ground (Redis 7.0) is assumed. It asks no server.

import type { DeploymentSpec } from "./deployment-spec.ts";

const parts = (version: string): readonly number[] => version.split(".").map(Number);

/** Versions compare number by number; a missing part is 0. */
export function notOlder(version: string, than: string): boolean {
  const [left, right] = [parts(version), parts(than)];
  for (const index of [0, 1, 2]) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** `floors` says from which version of each engine on; an engine that is absent never has it. */
export function atLeast(
  engine: DeploymentSpec["engine"],
  floors: Readonly<Partial<Record<DeploymentSpec["engine"]["name"], string>>>,
): boolean {
  const floor = floors[engine.name];
  return engine.version !== undefined && floor !== undefined && notOlder(engine.version, floor);
}
