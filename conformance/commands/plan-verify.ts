// From what was typed to jobs: every option is checked here, before anything is started, and a refusal names the option and the fix.

import { withEngine, withFailoverTimers, type DeploymentSpec } from "../../spec/deployment-spec.ts";
import { readSpec } from "../../spec/read-spec.ts";
import { patternNames } from "../checks/check.ts";
import { coreTier, faultForms, quickTier, testTimersMs, type FaultStep } from "../faults/fault-plan.ts";
import type { BudgetFile } from "../faults/budgets.ts";
import { targets } from "../targets/index.ts";
import { faultNames } from "../targets/target.ts";
import { readBudgets } from "./read-budgets.ts";
import { UsageError } from "./usage-error.ts";

export interface VerifyOptions {
  readonly target: string;
  readonly spec?: string;
  readonly topology?: string;
  readonly engine?: string;
  readonly profile: string;
  readonly patterns?: string;
  readonly faults?: string;
  readonly quick?: boolean;
  readonly timers?: string;
  readonly badTwin?: string;
  readonly seed?: string;
  readonly budgets?: string;
}

export interface VerifyPlan {
  readonly target: string;
  readonly specs: readonly DeploymentSpec[];
  readonly patterns: readonly string[];
  readonly steps: readonly FaultStep[];
  readonly seed: number;
  /** All deployments at once: saves time where faults mostly wait for timers. A short run takes them in turn, so that they do not disturb each other. */
  readonly sideBySide: boolean;
  readonly badTwin?: string;
  readonly budgets?: BudgetFile;
}

/** One of `known`, or a refusal that lists them. */
export function oneOf<T extends string>(option: string, value: string, known: readonly T[]): T {
  const found = known.find((name) => name === value);
  if (found === undefined) throw new UsageError(`${option} ${value}: there is no such thing; known are ${known.join(", ")}`);
  return found;
}

function words(option: string, text: string, known: readonly string[]): readonly string[] {
  const found = text
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);
  if (found.length === 0) throw new UsageError(`${option} is empty; give one or more of ${known.join(", ")}`);
  return found;
}

const list = <T extends string>(option: string, text: string, known: readonly T[]): readonly T[] => [
  ...new Set(words(option, text, known).map((name) => oneOf(option, name, known))),
];

/** `cache` deployments carry what may be lost; everything else needs `durable` (promises.md, the two profiles). */
const cachePatterns = ["connection", "cache-aside", "write-through", "pub-sub"] as const;

function specsOf(options: VerifyOptions, topologies: readonly string[], timers: "production" | "test"): readonly DeploymentSpec[] {
  const named =
    options.spec === undefined ? topologies.map((topology) => readSpec(`${options.profile}-${topology}`)) : [readSpec(options.spec)];
  return named.map((spec) => {
    const engine = options.engine === undefined ? spec : withEngine(spec, oneOf("--engine", options.engine, ["redis", "valkey"]));
    return timers === "test" ? withFailoverTimers(engine, { downAfterMs: testTimersMs, nodeTimeoutMs: testTimersMs }) : engine;
  });
}

/** `crash-primary`, or `crash-primary/node` for one form; a bare name means every form the core tier has. */
function stepsOf(text: string): readonly FaultStep[] {
  return words("--faults", text, faultNames).flatMap((label): readonly FaultStep[] => {
    const [name = "", variant] = label.split("/");
    const fault = oneOf("--faults", name, faultNames);
    const forms = coreTier.steps.filter((step) => step.name === fault);
    if (variant === undefined) return forms.length > 0 ? forms : [{ name: fault }];
    const found = faultForms[fault]?.find((form) => form === variant);
    if (found === undefined)
      throw new UsageError(
        `--faults ${label}: ${fault} has ${faultForms[fault] === undefined ? "one form only" : `the forms ${faultForms[fault].join(", ")}`}; choose among them or leave out /${variant}`,
      );
    return [{ name: fault, variant: found }];
  });
}

function seedOf(text: string | undefined): number {
  if (text === undefined) return Math.floor(Math.random() * 1e9);
  const seed = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(seed) || seed < 0)
    throw new UsageError(`--seed ${text || "''"}: give a whole number from 0`);
  return seed;
}

/** Checks every option and names what will run. Throws UsageError or SpecError; starts nothing. */
export function planVerify(options: VerifyOptions): VerifyPlan {
  const target = oneOf("--target", options.target, Object.keys(targets));
  oneOf("--profile", options.profile, ["durable", "cache"]);
  const topologies = list("--topology", options.topology ?? "sentinel,cluster", ["sentinel", "cluster"]);
  if (options.spec !== undefined && options.topology !== undefined)
    throw new UsageError("--topology: a spec has its topology already; leave out --topology or --spec");
  const tier = options.quick === true ? quickTier : coreTier;
  if (options.quick === true && options.faults !== undefined)
    throw new UsageError("--quick names its own faults; leave out --quick or --faults");
  const timers =
    options.timers === undefined
      ? options.spec?.match(/[./]/)
        ? "production"
        : tier.timers
      : oneOf("--timers", options.timers, ["production", "test"]);
  const patterns =
    options.patterns === undefined
      ? options.profile === "cache"
        ? cachePatterns
        : patternNames
      : list("--patterns", options.patterns, patternNames);
  const badTwin = options.badTwin === undefined ? undefined : oneOf("--bad-twin", options.badTwin, patternNames);
  if (badTwin !== undefined && !patterns.includes(badTwin) && options.patterns !== undefined)
    throw new UsageError(`--bad-twin ${badTwin}: that pattern does not run; add ${badTwin} to --patterns, or leave out --patterns`);
  return {
    target,
    specs: specsOf(options, topologies, timers),
    patterns: badTwin !== undefined && options.patterns === undefined ? [badTwin] : patterns,
    steps: options.faults === undefined ? tier.steps : stepsOf(options.faults),
    seed: seedOf(options.seed),
    sideBySide: tier.name === "core",
    ...(badTwin === undefined ? {} : { badTwin }),
    ...(options.budgets === undefined ? {} : { budgets: readBudgets(options.budgets) }),
  };
}
