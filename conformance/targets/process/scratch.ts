// Where a run's files lie: a folder that cannot outlive the run, however it ends.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Scratch {
  readonly folder: string;
  /** Tells of a process group that must end with the run. */
  readonly started: (group: number) => void;
  readonly remove: () => void;
}

/** A folder that vanishes with the run: the namespace's own file system, or a temporary folder that a guard removes. */
export function scratch(): Scratch {
  const own = process.env["HOLDFAST_SCRATCH"];
  const folder = mkdtempSync(join(own ?? tmpdir(), "holdfast-"));
  if (own !== undefined) return { folder, started: () => {}, remove: () => rmSync(folder, { recursive: true, force: true }) };
  const guard = spawn("sh", [join(import.meta.dirname, "guard.sh"), folder], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  guard.unref();
  return { folder, started: (group) => void guard.stdin.write(`${group}\n`), remove: () => void guard.stdin.end() };
}
