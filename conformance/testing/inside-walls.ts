// Runs a script of ours inside the process target's walls, the same that a run gets, so that no test touches the host's network or leaves
// anything behind. It reads the script's answer; it knows no script.

import { spawn } from "node:child_process";
import { findWalls } from "../targets/process/namespace.ts";

/** What `node FILE ARGS` printed, as JSON; rejects with what it said on standard error when it fails or takes longer than `mostMs`. */
export function insideWalls<T>(file: string, args: readonly string[], mostMs: number): Promise<T> {
  const walls = findWalls(true);
  const [program = "", ...rest] = [...walls.command, process.execPath, file, ...args];
  const child = spawn(program, rest, {
    env: { ...process.env, ...walls.environment },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: mostMs,
    killSignal: "SIGKILL",
  });
  const text = { out: "", error: "" };
  child.stdout.setEncoding("utf8").on("data", (part: string) => (text.out += part));
  child.stderr.setEncoding("utf8").on("data", (part: string) => (text.error += part));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === 0) resolve(JSON.parse(text.out) as T);
      else
        reject(
          new Error(
            `${file} ${args.join(" ")} ended with ${signal === "SIGKILL" ? `SIGKILL after ${mostMs} ms` : (code ?? signal)}:\n${text.error}`,
          ),
        );
    });
  });
}
