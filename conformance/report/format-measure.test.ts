import { expect, test } from "vitest";
import { formatMeasure, formatMs, plural } from "./format-measure.ts";

test("durations are short and never round up into an odd unit", () => {
  const shown = [0, 3.4, 99.4, 99.6, 1080, 9994, 9996, 61_000, 119_940, 125_000].map(formatMs);
  expect(shown).toEqual(["0 ms", "3 ms", "99 ms", "0.10 s", "1.08 s", "9.99 s", "10.0 s", "61.0 s", "119.9 s", "2 min 5 s"]);
  expect([null, undefined].map(formatMs)).toEqual(["-", "-"]);
});

test("a measure is shown in the unit its name ends with", () => {
  expect(formatMeasure("firstJobMs", 812)).toBe("0.81 s");
  expect(formatMeasure("admittedRatio", 1.23456)).toBe("1.235");
});

test("one is singular", () => expect([0, 1, 2].map((count) => plural(count, "write"))).toEqual(["0 writes", "1 write", "2 writes"]));
