// A bare server (and a Sentinel, or a one-node Cluster) for tests of one pattern. Never used by a run: targets bring those up.

import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import type { ConnectionOptions } from "../targets/target.ts";

export const serverBinary = process.env["HOLDFAST_SERVER"] ?? "redis-server";

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => (typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port"))));
    });
  });

async function answering(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const client = new Redis({ host: "127.0.0.1", port, lazyConnect: true, retryStrategy: () => null });
    client.on("error", () => {});
    try {
      await client.connect();
      await client.ping();
      return;
    } catch {
      await sleep(25);
    } finally {
      client.disconnect();
    }
  }
  throw new Error(`no server answered on 127.0.0.1:${port} within 5 s`);
}

export interface PrivateServer extends AsyncDisposable {
  readonly connection: ConnectionOptions;
  readonly port: number;
}

/** One server without password. `sentinel`: with one Sentinel of quorum 1; `cluster`: one node that owns all slots. */
export async function privateServer(topology: "sentinel" | "cluster", extra: readonly string[] = []): Promise<PrivateServer> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-test-"));
  const started: ChildProcess[] = [];
  const start = (args: readonly string[]): void => {
    started.push(spawn(serverBinary, [...args], { cwd: folder, stdio: "ignore" }));
  };
  const [port, sentinelPort, busPort] = [await freePort(), await freePort(), await freePort()];
  const common = ["--bind", "127.0.0.1", "--port", String(port), "--save", "", "--dir", folder, ...extra];
  start(
    topology === "cluster"
      ? [...common, "--cluster-enabled", "yes", "--cluster-port", String(busPort), "--cluster-announce-ip", "127.0.0.1"]
      : common,
  );
  await answering(port);
  if (topology === "cluster") {
    const client = new Redis({ host: "127.0.0.1", port });
    await client.call("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
    while (!String(await client.call("CLUSTER", "INFO")).includes("cluster_state:ok")) await sleep(25);
    client.disconnect();
  } else {
    const file = join(folder, "sentinel.conf");
    writeFileSync(file, `bind 127.0.0.1\nport ${sentinelPort}\ndir ${folder}\nsentinel monitor test 127.0.0.1 ${port} 1\n`);
    start([file, "--sentinel"]);
    await answering(sentinelPort);
  }
  return {
    port,
    connection: {
      topology,
      masterName: topology === "sentinel" ? "test" : "",
      sentinels: topology === "sentinel" ? [{ host: "127.0.0.1", port: sentinelPort }] : [],
      nodes: [{ host: "127.0.0.1", port }],
      username: "default",
      password: "",
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(
        started.map(
          (child) =>
            new Promise<void>((resolve) => {
              if (child.exitCode !== null) return resolve();
              child.once("exit", () => resolve());
              child.kill("SIGKILL");
            }),
        ),
      );
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
