// Hand-made looks at the roles: a plain failover is none, an overlap inside the lag bound is allowed, a longer one is flagged.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { judgePrimaries, overlaps, type Look } from "./primaries.ts";

/** Looks 200 ms apart; each text lists the writable primaries of shard 0, e.g. "a b". */
const looks = (...texts: readonly string[]): readonly Look[] =>
  texts.map((text, at) => ({
    atNs: BigInt(at) * 200_000_000n,
    nodes: ["a", "b", "c"].map((id) => ({ id, shard: 0, role: text.includes(id) ? "primary" : "replica", writable: text.includes(id) })),
  }));

test("a failover with nobody in charge in between shows no overlap", () => {
  expect(overlaps(looks("a", "a", "", "", "b", "b"))).toEqual([]);
});

test("two writable primaries at the same look are an overlap until the first look without", () => {
  expect(overlaps(looks("a", "a b", "a b", "b"))).toEqual([{ shard: 0, nodes: ["a", "b"], ms: 400 }]);
});

test("an overlap that never ends is counted to the last look", () => {
  expect(overlaps(looks("a", "a b", "a b", "a b"))).toEqual([{ shard: 0, nodes: ["a", "b"], ms: 400 }]);
});

test("two overlaps are not added up: the longest comes first", () => {
  expect(overlaps(looks("a b", "a", "a c", "a c", "c")).map(({ ms, nodes }) => [ms, nodes.join(" ")])).toEqual([
    [400, "a c"],
    [200, "a b"],
  ]);
});

test("primaries of different shards, and a primary that refuses writes, are no overlap", () => {
  const node = (id: string, shard: number, writable: boolean) => ({ id, shard, role: "primary", writable });
  expect(overlaps([{ atNs: 0n, nodes: [node("a", 0, true), node("b", 1, true), node("c", 0, false)] }])).toEqual([]);
});

test("within max-lag 3 s plus 1 s an overlap is allowed, 200 ms more are a violation that names the nodes", () => {
  const overlap = (count: number): readonly Look[] => looks("a", ...Array.from({ length: count }, () => "a b"), "b");
  expect(judgePrimaries(overlap(20), 3000)).toBeUndefined();
  expect(judgePrimaries(overlap(21), 3000)?.what).toBe(
    "a and b of shard 0 were writable primaries at once for 4200 ms, 4000 ms are allowed",
  );
});

test("where min-replicas is off nothing bounds an overlap, so none is flagged", () => {
  expect(judgePrimaries(looks("a b", "a b", "a b"), 0)).toBeUndefined();
});

test("no overlap is longer than the time looked at, and each has two nodes at least", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("", "a", "b", "a b", "a b c"), { minLength: 1, maxLength: 30 }), (texts) => {
      const made = looks(...texts);
      const found = overlaps(made);
      expect(found.reduce((sum, { ms }) => sum + ms, 0)).toBeLessThanOrEqual((made.length - 1) * 200);
      expect(found.every(({ nodes }) => nodes.length > 1)).toBe(true);
      expect(found.length > 0).toBe(texts.some((text) => text.length > 1));
    }),
  );
});
