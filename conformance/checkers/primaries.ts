// Two primaries at once: for how long more than one node of a shard would have taken a write, from looks at the roles. Pure; who
// acknowledged what meanwhile is in the histories.

import type { Violation } from "./finding.ts";
import { msBetween } from "./history.ts";

/** One look at every node at about the same time. */
export interface Look {
  readonly atNs: bigint;
  readonly nodes: readonly { readonly id: string; readonly shard: number; readonly role: string; readonly writable: boolean }[];
}

/** A stretch of looks that all showed more than one writable primary of a shard. */
export interface Overlap {
  readonly shard: number;
  readonly nodes: readonly string[];
  /** From the first look that showed it to the first that did not: at most one look's distance too long, never too short by more. */
  readonly ms: number;
}

const writable = (look: Look, shard: number): readonly string[] =>
  look.nodes.filter((node) => node.shard === shard && node.role === "primary" && node.writable).map((node) => node.id);

function overlapsOf(looks: readonly Look[], shard: number): readonly Overlap[] {
  const found: Overlap[] = [];
  let open: { readonly fromNs: bigint; readonly nodes: Set<string> } | undefined;
  for (const [at, look] of looks.entries()) {
    const ids = writable(look, shard);
    const both = ids.length > 1;
    if (both) {
      open ??= { fromNs: look.atNs, nodes: new Set() };
      for (const id of ids) open.nodes.add(id);
    }
    if (open !== undefined && (!both || at === looks.length - 1)) {
      found.push({ shard, nodes: [...open.nodes], ms: msBetween(open.fromNs, look.atNs) });
      open = undefined;
    }
  }
  return found;
}

/** Every overlap, the longest first. */
export function overlaps(looks: readonly Look[]): readonly Overlap[] {
  const shards = new Set(looks.flatMap(({ nodes }) => nodes.map(({ shard }) => shard)));
  return [...shards].flatMap((shard) => overlapsOf(looks, shard)).toSorted((a, b) => b.ms - a.ms);
}

/** Beyond `min-replicas-max-lag`: a server counts its good replicas once a second. */
const countingMs = 1000;

/** A cut off or frozen primary may go on until it notices that its replicas are gone, and no longer. `maxLagMs` 0: min-replicas is off, nothing bounds it. */
export function judgePrimaries(looks: readonly Look[], maxLagMs: number): Violation | undefined {
  const [longest] = overlaps(looks);
  const boundMs = maxLagMs + countingMs;
  if (maxLagMs === 0 || longest === undefined || longest.ms <= boundMs) return undefined;
  const what = `${longest.nodes.join(" and ")} of shard ${longest.shard} were writable primaries at once for ${Math.round(longest.ms)} ms, ${boundMs} ms are allowed`;
  return { what, evidence: [] };
}
