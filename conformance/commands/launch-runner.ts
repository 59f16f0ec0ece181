// Starts a runner inside the target's walls and speaks with it. Ends it, with everything in its namespaces, when asked.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { findWalls, type Walls } from "../targets/process/namespace.ts";
import type { Job, Message, Order } from "./job.ts";

export interface Runner {
  /** Resolves with the runner's last word; an unexpected end is an error text. */
  readonly done: Promise<Extract<Message, { kind: "done" }>>;
  /** Asks it to take everything down; kills it when it has not within 10 s. */
  stop(): void;
}

const runnerFile = join(import.meta.dirname, "..", "runner.ts");
/** ioredis adds a listener to a socket for each command that a failing node refuses; it removes them, and the warning helps nobody. */
const nodeOptions = ["--disable-warning=MaxListenersExceededWarning"];
const stopMs = 10_000;

/** What the walls of an outer run say is not true of this one. */
const noneInherited = { HOLDFAST_NETNS: undefined, HOLDFAST_SCRATCH: undefined, HOLDFAST_REFUSED: undefined };
const noWalls: Walls = { command: [], environment: {} };

/** Process runs get namespaces; `hostNetwork` keeps the host's network so that a developer's client can reach the deployment. */
export function launchRunner(
  job: Job,
  options: { readonly hostNetwork?: boolean; readonly onMessage: (message: Message) => void },
): Runner {
  const walls = job.target === "process" ? findWalls(options.hostNetwork !== true) : noWalls;
  const [program = process.execPath, ...args] = [...walls.command, process.execPath, ...nodeOptions, runnerFile];
  const child = spawn(program, args, {
    env: { ...process.env, ...noneInherited, ...walls.environment },
    stdio: ["ignore", 2, 2, "ipc"], // standard output is the command's own: what a library prints must not spoil its JSON
    detached: true, // Ctrl-C goes to the command line alone, which then takes the run down in order
  });
  const order = (message: Order): void => void (child.connected && child.send(message, () => {}));
  const done = new Promise<Extract<Message, { kind: "done" }>>((resolve) => {
    let last: Extract<Message, { kind: "done" }> | undefined;
    child.on("message", (message: Message) => {
      if (message.kind === "ready") order({ kind: "job", job });
      else if (message.kind === "done") last = message;
      else options.onMessage(message);
    });
    child.once("error", (error) => resolve({ kind: "done", error: `could not start the runner: ${error.message}` }));
    child.once("exit", (code, signal) =>
      resolve(last ?? { kind: "done", error: `the runner ended with ${signal ?? code} before it was done` }),
    );
  });
  return {
    done,
    stop: () => {
      order({ kind: "stop" });
      const timer = setTimeout(() => child.kill("SIGKILL"), stopMs);
      void done.then(() => clearTimeout(timer));
    },
  };
}
