// `holdfast list`: what there is to choose from, for people and for machines.

import { namedSpecs } from "../../spec/named-specs.ts";
import { allChecks } from "../checks/index.ts";
import { coreTier, faultDescriptions, quickTier } from "../faults/fault-plan.ts";
import { targets } from "../targets/index.ts";
import { faultNames } from "../targets/target.ts";

export const listable = ["patterns", "faults", "targets", "specs"] as const;
export type Listable = (typeof listable)[number];

interface Row {
  readonly name: string;
  readonly what: string;
}

const tiersOf = (name: string): string => {
  const tiers = [quickTier, coreTier].filter((tier) => tier.steps.some((step) => step.name === name)).map((tier) => tier.name);
  return tiers.length === 0 ? "not yet in a tier" : tiers.join(", ");
};

export const rows: Readonly<Record<Listable, () => readonly Row[]>> = {
  patterns: () => allChecks.map((check) => ({ name: check.name, what: check.promise })),
  faults: () => faultNames.map((name) => ({ name, what: `${faultDescriptions[name]} [${tiersOf(name)}]` })),
  targets: () =>
    Object.keys(targets).map((name) => ({ name, what: name === "process" ? "local processes in namespaces of their own (Linux)" : "" })),
  specs: () =>
    Object.values(namedSpecs).map((spec) => ({
      name: spec.name,
      what: `${spec.profile} on ${spec.topology.kind}${spec.topology.kind === "cluster" ? `, ${spec.topology.shards} shards` : ""}, ${spec.topology.replicas} replicas each`,
    })),
};

/** The list as text, or as JSON for machines. */
export function listText(what: Listable, json: boolean): string {
  const found = rows[what]();
  if (json) return `${JSON.stringify(found)}\n`;
  const width = Math.max(...found.map((row) => row.name.length)) + 2;
  return found.map((row) => `${row.name.padEnd(width)}${row.what}\n`).join("");
}
