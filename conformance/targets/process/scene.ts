// What every fault of this target works with: the machines, the observer, and ways to see that a role moved. Injects nothing itself.

import { setTimeout as sleep } from "node:timers/promises";
import type { DeploymentSpec } from "../../../spec/deployment-spec.ts";
import { TargetError, type Evidence, type Injected, type NodeView } from "../target.ts";
import type { Layout, NodePlace } from "./layout.ts";
import type { Machines } from "./machines.ts";
import { timeouts } from "./timeouts.ts";

export interface Scene {
  readonly spec: DeploymentSpec;
  readonly layout: Layout;
  readonly machines: Machines;
  readonly nodes: () => Promise<readonly NodeView[]>;
  /** `down-after-milliseconds` or `cluster-node-timeout`. */
  readonly detectionMs: number;
}

export interface Roles {
  readonly primary: NodePlace;
  readonly replicas: readonly NodePlace[];
}

const placeOf = (scene: Scene, view: NodeView): NodePlace => {
  const place = scene.layout.nodes.find((node) => node.name === view.id);
  if (place === undefined) throw new TargetError(`a node named ${view.id} answered that is not part of this deployment`);
  return place;
};

/** Who is who in a shard right now, as the nodes say; replicas with the least data first. */
export async function rolesOf(scene: Scene, shard: number): Promise<Roles> {
  const views = (await scene.nodes()).filter((view) => view.shard === shard);
  const primary = views.find((view) => view.role === "primary");
  if (primary === undefined)
    throw new TargetError(`shard ${shard} has no primary to aim at (${views.map((view) => `${view.id}: ${view.role}`).join(", ")})`);
  const replicas = views.filter((view) => view.role === "replica").toSorted((a, b) => a.offset - b.offset);
  return { primary: placeOf(scene, primary), replicas: replicas.map((view) => placeOf(scene, view)) };
}

/** Polls until `look` answers something; undefined after `mostMs`. */
export async function until<T>(mostMs: number, look: () => Promise<T | undefined> | T | undefined): Promise<T | undefined> {
  const end = performance.now() + mostMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (performance.now() >= end) return undefined;
    await sleep(timeouts.pollMs);
  }
}

export interface Promotion {
  readonly id: string;
  readonly atNs: bigint;
  readonly afterMs: number;
}

/** Waits for another node than `old` to be the shard's writable primary. */
export async function promotion(
  scene: Scene,
  shard: number,
  watch: { readonly old: string; readonly sinceNs: bigint; readonly mostMs: number },
): Promise<Promotion | undefined> {
  const next = await until(watch.mostMs, async () =>
    (await scene.nodes()).find((view) => view.shard === shard && view.role === "primary" && view.id !== watch.old),
  );
  if (next === undefined) return undefined;
  const atNs = process.hrtime.bigint();
  return { id: next.id, atNs, afterMs: Math.round(Number(atNs - watch.sinceNs) / 1e6) };
}

export const movedTo = (old: string, moved: Promotion | undefined, mostMs: number): string =>
  moved === undefined
    ? `no other node than ${old} became primary within ${mostMs} ms`
    : `${moved.id} became primary ${moved.afterMs} ms after the fault (was ${old})`;

/** Builds an `Injected` from what was seen at once, what to wait for, and how to heal. */
export function injected(
  first: Evidence,
  later: { readonly settle: () => Promise<Evidence>; readonly heal: () => Promise<void>; readonly minority?: Injected["minority"] },
): Injected {
  let observed = first;
  let healed = false;
  return {
    get observed() {
      return observed;
    },
    ...(later.minority === undefined ? {} : { minority: later.minority }),
    async settled() {
      observed = await later.settle();
      return observed;
    },
    async [Symbol.asyncDispose]() {
      if (healed) return;
      healed = true;
      await later.heal();
    },
  };
}

/** Waits for the role to move and turns it into evidence, on top of what was seen before. */
export async function settledByPromotion(
  scene: Scene,
  shard: number,
  fault: {
    readonly old: string;
    readonly sinceNs: bigint;
    readonly mostMs: number;
    readonly seen: readonly string[];
    readonly effective: boolean;
  },
): Promise<Evidence> {
  const moved = await promotion(scene, shard, fault);
  return {
    effective: fault.effective && moved !== undefined,
    seen: [...fault.seen, movedTo(fault.old, moved, fault.mostMs)],
    ...(moved === undefined ? {} : { promotedAtNs: moved.atNs }),
  };
}
