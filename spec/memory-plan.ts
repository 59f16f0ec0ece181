// One number, the memory limit of a server, and everything that follows from it. Arithmetic only.
// Inside maxmemory: data, the replication backlog, normal clients. Outside it: replica buffers past the backlog, copy-on-write
// during a fork, the process itself. The outside part must fit between maxmemory and the limit, or the kernel kills the server.

import type { DeploymentSpec } from "./deployment-spec.ts";

const mb = 1_048_576;

/** What `maxmemory` is set to. */
export const maxmemoryBytes = (spec: Pick<DeploymentSpec, "memory">): number =>
  Math.floor((spec.memory.limitMb * mb * spec.memory.maxmemoryPercent) / 100);
const clamp = (low: number, value: number, high: number): number => Math.round(Math.min(high, Math.max(low, value)));

export interface MemoryPlan {
  readonly maxmemoryBytes: number;
  /** Replication history kept for a replica that was away for a moment. */
  readonly backlogBytes: number;
  /** A replica further behind than this is cut off and starts over. */
  readonly replicaBufferBytes: number;
  /** A client with more unread replies than this is cut off. */
  readonly normalBufferBytes: number;
  /** A subscriber with more unread messages than this is cut off. */
  readonly pubsubBufferBytes: number;
  /** What the server needs beyond maxmemory at worst, copy-on-write left aside. */
  readonly outsideBytes: number;
}

/** Code, allocator and connections of an empty server; 8 to 12 MiB were seen. */
const processBytes = 16 * mb;

export function memoryPlan(spec: Pick<DeploymentSpec, "memory">): MemoryPlan {
  const max = maxmemoryBytes(spec);
  // A tenth of the data, not the stock 10 MB: 30 s of writes at 1 MB/s for the default limit, so that a restart is a partial resync.
  const backlogBytes = clamp(4 * mb, max / 10, 512 * mb);
  // Must exceed the backlog (the engine raises it otherwise); a fifth of the data is a replica lost for longer than a resync takes.
  const replicaBufferBytes = clamp(backlogBytes * 2, max / 5, 1024 * mb);
  return {
    maxmemoryBytes: max,
    backlogBytes,
    replicaBufferBytes,
    normalBufferBytes: clamp(8 * mb, max / 8, 256 * mb),
    pubsubBufferBytes: clamp(4 * mb, max / 10, 32 * mb),
    outsideBytes: processBytes + replicaBufferBytes - backlogBytes,
  };
}
