// Watches roles and throughput while a fault runs, and sums them up for the report. It asks; it changes nothing.

import type { HistoryEvent } from "../checkers/history.ts";
import type { RoleSpan } from "../report/report.ts";
import type { Deployment, NodeView } from "../targets/target.ts";
import { timeouts } from "./timeouts.ts";

export interface RoleSample {
  readonly atNs: bigint;
  readonly nodes: readonly NodeView[];
}

export interface Sampler {
  readonly samples: readonly RoleSample[];
  stop(): Promise<void>;
}

export function sampleRoles(deployment: Deployment, nowNs: () => bigint): Sampler {
  const samples: RoleSample[] = [];
  const state = { stopped: false };
  const done = (async () => {
    while (!state.stopped) {
      const nodes = await deployment.nodes();
      samples.push({ atNs: nowNs(), nodes });
      await new Promise((resolve) => setTimeout(resolve, timeouts.rolesEveryMs));
    }
  })();
  return {
    samples,
    stop: () => {
      state.stopped = true;
      return done;
    },
  };
}

/** How often a shard's writable primary became another node. Nodes that do not answer are not counted as moves. */
export function failoversIn(samples: readonly RoleSample[], shard: number): number {
  let moves = 0;
  let last: string | undefined;
  for (const { nodes } of samples) {
    const primaries = nodes.filter((node) => node.shard === shard && node.role === "primary");
    const next = primaries.find((node) => node.id !== last) ?? primaries[0];
    if (next === undefined) continue;
    if (last !== undefined && next.id !== last && !primaries.some((node) => node.id === last)) moves++;
    if (last === undefined || !primaries.some((node) => node.id === last)) last = next.id;
  }
  return moves;
}

/** Most nodes of one shard that took writes at the same look. */
export const writableMax = (samples: readonly RoleSample[]): number =>
  Math.max(
    0,
    ...samples.flatMap(({ nodes }) =>
      [...new Set(nodes.map((node) => node.shard))].map(
        (shard) => nodes.filter((node) => node.shard === shard && node.role === "primary" && node.writable).length,
      ),
    ),
  );

/** One node's roles as spans. `zombie`: still writable while another node of its shard is, too. */
export function roleSpans(samples: readonly RoleSample[], id: string, atMs: (atNs: bigint) => number): readonly RoleSpan[] {
  const spans: { fromMs: number; toMs: number; role: RoleSpan["role"] }[] = [];
  const seenSince = new Map<string, bigint>();
  for (const { atNs, nodes } of samples) {
    const self = nodes.find((node) => node.id === id);
    if (self === undefined) continue;
    for (const node of nodes) {
      if (node.role === "primary") seenSince.set(node.id, seenSince.get(node.id) ?? atNs);
      else if (node.role === "replica") seenSince.delete(node.id); // who was away and comes back as primary is the old one, not a new one
    }
    const newer = nodes.some(
      (node) =>
        node.id !== id &&
        node.shard === self.shard &&
        node.role === "primary" &&
        node.writable &&
        (seenSince.get(node.id) ?? 0n) > (seenSince.get(id) ?? 0n),
    );
    const role = self.role === "primary" && self.writable && newer ? "zombie" : self.role;
    const last = spans.at(-1);
    const toMs = atMs(atNs);
    if (last?.role === role) last.toMs = toMs;
    else {
      if (last !== undefined) last.toMs = toMs;
      spans.push({ fromMs: toMs, toMs, role });
    }
  }
  return spans;
}

export interface Series {
  readonly atMs: readonly number[];
  readonly okPerSecond: readonly number[];
  readonly errorsPerSecond: readonly number[];
}

/** What an event adds to the throughput. No server says "other": a `fail` of that class is a job that fails on purpose. */
const outcomeOf = (event: HistoryEvent): "ok" | "errors" | undefined => {
  if (event.type === "invoke" || (event.type === "fail" && event.error === "other")) return undefined;
  return event.type === "ok" ? "ok" : "errors";
};

const perSecond = (count: number): number => count * (1000 / timeouts.sampleEveryMs);

/** Throughput in steps of `sampleEveryMs`, from the events themselves. */
export function seriesOf(events: readonly HistoryEvent[], atMs: (atNs: bigint) => number): Series {
  const buckets = new Map<number, { ok: number; errors: number }>();
  for (const event of events) {
    const outcome = outcomeOf(event);
    if (outcome === undefined) continue;
    const at = Math.floor(atMs(event.atNs) / timeouts.sampleEveryMs);
    const bucket = buckets.get(at) ?? { ok: 0, errors: 0 };
    bucket[outcome]++;
    buckets.set(at, bucket);
  }
  if (buckets.size === 0) return { atMs: [], okPerSecond: [], errorsPerSecond: [] };
  const last = Math.max(...buckets.keys());
  const first = Math.min(last, ...buckets.keys());
  const steps = Array.from({ length: last - first + 1 }, (_, at) => first + at);
  return {
    atMs: steps.map((step) => (step + 1) * timeouts.sampleEveryMs),
    okPerSecond: steps.map((step) => perSecond(buckets.get(step)?.ok ?? 0)),
    errorsPerSecond: steps.map((step) => perSecond(buckets.get(step)?.errors ?? 0)),
  };
}

/** Tells twice a second what all workloads together were acknowledged and refused since the last time. */
export function tellThroughput(
  histories: readonly (readonly HistoryEvent[])[],
  tell: (okPerSecond: number, errorsPerSecond: number) => void,
): { stop(): void } {
  const seen = histories.map(() => 0);
  const timer = setInterval(() => {
    const fresh = histories.flatMap((events, at) => events.slice(seen[at]).map(outcomeOf));
    for (const [at, events] of histories.entries()) seen[at] = events.length;
    const count = (outcome: "ok" | "errors"): number => fresh.filter((one) => one === outcome).length;
    tell(perSecond(count("ok")), perSecond(count("errors")));
  }, timeouts.sampleEveryMs);
  return { stop: () => clearInterval(timer) };
}
