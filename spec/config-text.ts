// Directives to configuration text and back, as the engines read it: one per line, words quoted where they must be.
// It knows no directive's meaning.

/** One line: its name and its words, with the reason it is there. */
export interface Directive {
  readonly name: string;
  readonly words: readonly string[];
  readonly why?: string;
}

export const directive = (name: string, words: string | number | boolean | readonly string[], why?: string): Directive => ({
  name,
  words: typeof words === "object" ? words : [typeof words === "boolean" ? (words ? "yes" : "no") : String(words)],
  ...(why === undefined ? {} : { why }),
});

const plain = /^[^\s"'\\#]+$/;
const escapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\" };
const quoted = (word: string): string => (plain.test(word) ? word : `"${word.replace(/[\n\r\t"\\]/g, (char) => escapes[char] ?? char)}"`);

export interface ConfigSection {
  readonly title: string;
  readonly directives: readonly Directive[];
}

/** The file: a paragraph on top, then each section with the reason above every line that has one. */
export function configText(head: string, sections: readonly ConfigSection[]): string {
  const lines = sections
    .filter(({ directives }) => directives.length > 0)
    .flatMap(({ title, directives }) => [
      "",
      `# --- ${title} ---`,
      ...directives.flatMap(({ name, words, why }) => [...(why === undefined ? [] : [`# ${why}`]), [name, ...words.map(quoted)].join(" ")]),
    ]);
  return [...head.split("\n").map((line) => `# ${line}`), ...lines, ""].join("\n");
}

const unescaped: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };
const word = /"((?:[^"\\]|\\.)*)"|(\S+)/g;

const wordsOf = (line: string): readonly string[] =>
  [...line.matchAll(word)].map(
    ([, inQuotes, bare]) => inQuotes?.replace(/\\(.)/g, (_, char: string) => unescaped[char] ?? char) ?? bare ?? "",
  );

/** The directives of a configuration file, comments and blank lines left out. */
export const parseConfigText = (text: string): readonly Directive[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [name = "", ...words] = wordsOf(line);
      return { name, words };
    });
