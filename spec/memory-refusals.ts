// Memory and disk that run out before `maxmemory` says so: the kernel kills the server, or the volume fills during a rewrite. Pure.

import type { DeploymentSpec } from "./deployment-spec.ts";
import { maxmemoryBytes, memoryPlan } from "./memory-plan.ts";
import type { SpecProblem } from "./spec-error.ts";

const mb = 1_048_576;

/** Durable servers fork for snapshots and rewrites, and written pages are copied meanwhile; a cache without either may go higher. */
const percentMax: Readonly<Record<DeploymentSpec["profile"], number>> = { durable: 70, cache: 80 };

function headroom(spec: DeploymentSpec): readonly SpecProblem[] {
  const { limitMb, maxmemoryPercent } = spec.memory;
  const field = "memory.maxmemoryPercent";
  const highest = percentMax[spec.profile];
  if (maxmemoryPercent > highest) {
    const reason = `leaves ${100 - maxmemoryPercent} % of ${limitMb} MiB for copy-on-write, replica buffers and the process, and the kernel kills the server in a fork`;
    return [{ field, value: maxmemoryPercent, reason, fix: `set ${field}: ${highest} or less, or raise memory.limitMb` }];
  }
  const spareMb = limitMb - maxmemoryBytes(spec) / mb;
  const neededMb = memoryPlan(spec).outsideBytes / mb;
  if (spareMb >= neededMb) return [];
  const reason = `${spareMb.toFixed(0)} MiB are left beside maxmemory, and process and replica buffers may need ${neededMb.toFixed(0)} MiB`;
  return [{ field: "memory.limitMb", value: limitMb, reason, fix: "raise memory.limitMb, or lower memory.maxmemoryPercent" }];
}

function volume({ memory, persistence }: DeploymentSpec): readonly SpecProblem[] {
  const factor = persistence.aof === "off" ? (persistence.rdb.length > 0 ? 2 : 0) : 3;
  const neededMb = Math.ceil((memory.limitMb * memory.maxmemoryPercent * factor) / 100);
  if (memory.volumeMb >= neededMb) return [];
  const what = factor === 3 ? "the append-only file, its rewrite and a snapshot" : "a snapshot beside the one before it";
  const reason = `${what} need ${factor} times maxmemory (${neededMb} MiB) at worst, and a full volume stops writes`;
  return [{ field: "memory.volumeMb", value: memory.volumeMb, reason, fix: `set memory.volumeMb: ${neededMb} or more, or leave it out` }];
}

export const memoryRefusals = (spec: DeploymentSpec): readonly SpecProblem[] => [...headroom(spec), ...volume(spec)];
