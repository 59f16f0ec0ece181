// Randomness that can be repeated: the same seed gives the same stream, other seeds and other names give others, and all are even enough.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { seeded, stream } from "./random.ts";

const take = (random: () => number, count = 20): readonly number[] => Array.from({ length: count }, random);
const seed = fc.integer({ min: 0, max: 2 ** 40 });

test("the same seed gives the same stream, always from 0 up to but not 1", () => {
  fc.assert(
    fc.property(seed, (from) => {
      const numbers = take(seeded(from));
      expect(take(seeded(from))).toEqual(numbers);
      expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
    }),
  );
});

test("another seed and another name give another stream of the same run", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e9 }), (from) => {
      const streams = [
        seeded(from),
        seeded(from + 1),
        stream(from, "crash-primary-0"),
        stream(from, "crash-primary-1"),
        stream(from, "connection-0"),
      ];
      expect(new Set(streams.map((random) => take(random, 4).join())).size).toBe(streams.length);
    }),
  );
});

test("drawing from one stream does not move another", () => {
  const [one, other] = [stream(7, "a"), stream(7, "b")];
  const untouched = take(stream(7, "b"));
  take(one, 100);
  expect(take(other)).toEqual(untouched);
});

test("ten thousand numbers are spread evenly over ten boxes, to within a fifth", () => {
  for (const from of [0, 1, 42, 1e9]) {
    const boxes = Array.from({ length: 10 }, () => 0);
    for (const number of take(seeded(from), 10_000)) boxes[Math.floor(number * 10)]!++;
    expect(Math.min(...boxes)).toBeGreaterThan(800);
    expect(Math.max(...boxes)).toBeLessThan(1200);
  }
});
