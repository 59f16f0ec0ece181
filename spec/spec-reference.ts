// The reference page of the spec, made from the schema and the named specs, so that it cannot say anything else than they do.
// It returns the text; a test keeps docs/reference/spec.md equal to it.

import { z } from "zod";
import { namedSpecs, specNames, type SpecName } from "./named-specs.ts";
import { deploymentSpecSchema } from "./spec-schema.ts";

interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly unit?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node;
  readonly prefixItems?: readonly Node[];
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
}

interface Row {
  readonly path: string;
  readonly node: Node;
  readonly optional: boolean;
}

const code = (text: string): string => `\`${text}\``;
const show = (value: unknown): string => (value === undefined ? "" : code(JSON.stringify(value)));

function typeOf(node: Node): string {
  const options = node.anyOf ?? node.oneOf;
  if (options) return options.map(typeOf).join(" or ");
  if (node.const !== undefined) return show(node.const);
  if (node.enum) return node.enum.map(show).join(", ");
  if (node.prefixItems) return `[${node.prefixItems.map(typeOf).join(", ")}]`;
  if (node.items) return `list of ${typeOf(node.items)}`;
  if (node.pattern !== undefined) return `text like ${code(node.pattern.replaceAll("|", "\\|"))}`;
  if (node.type === "object") return "section";
  if (node.type !== "integer") return node.type === "boolean" ? "yes or no (true, false)" : (node.type ?? "any");
  const bounded = node.maximum !== undefined && node.maximum < Number.MAX_SAFE_INTEGER;
  return bounded ? `${node.minimum} to ${node.maximum}` : `whole number from ${node.minimum}`;
}

/** Every field in the order of the schema; a section that is one of several is walked through all of them. */
function rowsOf(node: Node, path: string): readonly Row[] {
  const below = Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const childPath = path === "" ? name : `${path}.${name}`;
    const row = { path: childPath, node: child, optional: !(node.required ?? []).includes(name) };
    const isSection = child.properties !== undefined || child.oneOf !== undefined;
    return [...(isSection ? [] : [row]), ...rowsOf(child, childPath)];
  });
  return [...below, ...(node.anyOf ?? node.oneOf ?? []).flatMap((option) => rowsOf(option, path))];
}

function valueIn(name: SpecName, path: string): unknown {
  let value: unknown = namedSpecs[name];
  for (const key of path.split(".")) value = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  return value;
}

/** The default, once where all named specs agree, else with the part of their names that decides. */
function defaultOf({ path, optional }: Row): string {
  const shown = new Map(specNames.map((name) => [name, show(valueIn(name, path))] as const).filter(([, text]) => text !== ""));
  const values = [...new Set(shown.values())];
  if (values.length === 0) return optional ? "left out" : path.startsWith("security.tls.") ? show("yes") : "";
  if (values.length === 1) return values.join();
  const decides = (word: string): boolean =>
    [...shown].every(([name, text]) =>
      [...shown].every(([other, otherText]) => name.includes(word) !== other.includes(word) || text === otherText),
    );
  for (const pair of [
    ["durable", "cache"],
    ["sentinel", "cluster"],
  ] as const) {
    if (decides(pair[0])) return pair.map((word) => `${[...shown].find(([name]) => name.includes(word))?.[1]} (${word})`).join(", ");
  }
  return [...shown].map(([name, text]) => `${text} (${name})`).join(", ");
}

/** A field that several topologies share is one row, its descriptions joined where they differ. */
function merged(rows: readonly Row[]): readonly Row[] {
  const byPath = Map.groupBy(rows, ({ path }) => path);
  return [...byPath].flatMap(([path, [first, ...others]]) => {
    if (first === undefined) return [];
    const nodes = [first, ...others].map(({ node }) => node);
    const description = [...new Set(nodes.map((node) => node.description ?? ""))].join(" Or: ");
    return [{ path, optional: first.optional, node: others.length === 0 ? first.node : { oneOf: nodes, description } }];
  });
}

const line = (row: Row): string => {
  const types = [...new Set((row.node.oneOf ?? [row.node]).map(typeOf))].join(" or ");
  return `| ${code(row.path)} | ${types} | ${row.node.unit ?? ""} | ${defaultOf(row)} | ${row.node.description ?? ""} |`;
};

export function specReference(): string {
  const schema = z.toJSONSchema(deploymentSpecSchema, { io: "input" }) as Node;
  const rows = merged(rowsOf(schema, ""));
  return [
    "# Deployment spec",
    "",
    "Made from the schema by `specReference()` in `spec/spec-reference.ts`; do not edit.",
    "",
    `A spec is a name (${specNames.map(code).join(", ")}), or YAML in which any field may be left out. A field that does not exist, a`,
    "value out of range and a combination that is known to hurt are refused with the reason and the fix.",
    "",
    "| field | type | unit | default | meaning |",
    "|---|---|---|---|---|",
    ...rows.map(line),
    "",
  ].join("\n");
}
