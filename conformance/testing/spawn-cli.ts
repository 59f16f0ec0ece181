// The real command line in a process of its own, for tests: what it printed, how it ended, and a way to signal it. Knows no command.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface CliOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A command it is run under, e.g. `setpriv` to another user. */
  readonly under?: readonly string[];
}

export interface Cli extends AsyncDisposable {
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Resolves when standard output or error matches; rejects with all that was printed when it ends first or after `mostMs`. */
  printed(pattern: RegExp, mostMs: number): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

const file = join(import.meta.dirname, "..", "cli.ts");

/** Starts `holdfast ARGS`. Disposing ends it by SIGINT, so that it takes its deployments down. */
export function spawnCli(args: readonly string[], options: CliOptions = {}): Cli {
  const [program = "", ...rest] = [...(options.under ?? []), process.execPath, file, ...args];
  const child = spawn(program, rest, { env: { ...process.env, ...options.env }, stdio: ["ignore", "pipe", "pipe"] });
  const text = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (part: string) => (text.stdout += part));
  child.stderr.setEncoding("utf8").on("data", (part: string) => (text.stderr += part));
  let over = false;
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once("error", (error) => {
      text.stderr += error.message;
      resolve(-1);
    });
    child.once("exit", (code, signal) => {
      over = true;
      const status = code ?? signal ?? -1;
      // what it printed last may still be in the pipe; a runner that outlives it may keep the pipe open
      void Promise.race([new Promise((done) => child.once("close", done)), sleep(500)]).then(() => resolve(status));
    });
  });
  return {
    pid: child.pid ?? -1,
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    ended,
    async printed(pattern, mostMs) {
      const end = performance.now() + mostMs;
      while (!pattern.test(text.stdout) && !pattern.test(text.stderr)) {
        if (over || performance.now() > end)
          throw new Error(`it did not print ${pattern} ${over ? "before it ended" : `within ${mostMs} ms`}:\n${text.stdout}${text.stderr}`);
        await sleep(10);
      }
    },
    kill: (signal) => void child.kill(signal),
    async [Symbol.asyncDispose]() {
      if (!over) child.kill("SIGINT");
      await ended;
    },
  };
}

/** Runs `holdfast ARGS` to its end. */
export async function runCli(
  args: readonly string[],
  options: CliOptions = {},
): Promise<{ readonly status: number | NodeJS.Signals; readonly stdout: string; readonly stderr: string }> {
  await using cli = spawnCli(args, options);
  const status = await cli.ended;
  return { status, stdout: cli.stdout(), stderr: cli.stderr() };
}
