// Enforces who may import whom (ARCHITECTURE.md): every relative import is resolved and looked up in one table. Nothing else.

import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

const root = import.meta.dirname;

/** From a folder (longest prefix wins) to what its files may import besides themselves. `type:` allows only `import type`. */
const table: readonly (readonly [from: string, may: readonly string[]])[] = [
  ["spec/", ["spec/"]],
  ["conformance/targets/index.ts", ["conformance/targets/"]],
  ["conformance/targets/", ["spec/", "conformance/targets/"]],
  ["conformance/patterns/", []],
  ["conformance/checkers/", ["conformance/checkers/"]],
  ["conformance/checks/", ["conformance/checks/", "conformance/patterns/", "conformance/checkers/", "type:conformance/targets/target.ts"]],
  [
    "conformance/faults/",
    [
      "conformance/faults/",
      "type:conformance/targets/target.ts",
      "type:conformance/checkers/finding.ts",
      "type:conformance/checks/check.ts",
    ],
  ],
  [
    "conformance/report/",
    ["conformance/report/", "conformance/checkers/finding.ts", "conformance/checkers/history.ts", "type:conformance/checks/check.ts"],
  ],
  [
    "conformance/engine/",
    [
      "conformance/engine/",
      "conformance/checks/check.ts",
      "conformance/checks/recorder.ts",
      "conformance/checkers/",
      "conformance/faults/",
      "conformance/report/",
      "type:conformance/targets/target.ts",
    ],
  ],
  [
    "conformance/run.ts",
    [
      "conformance/engine/",
      "type:conformance/checks/check.ts",
      "conformance/checkers/history.ts",
      "conformance/faults/",
      "conformance/report/",
      "conformance/targets/target.ts",
      "type:spec/",
    ],
  ],
  ["conformance/testing/", ["spec/", "conformance/"]],
  ["conformance/commands/", ["spec/", "conformance/"]],
  ["conformance/runner.ts", ["spec/", "conformance/"]],
  ["conformance/cli.ts", ["spec/", "conformance/"]],
];

const imports = (file: string): readonly { readonly to: string; readonly typeOnly: boolean }[] =>
  [...readFileSync(join(root, file), "utf8").matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+"(\.[^"]+)"/gm)].map((match) => ({
    to: relative(root, join(root, dirname(file), match[2] ?? "")),
    typeOnly: match[1] !== undefined,
  }));

const sources = globSync("{spec,conformance}/**/*.ts", { cwd: root }).filter((file) => !file.endsWith(".test.ts"));

/** Imports of one file that the table does not allow, in words. */
export function forbidden(file: string, found = imports(file)): readonly string[] {
  const may = table.filter(([from]) => file.startsWith(from)).toSorted((a, b) => b[0].length - a[0].length)[0]?.[1];
  if (may === undefined) return [`${file} is in no room of the table`];
  const self = dirname(file).startsWith("conformance/patterns") ? "nothing" : dirname(file);
  return found
    .filter(
      ({ to, typeOnly }) =>
        !may.some((room) => (room.startsWith("type:") ? typeOnly && to.startsWith(room.slice(5)) : to.startsWith(room))) &&
        !to.startsWith(`${self}/`),
    )
    .map(({ to }) => `${file} imports ${to}`);
}

test("no file imports a room that the table does not allow", () => {
  expect(sources.length).toBeGreaterThan(50);
  expect(sources.flatMap((file) => forbidden(file))).toEqual([]);
});

test("nobody imports the command line", () => {
  expect(sources.filter((file) => imports(file).some(({ to }) => to === "conformance/cli.ts"))).toEqual([]);
});

test("a forbidden import is seen", () => {
  expect(forbidden("conformance/checkers/gap.ts", [{ to: "conformance/targets/target.ts", typeOnly: true }])).toHaveLength(1);
  expect(forbidden("conformance/patterns/connection.ts", [{ to: "conformance/patterns/other.ts", typeOnly: false }])).toHaveLength(1);
  expect(forbidden("conformance/checks/x.ts", [{ to: "conformance/targets/target.ts", typeOnly: false }])).toHaveLength(1);
});

test("files stay small: none over 300 lines, nine of ten at most 160", () => {
  const lengths = globSync("{spec,conformance,lifecycle}/**/*", { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".json"))
    .map((entry) => ({
      file: relative(root, join(entry.parentPath, entry.name)),
      lines: readFileSync(join(entry.parentPath, entry.name), "utf8").split("\n").length,
    }));
  expect(lengths.filter(({ lines }) => lines > 300)).toEqual([]);
  expect(lengths.filter(({ lines }) => lines > 160).length / lengths.length).toBeLessThan(0.1);
});
