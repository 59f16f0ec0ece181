// One name, several places: a pattern is a file to copy, a check, a bad twin, a how-to, and a line in the catalogue; a fault has a description.

import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { patternNames } from "../conformance/checks/check.ts";
import { allChecks } from "../conformance/checks/index.ts";
import { examples } from "./generator/examples.ts";

const root = join(import.meta.dirname, "..");

test("every pattern name is in the catalogue of checks, once and in the same order", () => {
  expect(allChecks.map(({ name }) => name)).toEqual([...patternNames]);
});

test.each(patternNames)("%s has its pattern, check, bad twin, tests, and how-to", (name) => {
  const files = [
    `conformance/patterns/${name}.ts`,
    `conformance/patterns/${name}.test.ts`,
    `conformance/checks/${name}.ts`,
    `conformance/checks/${name}.test.ts`,
    `conformance/checks/bad-twins/${name}.ts`,
    `docs/how-to/${name}.md`,
  ];
  expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

test.each(patternNames)("the how-to of %s shows its type-checked example", (name) => {
  expect([...examples().keys()]).toContain(name);
  expect(readFileSync(join(root, `docs/how-to/${name}.md`), "utf8")).toContain(examples().get(name));
});

test("every file in patterns/ is a pattern, or a part of one that begins with its name", () => {
  const files = globSync("conformance/patterns/*.ts", { cwd: root }).map((file) => basename(file).replace(/(\.test)?\.ts$/, ""));
  expect(files.filter((file) => !patternNames.some((name) => file === name || file.startsWith(`${name}-`)))).toEqual([]);
});
