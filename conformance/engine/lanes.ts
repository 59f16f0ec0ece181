// Lanes: hash tags whose slots lie on a known shard, so that every pattern can be put where the fault strikes. Pure.

import keySlot from "cluster-key-slot";
import type { Lane } from "../checks/check.ts";

/** First tag `NAME-<n>` that lives on the shard. */
function tagOn(shard: readonly [number, number], name: string): string {
  for (let n = 0; ; n++) {
    const slot = keySlot(`${name}-${n}`);
    if (slot >= shard[0] && slot <= shard[1]) return `${name}-${n}`;
  }
}

/** The aimed shard's lane first, then one for every other shard; under Sentinel a second lane of the only shard. */
export function lanesFor(shards: readonly (readonly [number, number])[], aimed: number): readonly Lane[] {
  const target = shards[aimed];
  if (target === undefined) throw new Error(`there is no shard ${aimed} in a deployment of ${shards.length}`);
  const others = shards.flatMap((slots, shard) => (shard === aimed ? [] : [{ tag: tagOn(slots, `other${shard}`), shard, aimed: false }]));
  const rest = others.length > 0 ? others : [{ tag: tagOn(target, "second"), shard: aimed, aimed: true }];
  return [{ tag: tagOn(target, "aimed"), shard: aimed, aimed: true }, ...rest];
}
