// The report: the versioned document that others parse. Every field is described here once; the JSON Schema and the reference table are
// generated from it. It holds verdicts and what is needed to get them again, never a decision: those are made by the checkers.
// Moments (`...AtMs`, `fromMs`, `toMs`) are milliseconds after `startedAt`; fields are only ever added while `schemaVersion` stays.

import { z } from "zod";
import { verdicts } from "../checkers/finding.ts";

export const schemaVersion = 1;

const count = z.int().min(0);
const ms = z.number();
/** An upper bound; null: none (JSON knows no infinity). */
const bound = z.number().min(0).nullable();
const verdict = z.enum(verdicts);
const extra = z.record(z.string(), z.number().nullable());

const budget = z.object({
  gapMs: bound.describe("Longest gap allowed; null: no bound."),
  lostOps: bound.describe("Acknowledged operations that may be lost; null: no bound."),
  duplicateOps: bound.describe("Operations that may take effect twice; null: no bound."),
  failedOps: bound.optional().describe("Rejected calls allowed; absent: any number, as long as each is typed."),
  extra: z.record(z.string(), bound).optional().describe("Bounds for the cell's `extra`, by the same names."),
});

const cell = z.object({
  pattern: z.string().describe("The pattern, e.g. `job-queue`."),
  verdict: verdict.describe("The verdict of this pattern under this fault."),
  gapMs: ms.nullable().describe("Longest time between two acknowledged writes around the fault; null when there were too few to say."),
  ackedOps: count.describe("Operations the deployment acknowledged."),
  lostOps: count.describe("Acknowledged, and absent from the final primary."),
  duplicateOps: count.describe("Took effect more than once."),
  lateOps: count.describe("Reported failed or unknown, found applied afterwards."),
  failedOps: count.describe("Certainly not applied: the server refused them."),
  unknownOps: count.describe("May or may not have been applied: timeout, reset."),
  budget: budget.describe("The upper bounds the measures are held against."),
  reason: z.string().describe("The verdict in words."),
  extra: extra
    .optional()
    .describe("Whatever else the pattern measures, units last in names; null: it never happened or could not be measured."),
  evidence: z
    .array(count)
    .optional()
    .describe("Events of `history.jsonl` that show a violation, by `index` within the pattern and window."),
});

const fault = z.object({
  name: z.string().describe("The fault, e.g. `crash-primary`."),
  variant: z.string().optional().describe("Which form of it: `process`, `node`, `data-lost`."),
  shard: count.optional().describe("The shard it was aimed at; each fault of a run takes the next one."),
  effective: z.boolean().describe("Whether the fault was seen to have happened. False: no verdict of it counts."),
  evidence: z.array(z.string()).describe("What was seen, in sentences with numbers."),
  notApplicable: z.string().optional().describe("Why this target cannot do the fault; then there are no cells."),
  injectedAtMs: ms.nullable().describe("When the fault was injected."),
  healedAtMs: ms.nullable().describe("When the fault was seen to be healed."),
  redundancyMs: ms.nullable().describe("From injection until every replica was linked again; null when that was not reached."),
  failovers: count.describe("How often the primary's role moved."),
  zombieAcks: count.describe("Writes an old primary acknowledged after another had been promoted."),
  detectMs: ms.optional().describe("From injection until the deployment called the primary failed."),
  promoteMs: ms.optional().describe("From injection until another node was primary."),
  clientRecoveryMs: ms.optional().describe("From injection until the first acknowledged write of the slowest pattern."),
  writablePrimariesMax: count.describe("Most nodes of one shard that took writes at the same time."),
  twoPrimariesMs: ms
    .optional()
    .describe("Longest time for which more than one node of a shard took writes, to the distance of two looks at the roles (0.2 s)."),
  cells: z.array(cell).describe("One verdict a pattern."),
});

const node = z.object({
  id: z.string().describe("The node's name."),
  address: z.object({ host: z.string().describe("Name or address."), port: z.int().describe("TCP port.") }).describe("Where it listens."),
  zone: z.string().describe("Failure zone."),
  shard: count.describe("Shard it serves; 0 under Sentinel."),
  role: z.string().describe("Its role before the first fault."),
});

const series = z.object({
  atMs: z.array(ms).describe("The end of each interval."),
  okPerSecond: z.array(ms).describe("Acknowledged operations of all patterns."),
  errorsPerSecond: z.array(ms).describe("Failed and unknown operations of all patterns."),
});

const roleSpan = z.object({
  fromMs: ms.describe("Start of the span."),
  toMs: ms.describe("End of the span."),
  role: z.enum(["primary", "replica", "unreachable", "zombie"]).describe("`zombie`: writable after another node was promoted."),
});

const deployment = z.object({
  target: z.string().describe("What brought it up, e.g. `process`."),
  topology: z.enum(["sentinel", "cluster"]).describe("The topology."),
  engine: z.string().describe("`redis` or `valkey`."),
  engineVersion: z.string().describe("The server's own answer; empty when it never answered."),
  profile: z.string().describe("`durable` or `cache`."),
  spec: z.record(z.string(), z.unknown()).describe("The whole deployment spec, defaults filled in; secrets by reference only."),
  readyMs: ms.nullable().describe("From the start until fully redundant; null when it was not brought up."),
  nodes: z.array(node).describe("The data nodes as each reported itself."),
  faults: z.array(fault).describe("The faults in the order they were injected."),
  error: z.string().optional().describe("Why it could not be brought up or reached."),
  series: series.optional().describe("Throughput over time, for the chart."),
  roles: z
    .array(z.object({ node: z.string().describe("The node's name."), spans: z.array(roleSpan).describe("In order of time.") }))
    .optional()
    .describe("Who was primary when, for the chart."),
  lostAtMs: z.array(ms).optional().describe("When each lost operation had been acknowledged, for the chart."),
  stallMsMax: ms.optional().describe("Longest time the suite's own event loop stood still beside this deployment."),
  logs: z.record(z.string(), z.string()).optional().describe("The last log lines of each node, where a verdict needs explaining."),
});

const harness = z.object({
  stallMsMax: ms.describe("Longest time the suite's own event loop stood still; gaps shorter than this say nothing."),
  cpus: count.describe("Processors the run could use."),
  node: z.string().describe("Version of Node.js."),
  kernel: z.string().describe("Operating system kernel."),
});

export const reportSchema = z.object({
  schemaVersion: z.literal(schemaVersion).describe("Version of this document's format."),
  kit: z
    .object({ version: z.string().describe("Its version."), commit: z.string().describe("Its commit, or `unknown`.") })
    .describe("Which holdfast ran."),
  command: z.string().describe("The exact command that repeats the run."),
  seed: z.int().describe("Source of every random choice."),
  startedAt: z.iso.datetime().describe("When the run started, UTC."),
  durationMs: ms.describe("How long the whole run took."),
  verdict: verdict.describe("The worst verdict."),
  exitCode: z
    .int()
    .min(0)
    .max(4)
    .describe("0 conformant, 1 violation or budget exceeded, 3 inconclusive, 4 a target could not be brought up."),
  harness: harness.optional().describe("Where the run ran, and how much it disturbed itself."),
  deployments: z.array(deployment).describe("One entry for each deployment that was asked for."),
});

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

export type Report = DeepReadonly<z.infer<typeof reportSchema>>;
export type DeploymentReport = Report["deployments"][number];
export type FaultReport = DeploymentReport["faults"][number];
export type CellReport = FaultReport["cells"][number];
export type RoleSpan = NonNullable<DeploymentReport["roles"]>[number]["spans"][number];
