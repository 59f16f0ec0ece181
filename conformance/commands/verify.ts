// `holdfast verify`: one runner a deployment, side by side, then one report. Decides nothing about verdicts.

import { execFileSync } from "node:child_process";
import { accessSync, constants, mkdirSync, readFileSync, rmSync, existsSync } from "node:fs";
import { availableParallelism, release } from "node:os";
import { join } from "node:path";
import type { DeploymentSpec } from "../../spec/deployment-spec.ts";
import { closingTable } from "../report/closing-table.ts";
import { liveView, type LiveView } from "../report/live-view.ts";
import { schemaVersion, type DeploymentReport, type Report } from "../report/report.ts";
import { exitCodeOf, verdictOf } from "../report/worst-verdict.ts";
import { writeReport } from "../report/write-report.ts";
import { targets } from "../targets/index.ts";
import { launchRunner, type Runner } from "./launch-runner.ts";
import type { VerifyPlan } from "./plan-verify.ts";
import { UsageError } from "./usage-error.ts";

export interface VerifyLook {
  readonly out: string;
  readonly json: boolean;
  readonly quiet: boolean;
  /** What repeats this run, seed included. */
  readonly command: string;
}

const root = join(import.meta.dirname, "..", "..");

/** Version and commit of this kit; "unknown" outside a checkout. */
export function kit(): { readonly version: string; readonly commit: string } {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  try {
    return {
      version,
      commit: execFileSync("git", ["rev-parse", "--short", "HEAD"], {
        cwd: root,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }).trim(),
    };
  } catch {
    return { version, commit: "unknown" };
  }
}

/** What is reported of a deployment that never ran. */
const failed = (plan: VerifyPlan, spec: DeploymentSpec, error: string): DeploymentReport => ({
  target: plan.target,
  topology: spec.topology.kind,
  engine: spec.engine.name,
  engineVersion: "",
  profile: spec.profile,
  spec: { ...spec },
  readyMs: null,
  nodes: [],
  faults: [],
  error,
});

function runOne(
  plan: VerifyPlan,
  spec: DeploymentSpec,
  run: { readonly historyFile: string; readonly startedNs: bigint; readonly view: LiveView | undefined },
): { readonly runner?: Runner; readonly report: Promise<DeploymentReport> } {
  const refused = targets[plan.target]?.unsupported(spec) ?? [];
  if (refused.length > 0) return { report: Promise.resolve(failed(plan, spec, refused.join("; "))) };
  const runner = launchRunner(
    {
      kind: "verify",
      target: plan.target,
      spec,
      patterns: plan.patterns,
      steps: plan.steps,
      seed: plan.seed,
      ...(plan.badTwin === undefined ? {} : { badTwin: plan.badTwin }),
      ...(plan.budgets === undefined ? {} : { budgets: plan.budgets }),
      historyFile: run.historyFile,
      startedNs: run.startedNs.toString(),
    },
    { onMessage: (message) => message.kind === "progress" && run.view?.show(message.event) },
  );
  return { runner, report: runner.done.then((last) => last.report ?? failed(plan, spec, last.error ?? "the runner said nothing")) };
}

function makeFolder(out: string): void {
  try {
    mkdirSync(out, { recursive: true });
    accessSync(out, constants.W_OK);
  } catch (cause) {
    throw new UsageError(
      `--out ${out}: no report can be written there (${cause instanceof Error ? cause.message : String(cause)}); give a folder that is yours`,
      { cause },
    );
  }
}

const colourWanted = (stream: NodeJS.WriteStream): boolean => stream.isTTY && process.env["NO_COLOR"] === undefined;

async function inTurn<Item, Result>(items: readonly Item[], step: (item: Item, at: number) => Promise<Result>): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const [at, item] of items.entries()) results.push(await step(item, at));
  return results;
}

/** Runs the plan; resolves to the exit code. Ctrl-C takes every deployment down and exits with 130. */
export async function verify(plan: VerifyPlan, look: VerifyLook): Promise<number> {
  const startedAt = new Date();
  const startedNs = process.hrtime.bigint();
  makeFolder(look.out);
  const screen = process.stderr;
  using view =
    look.quiet || look.json
      ? undefined
      : liveView({
          write: (text) => void screen.write(text),
          isTty: screen.isTTY,
          colour: colourWanted(screen),
          columns: () => screen.columns ?? 100,
        });
  const interrupted = { by: undefined as NodeJS.Signals | undefined };
  const runners: Runner[] = [];
  const interrupt = (signal: NodeJS.Signals): void => {
    interrupted.by = signal;
    for (const runner of runners) runner.stop();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, interrupt);
  const historyFiles = plan.specs.map((spec) => join(look.out, `.history-${spec.topology.kind}.jsonl`));
  for (const file of historyFiles) rmSync(file, { force: true });
  const start = (spec: DeploymentSpec, at: number): Promise<DeploymentReport> => {
    if (interrupted.by !== undefined) return Promise.resolve(failed(plan, spec, "stopped"));
    const run = runOne(plan, spec, { historyFile: historyFiles[at] ?? "", startedNs, view });
    if (run.runner !== undefined) runners.push(run.runner);
    return run.report;
  };
  const deployments = plan.sideBySide ? await Promise.all(plan.specs.map(start)) : await inTurn(plan.specs, start);
  view?.close();
  const histories = historyFiles.filter((file) => existsSync(file));
  if (interrupted.by !== undefined) {
    for (const file of histories) rmSync(file, { force: true });
    process.stderr.write(`stopped by ${interrupted.by}: every deployment was taken down, no report was written\n`);
    return 130;
  }
  const report: Report = {
    schemaVersion,
    kit: kit(),
    command: look.command,
    seed: plan.seed,
    startedAt: startedAt.toISOString(),
    durationMs: Math.round(Number(process.hrtime.bigint() - startedNs) / 1e6),
    verdict: verdictOf({ deployments }),
    exitCode: exitCodeOf({ deployments }),
    harness: {
      stallMsMax: Math.max(0, ...deployments.map((one) => one.stallMsMax ?? 0)),
      cpus: availableParallelism(),
      node: process.versions.node,
      kernel: release(),
    },
    deployments,
  };
  await writeReport(look.out, report, histories);
  for (const file of histories) rmSync(file, { force: true });
  if (look.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else if (!look.quiet) {
    process.stdout.write(closingTable(report, { colour: colourWanted(process.stdout), width: process.stdout.columns ?? 120 }));
    process.stdout.write(`\nreport: ${join(look.out, "report.html")}\n`);
  } else process.stdout.write(`${report.verdict} ${join(look.out, "report.json")}\n`);
  return report.exitCode;
}
