// The passwords of one deployment: made at random, written where only the owner reads them, never on a command line.

import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const users = ["app", "replication", "sentinel", "probe", "operator", "backup"] as const;
export type User = (typeof users)[number];
export type Secrets = Readonly<Record<User, string>>;

/** 32 random bytes each; `app` can be given for a developer's deployment. */
export function writeSecrets(folder: string, given: Partial<Secrets> = {}): Secrets {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const secrets = Object.fromEntries(users.map((user) => [user, given[user] ?? randomBytes(32).toString("base64url")])) as Record<
    User,
    string
  >;
  for (const user of users) writeFileSync(join(folder, user), secrets[user], { mode: 0o600 });
  return secrets;
}
