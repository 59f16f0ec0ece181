// The report's JSON Schema and its table of fields, both generated from the zod type. What stands in docs/reference is written by
// write-reference.ts and compared by a test; nothing is typed by hand.

import { z } from "zod";
import { reportSchema, schemaVersion } from "./report.ts";

interface SchemaNode {
  type?: string;
  description?: string;
  enum?: readonly unknown[];
  const?: unknown;
  anyOf?: readonly SchemaNode[];
  items?: SchemaNode;
  properties?: Readonly<Record<string, SchemaNode>>;
  required?: readonly string[];
  minimum?: number;
  maximum?: number;
}

/** JSON Schema 2020-12. Unknown fields are allowed: fields are added within a version, and an older reader must not refuse them. */
export function reportJsonSchema(): object {
  const schema = z.toJSONSchema(reportSchema, {
    io: "input",
    override: ({ jsonSchema }) => {
      // zod states the range of safe integers, which tells a reader nothing
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  return { $id: `holdfast-report-${schemaVersion}`, title: "holdfast report", ...schema };
}

function typeOf(node: SchemaNode): string {
  if (node.enum) return node.enum.map((value) => `\`${String(value)}\``).join(", ");
  if (node.const !== undefined) return `\`${String(node.const)}\``;
  if (node.anyOf) return node.anyOf.map(typeOf).join(" or ");
  if (node.type === "array") return `list of ${typeOf(node.items ?? {})}`;
  return node.type ?? "any";
}

interface Field {
  readonly path: string;
  readonly type: string;
  readonly description: string;
  readonly optional: boolean;
}

function fieldsOf(node: SchemaNode, prefix = ""): readonly Field[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const list = child.type === "array";
    const path = `${prefix}${name}${list ? "[]" : ""}`;
    const field: Field = {
      path,
      type: typeOf(child),
      description: child.description ?? "",
      optional: !(node.required ?? []).includes(name),
    };
    return [field, ...fieldsOf(list ? (child.items ?? {}) : child, `${path}.`)];
  });
}

/** A Markdown table, one row a field, in the order of the document. */
export function reportFieldTable(): string {
  const rows = fieldsOf(reportJsonSchema() as SchemaNode).map(
    ({ path, type, description, optional }) =>
      `| \`${path}\` | ${type}${optional ? ", optional" : ""} | ${description.replaceAll("|", "\\|")} |`,
  );
  return ["| field | type | meaning |", "|---|---|---|", ...rows].join("\n");
}
