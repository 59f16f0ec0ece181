// A spec from what a user typed: one of the names, YAML text, or a file of YAML. And a spec back to YAML.
// It adds no meaning of its own: defaults and refusals are deployment-spec.ts's.

import { readFileSync } from "node:fs";
import { parseDocument, stringify } from "yaml";
import { deploymentSpec, type DeploymentSpec } from "./deployment-spec.ts";
import { isSpecName, namedSpecs, specNames } from "./named-specs.ts";
import { SpecError } from "./spec-error.ts";

/** The spec in a YAML (or JSON) text; an empty text is the defaults. */
export function specFromYaml(text: string, from = "the YAML text"): DeploymentSpec {
  const document = parseDocument(text, { uniqueKeys: true });
  const [cause] = document.errors;
  if (cause !== undefined) {
    const [first = cause.message] = cause.message.split("\n");
    const problem = { field: from, value: "(not shown)", reason: `not readable as YAML: ${first}`, fix: "correct that line" };
    throw new SpecError("The deployment spec cannot be read:", [problem], { cause });
  }
  try {
    return deploymentSpec(document.toJS() ?? {});
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    throw new SpecError(`The deployment spec in ${from} is refused:`, error.problems, { cause: error });
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const reason = `it is no named spec and no readable file (${cause instanceof Error ? cause.message : String(cause)})`;
    const fix = `name one of ${specNames.join(", ")}, or the path of a YAML file`;
    throw new SpecError("The deployment spec was not found:", [{ field: "spec", value: file, reason, fix }], { cause });
  }
}

/** The spec that `source` names, is, or holds. Text with a line break or a `key: value` is taken as YAML, the rest as a path. */
export function readSpec(source: string): DeploymentSpec {
  if (isSpecName(source)) return namedSpecs[source];
  return /\n|:\s|^\s*\{/.test(source) ? specFromYaml(source) : specFromYaml(textOf(source), source);
}

/** The whole spec, defaults included, as YAML that reads back to the same spec. Quoted so that a reader of YAML 1.1 sees no boolean in `off`. */
export const specToYaml = (spec: DeploymentSpec): string => stringify(spec, { lineWidth: 120, compat: "yaml-1.1" });
