// The deployment spec: what is wanted, complete and checked. This file gives the type, the one way to make one, and the few
// adjustments a run makes. It does not read files (read-spec.ts) and renders nothing (render.ts).

import type { z } from "zod";
import { refusals } from "./refusals.ts";
import { withDefaults } from "./spec-defaults.ts";
import { SpecError, type SpecProblem } from "./spec-error.ts";
import { deploymentSpecSchema } from "./spec-schema.ts";
import { schemaProblems } from "./schema-problems.ts";

export { maxmemoryBytes } from "./memory-plan.ts";

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;
type DeepPartial<T> = T extends readonly unknown[] ? T : T extends object ? { readonly [K in keyof T]?: DeepPartial<T[K]> | undefined } : T;

/** A complete spec: every field has a value that was checked. */
export type DeploymentSpec = DeepReadonly<z.output<typeof deploymentSpecSchema>>;
/** What may be left out is everything: the rest are recommended values. */
export type SpecInput = DeepPartial<DeploymentSpec>;

const isPlain = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/** Everything wrong with the input, or the complete spec. */
export function checkSpec(input: unknown): { readonly spec: DeploymentSpec } | { readonly problems: readonly SpecProblem[] } {
  if (!isPlain(input)) {
    const fix = "write fields such as `profile: durable`, or name one of the named specs";
    return { problems: [{ field: "(spec)", value: input, reason: "a spec is a mapping of fields", fix }] };
  }
  const parsed = deploymentSpecSchema.safeParse(withDefaults(input));
  if (!parsed.success) return { problems: schemaProblems(parsed.error, withDefaults(input)) };
  const problems = refusals(parsed.data);
  return problems.length > 0 ? { problems } : { spec: parsed.data };
}

/** The complete spec, or a SpecError that lists every problem with its fix. */
export function deploymentSpec(input: unknown = {}): DeploymentSpec {
  const checked = checkSpec(input);
  if ("spec" in checked) return checked.spec;
  const name = isPlain(input) && typeof input["name"] === "string" ? ` ${JSON.stringify(input["name"])}` : "";
  throw new SpecError(`The deployment spec${name} is refused:`, checked.problems);
}

/** The same spec with other detection times. Marked as a test's timers, so that they may be short. */
export function withFailoverTimers(
  spec: DeploymentSpec,
  timers: { readonly downAfterMs?: number; readonly nodeTimeoutMs?: number; readonly failoverTimeoutMs?: number },
): DeploymentSpec {
  return deploymentSpec({ ...spec, failover: { ...spec.failover, ...timers, testTimers: true } });
}

/** The same spec on another engine. A version belongs to its engine, so it is dropped unless given. */
export function withEngine(spec: DeploymentSpec, name: DeploymentSpec["engine"]["name"], version?: string): DeploymentSpec {
  return deploymentSpec({ ...spec, engine: version === undefined ? { name } : { name, version } });
}

/** The same deployment under the other profile: what depends on the profile falls back to that profile's defaults. */
export function withProfile(spec: DeploymentSpec, profile: DeploymentSpec["profile"]): DeploymentSpec {
  if (spec.profile === profile) return spec;
  const { name, engine, topology, failover, security, placement, memory } = spec;
  const kept = { engine, topology, failover, security, placement, profile, memory: { limitMb: memory.limitMb } };
  return deploymentSpec(name === `${spec.profile}-${topology.kind}` ? kept : { ...kept, name });
}
