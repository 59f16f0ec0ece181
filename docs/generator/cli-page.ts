// The command line's reference: what each command prints for --help, as it prints it.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..");

async function help(...command: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, ["conformance/cli.ts", ...command, "--help"], {
    cwd: root,
    env: { ...process.env, NO_COLOR: "1" },
  });
  return stdout.trimEnd();
}

/** Names under "Commands:", except help itself. */
const commandsIn = (text: string): readonly string[] =>
  [...(text.split("\nCommands:\n")[1]?.split("\n\n")[0] ?? "").matchAll(/^ {2}([a-z-]+)/gm)].flatMap(([, name = ""]) =>
    name === "help" ? [] : [name],
  );

const fenced = (text: string): string => `\`\`\`text\n${text}\n\`\`\``;

/** The exit codes, as --help lists them. */
export async function exitCodes(): Promise<string> {
  const text = (await help()).split("\nExit codes:\n")[1];
  if (text === undefined) throw new Error("holdfast --help no longer lists the exit codes");
  return fenced(text);
}

export async function cliPage(): Promise<string> {
  const top = await help();
  const commands = commandsIn(top);
  if (commands.length < 5) throw new Error(`holdfast --help lists ${commands.length} commands; at least five are expected`);
  const pages = await Promise.all(commands.map(async (name) => `## holdfast ${name}\n\n${fenced(await help(name))}`));
  return [
    "# Command line",
    "",
    "Made from `--help` by `docs/generate.ts`; do not edit. In the repository `holdfast` is `node_modules/.bin/node conformance/cli.ts`;",
    '`make verify ARGS="..."` is `holdfast verify ...` after set-up.',
    "",
    fenced(top),
    "",
    pages.join("\n\n"),
    "",
  ].join("\n");
}
