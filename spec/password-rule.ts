// Which passwords are refused: those a guesser tries first, and those that could break out of a configuration line.
// It makes no passwords and never repeats one: problems say how long it was.

import { SpecError, type SpecProblem } from "./spec-error.ts";

const lengthMin = 16;
const distinctMin = 8;
/** Words that stand in tutorials, charts and examples; looked for anywhere in the password. */
const known = [
  "password",
  "passwd",
  "changeme",
  "foobared",
  "letmein",
  "qwerty",
  "123456",
  "secret123",
  "default",
  "redis",
  "valkey",
  "admin",
];

function weakness(name: string, value: string): { readonly reason: string; readonly fix: string } | undefined {
  const fix = "use 32 random characters, e.g. the output of `openssl rand -hex 16`";
  const lower = value.toLowerCase();
  if (value.length < lengthMin)
    return { reason: `shorter than ${lengthMin} characters, and servers answer many thousand guesses a second`, fix };
  if (!/^[A-Za-z0-9_-]+$/.test(value))
    return { reason: "has characters other than A-Z a-z 0-9 _ -, which could break out of a configuration line", fix };
  const word = known.find((candidate) => lower.includes(candidate));
  if (word !== undefined) return { reason: `contains ${JSON.stringify(word)}, which every guesser tries`, fix };
  if (new Set(value).size < distinctMin) return { reason: `has fewer than ${distinctMin} different characters`, fix };
  if (name.length > 3 && lower.includes(name.toLowerCase())) return { reason: "contains the name of its own user", fix };
  return undefined;
}

/** What is wrong with the password of user `name`, or undefined. */
export function passwordProblem(name: string, value: string): SpecProblem | undefined {
  const found = weakness(name, value);
  return found && { field: `password of ${name}`, value: `(${value.length} characters, not shown)`, ...found };
}

/** Throws a SpecError for a default, short or unsafe password. */
export function refusePassword(name: string, value: string): void {
  const problem = passwordProblem(name, value);
  if (problem !== undefined) throw new SpecError("A password is refused:", [problem]);
}
