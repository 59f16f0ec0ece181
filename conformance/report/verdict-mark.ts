// How a verdict looks in a terminal: one sign that reads without colour, and a colour that repeats it. Shows, never decides.

import { styleText } from "node:util";
import type { Verdict } from "../checkers/finding.ts";

type Style = Parameters<typeof styleText>[0];
export type Paint = (style: Style, text: string) => string;

/** Colours when asked to. The caller has looked at the stream and at NO_COLOR; this does not. */
export const painter = (colour: boolean): Paint =>
  colour ? (style, text) => styleText(style, text, { validateStream: false }) : (_style, text) => text;

export const verdictMarks: Readonly<Record<Verdict, { readonly sign: string; readonly style: Style }>> = {
  pass: { sign: "✓", style: "green" },
  "documented-limit": { sign: "≈", style: "cyan" },
  "budget-exceeded": { sign: "▲", style: "yellow" },
  violation: { sign: "✗", style: "red" },
  inconclusive: { sign: "?", style: "magenta" },
  "not-applicable": { sign: "–", style: "dim" },
};
