// One node's processes: starts `lifecycle/supervise` or `lifecycle/start-sentinel`, finds the server below it, signals what is asked,
// and knows when all of it is gone. Contains no start-up logic of its own: that is what `lifecycle/` is for.

import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { TargetError } from "../target.ts";

export interface NodeProcess {
  readonly name: string;
  readonly group: number;
  readonly logFile: string;
  running(): boolean;
  /** Process id of the server below the supervisor; undefined while there is none. */
  serverPid(): number | undefined;
  /** Signals the supervisor (or Sentinel) alone. */
  signal(signal: NodeJS.Signals): void;
  /** Signals every process of the node at once. */
  signalAll(signal: NodeJS.Signals): void;
  /** Kills every process of the node; resolves when none is left, or after 2 s. */
  end(): Promise<void>;
  /** Resolves with the exit code or signal when the supervisor is gone. */
  readonly ended: Promise<string>;
}

const childrenOf = (pid: number): readonly number[] => {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
  } catch {
    return []; // gone
  }
};

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return "";
  }
};

const isServer = (pid: number): boolean => /^(redis|valkey)-(server|sentin)/.test(commandOf(pid)) || commandOf(pid).startsWith("ld-linux");

function findServer(pid: number): number | undefined {
  for (const child of childrenOf(pid)) {
    if (isServer(child)) return child;
    const below = findServer(child);
    if (below !== undefined) return below;
  }
  return undefined;
}

const groupThere = (group: number): boolean => {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
};

const signalQuietly = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch {
    // gone already: that is what was wanted, or the caller's evidence will miss it
  }
};

/** Starts `sh FILE` in a process group of its own, its output appended to `logFile`. */
export function startNode(
  name: string,
  file: string,
  options: { readonly environment: Readonly<Record<string, string>>; readonly logFile: string },
): NodeProcess {
  const log = openSync(options.logFile, "a", 0o600);
  const child = spawn("sh", [file], { env: options.environment, stdio: ["ignore", log, log], detached: true });
  closeSync(log);
  const group = child.pid;
  if (group === undefined) throw new TargetError(`could not start ${file} for ${name}: is sh on PATH?`);
  let alive = true;
  const ended = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => {
      alive = false;
      resolve(signal ?? String(code));
    });
  });
  return {
    name,
    group,
    logFile: options.logFile,
    ended,
    running: () => alive,
    serverPid: () => (alive && isServer(group) ? group : findServer(group)),
    signal: (signal) => signalQuietly(group, signal),
    signalAll: (signal) => signalQuietly(-group, signal),
    async end() {
      signalQuietly(-group, "SIGKILL");
      for (let tries = 0; tries < 200 && groupThere(group); tries++) await sleep(10);
    },
  };
}

/** Waits until a process id is gone or a zombie; false when it is still there after `mostMs`. */
export async function gone(pid: number, mostMs: number): Promise<boolean> {
  const until = performance.now() + mostMs;
  while (performance.now() < until) {
    try {
      if (/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))) return true;
    } catch {
      return true;
    }
    await sleep(5);
  }
  return false;
}
