// Bringing a deployment up: in an order in which nobody has to wait for a timer, and with a wait that says what is missing.

import { setTimeout as sleep } from "node:timers/promises";
import { TargetError, type NodeView } from "../target.ts";
import type { Layout } from "./layout.ts";
import type { Machines } from "./machines.ts";
import type { Redundancy } from "./redundancy.ts";
import { timeouts } from "./timeouts.ts";

/**
 * Primaries first, then replicas, then Sentinels that are told everything, each when the ones before answer: nobody meets a closed
 * port, because a Sentinel or a replica tries again only a second later.
 */
export async function startInOrder(machines: Machines, layout: Layout, nodes: () => Promise<readonly NodeView[]>): Promise<void> {
  const firsts = layout.nodes.filter((node, index) => layout.nodes.findIndex((other) => other.shard === node.shard) === index);
  const others = layout.nodes.filter((node) => !firsts.includes(node));
  const answering = async (names: readonly string[]): Promise<void> => {
    const end = performance.now() + timeouts.upMs;
    while (performance.now() < end && (await nodes()).some((view) => names.includes(view.id) && !view.linkUp)) await sleep(5);
  };
  for (const node of firsts) machines.startServer(node.name, true);
  if (layout.sentinels.length > 0) await answering(firsts.map((node) => node.name));
  for (const node of others) machines.startServer(node.name, true);
  if (layout.sentinels.length > 0) await answering(others.map((node) => node.name));
  for (const sentinel of layout.sentinels) machines.startSentinel(sentinel.name, true);
}

/** Waits until everybody is back; a node that ended by itself ends the wait with its own last word. */
export async function waitRedundant(redundancy: Redundancy, timeoutMs: number, machines: Machines): Promise<void> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const missing = await redundancy.missing();
    if (missing.length === 0) return;
    if (performance.now() > end)
      throw new TargetError(`the deployment was not fully redundant within ${timeoutMs} ms: ${missing.slice(0, 6).join("; ")}`);
    const ended = machines.all().find((node) => !node.running());
    if (ended !== undefined) {
      const last =
        (machines.logs()[ended.name] ?? "")
          .trim()
          .split("\n")
          .findLast((line) => line.includes(" holdfast ")) ?? "it logged nothing";
      throw new TargetError(`${ended.name} ended by itself: ${last}`);
    }
    await sleep(timeouts.pollMs);
  }
}
