// What was typed cannot be done. The message names the option, the value, and what to type instead.

export class UsageError extends Error {
  override readonly name = "UsageError";
}
