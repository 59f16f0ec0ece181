// As much XML as a JUnit file needs: elements, attributes, text. No library for it is among our dependencies, and 20 lines are not worth one.
// Writes only; names of elements and attributes are ours and are not checked.

export interface XmlElement {
  readonly name: string;
  readonly attributes?: Readonly<Record<string, string | number>>;
  readonly children?: readonly (XmlElement | string)[];
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "\n": "&#10;",
  "\t": "&#9;",
};

/** Escaped for text and attributes alike. What XML 1.0 cannot hold at all (most control characters, lone surrogates) becomes U+FFFD. */
export const xmlText = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/[^\t\n\u0020-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD")
    .replaceAll(/[&<>"'\n\t]/g, (character) => entities[character] ?? character);

/** The element as text, indented, each element on a line of its own. */
export function xml(element: XmlElement, indent = ""): string {
  const attributes = Object.entries(element.attributes ?? {}).map(([name, value]) => ` ${name}="${xmlText(String(value))}"`);
  const open = `${indent}<${element.name}${attributes.join("")}`;
  const children = element.children ?? [];
  if (children.length === 0) return `${open}/>`;
  const inner = children.map((child) => (typeof child === "string" ? `${indent}  ${xmlText(child)}` : xml(child, `${indent}  `)));
  return [`${open}>`, ...inner, `${indent}</${element.name}>`].join("\n");
}
