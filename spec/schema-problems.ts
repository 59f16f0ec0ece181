// Turns what the schema refused into problems with field, value, reason and fix. Combinations of valid values are refusals.ts's matter.

import type { z } from "zod";
import type { SpecProblem } from "./spec-error.ts";

type Issue = z.core.$ZodIssue;

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

function fixFor(issue: Issue): string {
  switch (issue.code) {
    case "invalid_value":
      return `use one of ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
    case "invalid_union":
      return "use kind sentinel or cluster";
    case "too_small":
      return `use at least ${issue.minimum}`;
    case "too_big":
      return `use at most ${issue.maximum}`;
    case "invalid_format":
      return `write it as ${"pattern" in issue && issue.pattern ? issue.pattern : issue.format}`;
    case "invalid_type":
      return `give ${issue.expected === "int" ? "a whole number" : `a value of type ${issue.expected}`}, or leave the field out for its default`;
    default:
      return "see docs/reference/spec.md for the field";
  }
}

function problemsOf(issue: Issue, root: unknown): readonly SpecProblem[] {
  const path = issue.path.map(String);
  if (issue.code !== "unrecognized_keys") {
    return [{ field: path.join("."), value: valueAt(root, issue.path), reason: issue.message.replace(/\.$/, ""), fix: fixFor(issue) }];
  }
  return issue.keys.map((key) => ({
    field: [...path, key].join("."),
    // A key we do not know may hold a password somebody put into the spec: its value is not repeated.
    value: "(not shown)",
    reason: "there is no such field, and an ignored one would be a promise not kept",
    fix: "remove it or correct its spelling; docs/reference/spec.md lists the fields",
  }));
}

export const schemaProblems = (error: z.ZodError, root: unknown): readonly SpecProblem[] =>
  error.issues.flatMap((issue) => problemsOf(issue, root));
