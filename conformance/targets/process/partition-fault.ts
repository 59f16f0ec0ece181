// The partition: the primary's host on one side with one client, everybody else on the other, for as long as the promise says.

import { setTimeout as sleep } from "node:timers/promises";
import type { Aim, Injected } from "../target.ts";
import { cutOff } from "./packets.ts";
import { injected, rolesOf, settledByPromotion, type Scene } from "./scene.ts";
import { timeouts } from "./timeouts.ts";

/** promises.md: primary and one client cut off for 20 s. */
const cutMs = 20_000;

export async function partitionPrimary(scene: Scene, aim: Aim): Promise<Injected> {
  const { primary } = await rolesOf(scene, aim.shard);
  const sinceNs = process.hrtime.bigint();
  const cut = cutOff(primary.address.host);
  const seen = [`${primary.name} at ${primary.address.host} cut off from every other address`];
  return injected(
    { effective: true, seen },
    {
      minority: primary.sideDoor,
      settle: async () => {
        const moved = await settledByPromotion(scene, aim.shard, {
          old: primary.name,
          sinceNs,
          mostMs: scene.detectionMs * 3 + timeouts.effectMs,
          seen,
          effective: true,
        });
        await sleep(Math.max(0, cutMs - Number(process.hrtime.bigint() - sinceNs) / 1e6));
        const dropped = cut.dropped();
        return {
          ...moved,
          effective: moved.effective && dropped > 0,
          seen: [...moved.seen, `${dropped} packets dropped in ${Math.round(Number(process.hrtime.bigint() - sinceNs) / 1e6)} ms`],
        };
      },
      heal: async () => cut.heal(),
    },
  );
}
