// The one error of this room: everything that is wrong with a spec at once, each with the way out. It prints nothing.

/** One thing wrong with a spec. */
export interface SpecProblem {
  /** Path in the spec, e.g. `failover.downAfterMs`. */
  readonly field: string;
  /** What stands there; never a password. */
  readonly value: unknown;
  readonly reason: string;
  readonly fix: string;
}

const sentence = ({ field, value, reason, fix }: SpecProblem): string =>
  `  ${field} = ${JSON.stringify(value) ?? "(absent)"}: ${reason}. Fix: ${fix}.`;

export class SpecError extends Error {
  override readonly name = "SpecError";
  readonly problems: readonly SpecProblem[];

  constructor(what: string, problems: readonly SpecProblem[], options?: { readonly cause?: unknown }) {
    super(`${what}\n${problems.map(sentence).join("\n")}`, options);
    this.problems = problems;
  }
}
