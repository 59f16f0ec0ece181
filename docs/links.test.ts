// Every relative link of every page resolves, headings included, and the index names every page. It asks no network.

import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const pages = globSync(["*.md", "docs/**/*.md"], { cwd: root });
const read = (page: string): string => readFileSync(join(root, page), "utf8");

/** A heading's anchor as GitHub makes it. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(" ", "-");
const anchorsOf = (page: string): readonly string[] => [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => anchor(heading));

/** Targets of links outside of code, without what leads to the web. */
const linksOf = (text: string): readonly string[] =>
  [...text.replaceAll(/```[\s\S]*?```|`[^`\n]*`/g, "").matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, to = ""]) => to)
    .filter((to) => !/^[a-z]+:/.test(to));

function broken(page: string, text = read(page)): readonly string[] {
  return linksOf(text).filter((to) => {
    const [path = "", heading] = to.split("#");
    const target = path === "" ? page : relative(root, join(root, dirname(page), path));
    if (!existsSync(join(root, target))) return true;
    return heading !== undefined && !(statSync(join(root, target)).isFile() && anchorsOf(target).includes(heading));
  });
}

test.each(pages)("%s: every relative link resolves", (page) => expect(broken(page)).toEqual([]));

test("a link to nowhere and a heading that is not there are seen", () => {
  expect(broken("README.md", "[a](nowhere.md) [b](README.md#no-such-heading) [c](https://example.org/x)")).toEqual([
    "nowhere.md",
    "README.md#no-such-heading",
  ]);
});

test("every page that the code names is there", () => {
  const sources = globSync("{spec,lifecycle,conformance,.ci}/**/*", { cwd: root, withFileTypes: true }).filter((entry) => entry.isFile());
  const named = sources.flatMap((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8").match(/\bdocs\/[a-z/-]+\.md\b/g) ?? []);
  expect(named).toContain("docs/explanation/lifecycle.md");
  expect([...new Set(named)].filter((page) => !existsSync(join(root, page)))).toEqual([]);
});

test("every environment variable of the node contract is described, and none that does not exist", () => {
  const given = read("lifecycle/lib/environment.sh").match(/HOLDFAST_[A-Z_]+(?=:=)|(?<=for needed in )[A-Z ]+/g) ?? [];
  const variables = given.flatMap((text) =>
    text.startsWith("HOLDFAST_")
      ? [text]
      : text
          .trim()
          .split(" ")
          .map((name) => `HOLDFAST_${name}`),
  );
  const contract = read("docs/explanation/lifecycle.md").split("## The contract")[1] ?? "";
  const described = new Set(contract.match(/HOLDFAST_[A-Z_]+/g));
  expect([...described].filter((name) => name !== "HOLDFAST_BIN").toSorted()).toEqual(variables.toSorted());
});

test("every test that docs/explanation/lifecycle.md quotes is there", () => {
  const tests = globSync("lifecycle/*.test.ts", { cwd: root }).map(read).join("\n");
  const table = read("docs/explanation/lifecycle.md").split("## How `start-server` decides")[0] ?? "";
  const quoted = [...table.matchAll(/"([^"]+)"/g)].map(([, title = ""]) => title);
  expect(quoted.length).toBeGreaterThan(6);
  expect(quoted.filter((title) => !tests.includes(title))).toEqual([]);
});

test("docs/README.md names every page of docs/", () => {
  const named = linksOf(read("docs/README.md")).map((to) => relative(root, join(root, "docs", to)));
  expect(pages.filter((page) => page.startsWith("docs/") && page !== "docs/README.md" && !named.includes(page))).toEqual([]);
});
