// Weak passwords are refused, by the rule that makes them weak, and never repeated.

import { expect, it } from "vitest";
import { passwordProblem, refusePassword } from "./password-rule.ts";

it.each([
  ["short", "aB3dE6gH9", /shorter than 16/],
  ["from a tutorial", "x7Qz-changeme-9LmK2p", /changeme/],
  ["the engine's name", "0192837465-Redis-pw", /redis/],
  ["of one letter", "abababababababababab", /different characters/],
  ["able to break out of a line", 'aB3dE6gH9kL2"\nuser evil on', /characters other than/],
  ["its own user's name", "q8-operator-W2m5Xz71", /own user/],
])("refuses a password that is %s, without repeating it", (_what, password, reason) => {
  expect(() => refusePassword("operator", password)).toThrow(reason);
  expect(JSON.stringify(passwordProblem("operator", password))).not.toContain(password);
});

it("accepts 32 random characters", () => {
  expect(passwordProblem("app", "9f86d081884c7d659a2feaa0c55ad015")).toBeUndefined();
  expect(passwordProblem("app", "Zx3-kQ81_mVb62LtYp0sWc4hRn7dEgUa")).toBeUndefined();
});
