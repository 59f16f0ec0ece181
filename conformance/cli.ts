#!/usr/bin/env node
// The command line: options, help, and exit codes (0 conformant, 1 violation or budget exceeded, 2 usage, 3 inconclusive, 4 the target
// could not be brought up or reached). What the commands do is in commands/.

import { Command, CommanderError } from "commander";
import { withEngine } from "../spec/deployment-spec.ts";
import { readSpec } from "../spec/read-spec.ts";
import { renderAll } from "../spec/render.ts";
import { SpecError } from "../spec/spec-error.ts";
import { listable, listText } from "./commands/list.ts";
import { oneOf, planVerify, type VerifyOptions } from "./commands/plan-verify.ts";
import { up } from "./commands/up.ts";
import { UsageError } from "./commands/usage-error.ts";
import { kit, verify } from "./commands/verify.ts";
import { ReportError, reportSummary } from "./report/report-summary.ts";
import { targets } from "./targets/index.ts";

const exitCodes = `
Exit codes:
  0  conformant: every promise held inside its budget
  1  a violation, or a budget exceeded
  2  usage: an option or a spec was refused before anything was started
  3  inconclusive: not enough evidence, or a fault without effect
  4  the target could not be brought up or reached`;

const program = new Command("holdfast")
  .description("Proves in numbers what a failover of Redis or Valkey costs an application.")
  .version(kit().version)
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(`holdfast: ${text.replace(/^error: /, "")}`) })
  .addHelpText("after", exitCodes);

/** As one would have to type it again. */
const shellWord = (word: string): string => (/^[\w./,:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`);

const json = ["--json", "print JSON for machines on standard output"] as const;
const quiet = ["--quiet", "print one line at the end"] as const;

program
  .command("verify")
  .description("bring deployments up, keep every pattern busy, break the primary, and report what applications saw")
  .option("--target <name>", "where to deploy", "process")
  .option("--spec <name|file>", "a named spec or a YAML file; its topology is used")
  .option("--topology <list>", "sentinel, cluster, or both (default: both)")
  .option("--engine <name>", "redis or valkey (default: the spec's)")
  .option("--profile <name>", "durable or cache", "durable")
  .option("--patterns <list>", "only these patterns (see: holdfast list patterns)")
  .option("--faults <list>", "only these faults, e.g. crash-primary or crash-primary/node (see: holdfast list faults)")
  .option("--quick", "crash-primary and switch-over at production timers")
  .option("--timers <kind>", "production or test (2 s detection); default: production with --quick or a spec file, else test")
  .option("--bad-twin <pattern>", "run the naive version of one pattern: must end with 1")
  .option("--seed <number>", "repeat a run (default: random)")
  .option("--budgets <file>", "tighten or loosen budgets (YAML)")
  .option("--out <dir>", "where the report goes", "reports/latest")
  .option(...json)
  .option(...quiet)
  .addHelpText(
    "after",
    `
Examples:
  holdfast verify --quick
  holdfast verify --topology cluster --faults partition-primary --seed 7
  holdfast verify --engine valkey --json --out out/valkey
  holdfast verify --quick --bad-twin session-store     (must end with 1)
${exitCodes}`,
  )
  .action(async (options: VerifyOptions & { out: string; json?: boolean; quiet?: boolean }) => {
    const plan = planVerify(options);
    const typed = process.argv.slice(2).filter((word, at, all) => !word.startsWith("--seed") && !(all[at - 1] === "--seed"));
    const command = ["holdfast", ...typed.map(shellWord), "--seed", String(plan.seed)].join(" ");
    process.exitCode = await verify(plan, { out: options.out, json: options.json === true, quiet: options.quiet === true, command });
  });

program
  .command("render")
  .description("print the configuration a spec stands for; secrets are tokens that lifecycle/ fills in on the node")
  .requiredOption("--spec <name|file>", "a named spec or a YAML file")
  .option("--engine <name>", "redis or valkey (default: the spec's)")
  .option(...json)
  .addHelpText("after", "\nExamples:\n  holdfast render --spec durable-sentinel\n  holdfast render --spec ./orders.yaml --json")
  .action((options: { spec: string; engine?: string; json?: boolean }) => {
    const spec = readSpec(options.spec);
    const files = renderAll(options.engine === undefined ? spec : withEngine(spec, oneOf("--engine", options.engine, ["redis", "valkey"])));
    process.stdout.write(
      options.json
        ? `${JSON.stringify(files)}\n`
        : Object.entries(files)
            .map(([name, text]) => `### ${name}\n${text}`)
            .join("\n"),
    );
  });

program
  .command("list")
  .description(`list ${listable.join(", ")}`)
  .argument("<what>", listable.join(" | "))
  .option(...json)
  .action(
    (what: string, options: { json?: boolean }) =>
      void process.stdout.write(listText(oneOf("list", what, listable), options.json === true)),
  );

program
  .command("up")
  .description("leave a deployment running and print how to connect; Ctrl-C removes it")
  .option("--target <name>", "where to deploy", "process")
  .option("--spec <name|file>", "a named spec or a YAML file", "durable-sentinel")
  .option("--engine <name>", "redis or valkey (default: the spec's)")
  .option(...json)
  .option(...quiet)
  .addHelpText("after", "\nExample:\n  holdfast up --spec durable-cluster")
  .action(async (options: { target: string; spec: string; engine?: string; json?: boolean; quiet?: boolean }) => {
    const spec = readSpec(options.spec);
    const chosen = options.engine === undefined ? spec : withEngine(spec, oneOf("--engine", options.engine, ["redis", "valkey"]));
    const target = oneOf("--target", options.target, Object.keys(targets));
    process.exitCode = await up(chosen, { target, json: options.json === true, quiet: options.quiet === true });
  });

program
  .command("report")
  .description("show a report again, or compare it with an earlier one (exit 1 when something got worse)")
  .argument("<dir>", "folder with report.json")
  .option("--against <dir>", "folder of the report to compare with")
  .addHelpText("after", "\nExample:\n  holdfast report reports/latest --against reports/last-week")
  .action(async (dir: string, options: { against?: string }) => {
    const summary = await reportSummary(dir, { colour: process.stdout.isTTY, width: process.stdout.columns ?? 120, ...options });
    process.stdout.write(`${summary.text}\n`);
    process.exitCode = summary.worseCells > 0 ? 1 : 0;
  });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof UsageError || error instanceof SpecError || error instanceof ReportError) {
    process.stderr.write(`holdfast: ${error.message}\n`);
    process.exitCode = 2;
  } else {
    // a defect of the suite says nothing of the deployment: Node's own 1 would be read as a violation
    process.stderr.write(
      `holdfast: this is a defect of the suite: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exitCode = 3;
  }
}
