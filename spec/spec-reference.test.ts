// The page in docs/ is what the schema says today. `vitest run spec/spec-reference.test.ts -u` writes it anew.

import { expect, it } from "vitest";
import { specReference } from "./spec-reference.ts";

it("keeps docs/reference/spec.md equal to the schema", async () => {
  await expect(specReference()).toMatchFileSnapshot("../docs/reference/spec.md");
});

it("describes every field and gives its default", () => {
  const rows = specReference()
    .split("\n")
    .filter((line) => line.startsWith("| `"));
  expect(rows.length).toBeGreaterThan(30);
  for (const row of rows) {
    const [, field, type, , value, meaning] = row.split(/(?<!\\)\|/).map((cell) => cell.trim());
    expect(
      [field, type, value, meaning].every((cell) => (cell ?? "") !== ""),
      row,
    ).toBe(true);
  }
});
