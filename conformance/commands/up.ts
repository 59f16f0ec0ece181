// `holdfast up`: leaves a deployment running for a developer, prints how to connect, and removes it at Ctrl-C.

import { setTimeout as sleep } from "node:timers/promises";
import type { DeploymentSpec } from "../../spec/deployment-spec.ts";
import { targets } from "../targets/index.ts";
import type { ConnectionOptions } from "../targets/target.ts";
import { launchRunner } from "./launch-runner.ts";

export interface UpLook {
  readonly target: string;
  readonly json: boolean;
  readonly quiet: boolean;
}

const addresses = (list: ConnectionOptions["nodes"]): string => list.map(({ host, port }) => `${host}:${port}`).join(" ");

/** The developer asked for this password by asking for the deployment; it lives as long as the command. */
function describe(connection: ConnectionOptions, engineVersion: string, readyMs: number): string {
  const rows: readonly (readonly [string, string])[] = [
    ...(connection.topology === "sentinel"
      ? [["sentinels", addresses(connection.sentinels)] as const, ["master name", connection.masterName] as const]
      : []),
    ["nodes", addresses(connection.nodes)],
    ["user", connection.username],
    ["password", connection.password],
  ];
  return [
    `${connection.topology} ${engineVersion} is ready after ${readyMs} ms`,
    ...rows.map(([name, value]) => `  ${name.padEnd(12)}${value}`),
    "Ctrl-C removes it.",
    "",
  ].join("\n");
}

/** Resolves to the exit code once the deployment is gone. */
export async function up(spec: DeploymentSpec, look: UpLook): Promise<number> {
  const refused = targets[look.target]?.unsupported(spec) ?? [];
  if (refused.length > 0) {
    process.stderr.write(`holdfast: ${refused.join("; ")}\n`);
    return 4;
  }
  const runner = launchRunner(
    { kind: "up", target: look.target, spec, seed: 0 },
    {
      hostNetwork: true,
      onMessage: (message) => {
        if (message.kind !== "up") return;
        process.stdout.write(
          look.json
            ? `${JSON.stringify({ connection: message.connection, readyMs: message.readyMs, engineVersion: message.engineVersion })}\n`
            : describe(message.connection, message.engineVersion, message.readyMs),
        );
      },
    },
  );
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => runner.stop());
  const last = await runner.done;
  await sleep(0);
  if (last.error !== undefined) {
    process.stderr.write(`holdfast: ${last.error}\n`);
    return 4;
  }
  if (!look.quiet && !look.json) process.stdout.write("removed\n");
  return 0;
}
