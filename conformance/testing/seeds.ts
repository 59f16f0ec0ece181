// `make seeds`: the quick tier once for each of N seeds, one run after the other, and then the distribution of what it cost. Options it does
// not know go to `holdfast verify`. Exits with 1 when any run did not end with 0, with 2 when the options were refused.

import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { UsageError } from "../commands/usage-error.ts";
import { readReport } from "../report/report-summary.ts";
import type { Report } from "../report/report.ts";
import { seedSummary, summaryText } from "./seed-summary.ts";

const cli = join(import.meta.dirname, "..", "cli.ts");

interface Wanted {
  readonly seeds: number;
  readonly first: number;
  readonly out: string;
  readonly json: boolean;
  readonly passedOn: readonly string[];
}

/** Takes our own options out of the words; the rest is `verify`'s. */
function wanted(words: readonly string[]): Wanted {
  const own = {
    seeds: { type: "string", default: "20" },
    first: { type: "string", default: "1" },
    out: { type: "string", default: "reports/seeds" },
    json: { type: "boolean", default: false },
  } as const;
  const { values, tokens } = parseArgs({ args: [...words], options: own, strict: false, tokens: true, allowPositionals: true });
  const ours = new Set(
    tokens.flatMap((token) =>
      token.kind === "option" && token.name in own
        ? [token.index, ...(token.value !== undefined && token.inlineValue === false ? [token.index + 1] : [])]
        : [],
    ),
  );
  const [seeds, first] = [Number(values.seeds), Number(values.first)];
  if (!Number.isSafeInteger(seeds) || seeds < 1 || !Number.isSafeInteger(first) || first < 0)
    throw new UsageError("--seeds N and --first N want whole numbers, N runs from seed FIRST on");
  return { seeds, first, out: String(values.out), json: values.json === true, passedOn: words.filter((_, at) => !ours.has(at)) };
}

async function run({ out, passedOn }: Wanted, seed: number): Promise<{ readonly status: number; readonly report?: Report }> {
  const folder = join(out, String(seed));
  const tier = passedOn.some((word) => /^--(faults|quick)\b/.test(word)) ? [] : ["--quick"];
  rmSync(join(folder, "report.json"), { force: true }); // of an earlier series
  const startedMs = performance.now();
  const { status } = spawnSync(
    process.execPath,
    [cli, "verify", ...tier, ...passedOn, "--seed", String(seed), "--out", folder, "--quiet"],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  const report = await readReport(folder).catch(() => undefined);
  process.stderr.write(
    `seed ${seed}: exit ${status ?? "by a signal"}, ${report?.verdict ?? "no report"}, ${Math.round((performance.now() - startedMs) / 1000)} s\n`,
  );
  return { status: status ?? 1, ...(report === undefined ? {} : { report }) };
}

async function main(want: Wanted): Promise<number> {
  const reports: Report[] = [];
  let failures = 0;
  for (let seed = want.first; seed < want.first + want.seeds; seed++) {
    const { status, report } = await run(want, seed);
    if (status === 2) return 2; // the options themselves were refused: the next seed would be, too
    if (status !== 0) failures++;
    if (report !== undefined) reports.push(report);
  }
  const summary = seedSummary(reports);
  const outcome = failures === 0 ? "every run ended with 0" : `${failures} runs did not end with 0`;
  process.stdout.write(want.json ? `${JSON.stringify({ ...summary, failures })}\n` : `${summaryText(summary)}\n${outcome}\n`);
  return failures === 0 ? 0 : 1;
}

try {
  process.exitCode = await main(wanted(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`holdfast: ${error.message}\n`);
  process.exitCode = 2;
}
