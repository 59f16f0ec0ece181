// The regions of docs/how-to/examples.ts as code blocks, by the name of the page that shows each. Cuts and unindents; changes nothing.

import { readFileSync } from "node:fs";
import { join } from "node:path";

const file = join(import.meta.dirname, "..", "how-to", "examples.ts");

/** `example` blocks by page name, ready to be put between marks. */
export function examples(source = readFileSync(file, "utf8")): ReadonlyMap<string, string> {
  const regions = [...source.matchAll(/^ {2}\/\/ #region ([a-z-]+)\n([\s\S]*?)\n {2}\/\/ #endregion$/gm)];
  return new Map(regions.map(([, name = "", text = ""]) => [name, `\`\`\`ts\n${text.replaceAll(/^ {2}/gm, "")}\n\`\`\``]));
}
