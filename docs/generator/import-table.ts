// The table of who may import whom, read from architecture.test.ts, which enforces it. It reads the text because a test file cannot be
// imported outside of vitest; a table that it no longer recognises is an error, never an empty page.

import { readFileSync } from "node:fs";
import { join } from "node:path";

const file = join(import.meta.dirname, "..", "..", "architecture.test.ts");
const code = (text: string): string => `\`${text}\``;

/** One row of the source, `["from", ["may", ...]],`, on one line or, where it is long, on several. */
const rowShape = /^ {2}\[\s*"([^"]+)",\s*\[([^\]]*)\],?\s*\],$/gm;

function allowed(list: string): string {
  const rooms = [...list.matchAll(/"(type:)?([^"]+)"/g)].map(
    ([, type, room = ""]) => `${code(room)}${type === undefined ? "" : " (types)"}`,
  );
  return rooms.length === 0 ? "nothing of ours" : rooms.join(", ");
}

export function importTable(source = readFileSync(file, "utf8")): string {
  const rows = [...source.matchAll(rowShape)].map(([, from = "", list = ""]) => `| ${code(from)} | ${allowed(list)} |`);
  if (rows.length < 10)
    throw new Error(`${file}: the import table is no longer written as rows of folders, so ARCHITECTURE.md cannot show it`);
  return ["| files under | may import, besides their own folder |", "| --- | --- |", ...rows].join("\n");
}
