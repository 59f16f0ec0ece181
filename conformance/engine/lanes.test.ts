// Lanes land where they say: whatever the number of shards and the aim, each tag's slot is in its shard's range.

import keySlot from "cluster-key-slot";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { lanesFor } from "./lanes.ts";

/** 1 to 30 shards at any cuts, and an aim at one of them. */
const deployment = fc
  .uniqueArray(fc.integer({ min: 1, max: 16_383 }), { maxLength: 29 })
  .map((cuts) => [0, ...cuts.toSorted((a, b) => a - b), 16_384])
  .map((edges) => edges.slice(1).map((end, at) => [edges[at]!, end - 1] as const))
  .chain((shards) => fc.record({ shards: fc.constant(shards), aimed: fc.integer({ min: 0, max: shards.length - 1 }) }));

test("every tag's slot lies on its lane's shard, the aimed one first, one lane for each other shard, no tag twice", () => {
  fc.assert(
    fc.property(deployment, ({ shards, aimed }) => {
      const lanes = lanesFor(shards, aimed);
      for (const { tag, shard } of lanes) {
        const slot = keySlot(`{${tag}}:anything`);
        expect(slot).toBeGreaterThanOrEqual(shards[shard]![0]);
        expect(slot).toBeLessThanOrEqual(shards[shard]![1]);
      }
      expect(lanes[0]).toMatchObject({ shard: aimed, aimed: true });
      expect(lanes.every((lane) => lane.aimed === (lane.shard === aimed))).toBe(true);
      expect(new Set(lanes.map(({ shard }) => shard)).size).toBe(shards.length);
      expect(new Set(lanes.map(({ tag }) => tag)).size).toBe(lanes.length);
    }),
    { numRuns: 50 },
  );
});

test("under Sentinel there are two lanes, both on the only shard and both aimed at", () => {
  const lanes = lanesFor([[0, 16_383]], 0);
  expect(lanes.map(({ shard, aimed }) => [shard, aimed])).toEqual([
    [0, true],
    [0, true],
  ]);
  expect(lanes[0]!.tag).not.toBe(lanes[1]!.tag);
});

test("the same deployment has the same lanes each time", () => {
  expect(
    lanesFor(
      [
        [0, 5460],
        [5461, 10_922],
        [10_923, 16_383],
      ],
      1,
    ),
  ).toEqual(
    lanesFor(
      [
        [0, 5460],
        [5461, 10_922],
        [10_923, 16_383],
      ],
      1,
    ),
  );
});

test("an aim beyond the last shard is refused", () =>
  expect(() => lanesFor([[0, 16_383]], 1)).toThrow("there is no shard 1 in a deployment of 1"));
