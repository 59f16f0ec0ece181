// How a run is walled off: the command that starts the runner in namespaces of its own, so that ports cannot collide, packets can
// really be dropped, and nothing outlives the run. Asks the kernel what it grants; it does not start servers.

import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** What the kernel grants here. A reason in `refused` makes the faults that need it `not-applicable`. */
export interface Walls {
  /** Prefix of the runner's command line; empty where nothing is granted. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly refused?: string;
}

const init = join(import.meta.dirname, "init.sh");

/** An existing folder that each run covers with a file system of its own; nothing is ever written to the folder below. */
function mountPoint(): string {
  const folder = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "holdfast", "scratch");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

const works = (command: readonly string[], environment: Readonly<Record<string, string>>): string | undefined => {
  const [program = "", ...args] = [...command, "true"];
  const done = spawnSync(program, args, { env: { ...process.env, ...environment }, encoding: "utf8", timeout: 5000 });
  if (done.status === 0) return undefined;
  return (done.error?.message ?? done.stderr.trim().split("\n")[0]) || `${program} ended with ${done.status ?? done.signal}`;
};

const none = (why: string): Walls => {
  const refused = `no namespaces: ${why}`;
  return { command: [], environment: { HOLDFAST_REFUSED: refused }, refused };
};

/**
 * Tries, in this order: namespaces as root, namespaces through a user namespace, none. `network` false keeps the host's
 * network, for a deployment that a developer's own client must reach. HOLDFAST_NO_NAMESPACES asks for none, for tests of that case
 * and for hosts where namespaces are granted and then do not work.
 */
export function findWalls(network: boolean): Walls {
  if (process.env["HOLDFAST_NO_NAMESPACES"]) return none("HOLDFAST_NO_NAMESPACES is set");
  const scratch = mountPoint();
  const environment = { HOLDFAST_SCRATCH: scratch, ...(network ? { HOLDFAST_NETNS: "yes" } : {}) };
  const refusals: string[] = [];
  for (const user of process.getuid?.() === 0 ? [[], ["--map-root-user"]] : [["--map-root-user"]]) {
    const command = [
      "setpriv",
      "--pdeathsig",
      "KILL",
      "--",
      "unshare",
      ...(network ? ["--net"] : []),
      "--pid",
      "--mount",
      "--ipc",
      "--fork",
      "--kill-child",
      "--mount-proc",
      ...user,
      "--",
      "sh",
      init,
      scratch,
    ];
    const refusal = works(command, environment);
    if (refusal === undefined) return { command, environment };
    refusals.push(refusal);
  }
  return none(`the kernel grants none here (${refusals.join("; ")})`);
}
