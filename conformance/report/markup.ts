// HTML from templates that cannot forget to escape: whatever is put into one is text, unless it is markup itself. Knows no page.

export interface Markup {
  readonly html: string;
}

type Value = string | number | Markup | readonly Markup[] | undefined;

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

const escaped = (text: string): string => text.toWellFormed().replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);

function rendered(value: Value): string {
  if (value === undefined) return "";
  if (typeof value === "string" || typeof value === "number") return escaped(String(value));
  return "html" in value ? value.html : value.map(({ html }) => html).join("");
}

/** Attribute values must stand in double quotes. */
export const markup = (texts: TemplateStringsArray, ...values: readonly Value[]): Markup => ({
  html: texts.map((text, index) => text + rendered(values[index])).join(""),
});

export const nothing: Markup = { html: "" };
