// Blocks between `<!-- NAME:start -->` and `<!-- NAME:end -->` in hand-written pages: everything that can be generated is. It replaces
// what stands between the marks and touches nothing else.

/** Replaces every block of the page; a name that nobody generates, and a block without end, are errors. */
export function withBlocks(page: string, blocks: Readonly<Record<string, string>>): string {
  const marks = page.match(/<!-- [a-z-]+:start -->/g) ?? [];
  let replaced = 0;
  const text = page.replaceAll(
    /(<!-- ([a-z-]+):start -->\n)[\s\S]*?(<!-- \2:end -->)/g,
    (_all, start: string, name: string, end: string) => {
      const block = blocks[name];
      if (block === undefined) throw new Error(`nobody generates the block ${name}; known are ${Object.keys(blocks).join(", ")}`);
      replaced++;
      return `${start}\n${block}\n\n${end}`;
    },
  );
  if (replaced !== marks.length) throw new Error(`${marks.length} blocks begin and ${replaced} end: a \`:end\` mark is missing`);
  return text;
}
