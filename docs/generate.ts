// Writes what can be generated of the documents: docs/reference, and the marked blocks of hand-written pages. `make docs` runs it;
// `make docs REPORT=reports/latest` takes a new sample report first. generate.test.ts fails when a page is not what this would write.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { closingTable } from "../conformance/report/closing-table.ts";
import type { Report } from "../conformance/report/report.ts";
import { headlines, outcome } from "../conformance/report/headline.ts";
import { pageText, schemaText } from "../conformance/report/write-reference.ts";
import { specReference } from "../spec/spec-reference.ts";
import { cliPage, exitCodes } from "./generator/cli-page.ts";
import { examples } from "./generator/examples.ts";
import { faultsPage } from "./generator/faults-page.ts";
import { importTable } from "./generator/import-table.ts";
import { withBlocks } from "./generator/marked-blocks.ts";
import { patternsPage } from "./generator/patterns-page.ts";
import { readSample, takeSample } from "./generator/sample-report.ts";
import { verdictTable } from "./generator/verdict-table.ts";

const root = join(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** Pages written by hand that hold generated blocks. */
const pagesWithBlocks = ["README.md", "ARCHITECTURE.md", "docs/tutorial/first-report.md"] as const;

const fenced = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\``;

/** One verdict as report.json has it: the first of the sample. */
function oneCell({ deployments }: Report): string {
  const fault = deployments[0]?.faults.find(({ name }) => name === "crash-primary");
  return JSON.stringify(fault?.cells[0], undefined, 2);
}

const engineOf = ({ engine, engineVersion }: Report["deployments"][number]): string => `${engine} ${engineVersion}`;

/** Where and when the sample was measured. */
function measured({ startedAt, kit, deployments, harness, seed }: Report): string {
  const engines = [...new Set(deployments.map(engineOf))].join(", ");
  const host = harness === undefined ? "" : `, ${harness.cpus} processors, Linux ${harness.kernel}`;
  return `Measured on ${startedAt.slice(0, 10)} with holdfast ${kit.version} (${kit.commit}), ${engines}, profile ${deployments[0]?.profile ?? ""}${host}, seed ${seed}.`;
}

async function blocksOf(report: Report): Promise<Readonly<Record<string, string>>> {
  return {
    verdicts: `${verdictTable(report)}\n\n${measured(report)}`,
    ending: fenced("text", [...headlines(report), outcome(report)].join("\n")),
    closing: fenced("text", `$ ${report.command}\n${closingTable(report, { colour: false, width: 120 })}`),
    cell: fenced("json", oneCell(report)),
    "exit-codes": await exitCodes(),
    imports: importTable(),
  };
}

/** Each how-to shows the example of its name. */
const howToPages = (): readonly (readonly [string, string])[] =>
  [...examples()].map(([name, example]) => {
    const path = `docs/how-to/${name}.md`;
    return [path, withBlocks(read(path), { example })] as const;
  });

/** Every generated document: its path, and its text as it should be. */
export async function generated(): Promise<ReadonlyMap<string, string>> {
  const report = await readSample();
  const blocks = await blocksOf(report);
  return new Map([
    ["docs/reference/patterns.md", patternsPage()],
    ["docs/reference/faults.md", faultsPage(report)],
    ["docs/reference/cli.md", await cliPage()],
    ["docs/reference/spec.md", specReference()],
    ["docs/reference/report.schema.json", schemaText()],
    ["docs/reference/report.md", pageText(read("docs/reference/report.md"))],
    ...howToPages(),
    ...pagesWithBlocks.map((path) => [path, withBlocks(read(path), blocks)] as const),
  ]);
}

if (import.meta.main) {
  const folder = process.env["REPORT"];
  if (folder !== undefined && folder !== "") await takeSample(folder);
  for (const [path, text] of await generated()) writeFileSync(join(root, path), text);
}
