// A deployment for tests of the lifecycle: rendered configuration, secrets, and one `supervise` per node (one `start-sentinel` per Sentinel)
// on loopback addresses of its own. It asserts nothing and injects nothing but signals; the process target is the real thing.

import { spawn, type ChildProcess } from "node:child_process";
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { withEngine, withFailoverTimers } from "../../spec/deployment-spec.ts";
import { namedSpecs, type SpecName } from "../../spec/named-specs.ts";
import { renderAll } from "../../spec/render.ts";

export const lifecycle = resolve(import.meta.dirname, "..");
const users = ["app", "replication", "sentinel", "probe", "operator", "backup"] as const;
const engine = process.env["HOLDFAST_TEST_ENGINE"] === "valkey" ? "valkey" : "redis";

export interface Options {
  readonly spec: Extract<SpecName, "durable-sentinel" | "durable-cluster">;
  readonly detectionMs?: number;
  /** A command that the verbs are run under, e.g. to exchange /bin/sh. */
  readonly wrapper?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface LocalDeployment extends AsyncDisposable {
  readonly folder: string;
  readonly nodes: readonly string[];
  readonly secrets: Readonly<Record<string, string>>;
  host(name: string): string;
  /** Starts supervise (n1..) or start-sentinel (s1..). `env` is added to the node contract. */
  start(name: string, env?: Readonly<Record<string, string>>): void;
  /** Runs a verb to its end. */
  run(verb: string, name: string, env?: Readonly<Record<string, string>>): Promise<{ code: number; output: string }>;
  /** SIGKILL to the supervisor and its server, or to the Sentinel. */
  kill(name: string): Promise<void>;
  /** A signal to supervise alone; resolves with its exit code. */
  signal(name: string, signal: NodeJS.Signals): Promise<number>;
  /** The exit code, when it ended. */
  ended(name: string): Promise<number>;
  dropVolume(name: string): void;
  client(name: string, user?: (typeof users)[number]): Redis;
  /** One command as operator; undefined if nobody answered. */
  ask(name: string, ...command: readonly string[]): Promise<unknown>;
  serverPid(name: string): Promise<number>;
  /** Names of the nodes that say they are primary. */
  primaries(): Promise<readonly string[]>;
  log(name: string): string;
}

/** Polls until `probe` gives a value; fails with `what` after `timeoutMs`. */
export async function until<T>(what: string, timeoutMs: number, probe: () => Promise<T | undefined | false>): Promise<T> {
  for (const end = performance.now() + timeoutMs; performance.now() < end; await sleep(20)) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
  }
  throw new Error(`not within ${timeoutMs} ms: ${what}`);
}

function writeFiles(folder: string, { spec: name, detectionMs = 5000 }: Options): Record<string, string> {
  const timers = { downAfterMs: detectionMs, nodeTimeoutMs: detectionMs };
  const spec = withEngine(withFailoverTimers(namedSpecs[name], timers), engine);
  mkdirSync(join(folder, "config"));
  mkdirSync(join(folder, "secrets"), { mode: 0o700 });
  for (const [file, text] of Object.entries(renderAll(spec))) writeFileSync(join(folder, "config", file), text);
  const secrets: Record<string, string> = {};
  for (const user of users) {
    secrets[user] = `${user}-${crypto.randomUUID()}`;
    writeFileSync(join(folder, "secrets", user), `${secrets[user]}\n`, { mode: 0o600 });
  }
  return secrets;
}

const names = (letter: string, count: number): readonly string[] => Array.from({ length: count }, (_, index) => `${letter}${index + 1}`);
const portOf = (name: string): number => (name.startsWith("s") ? 26379 : 6379);

interface Layout {
  readonly folder: string;
  readonly nodes: readonly string[];
  host(name: string): string;
  environment(name: string): Record<string, string>;
}

/** Which node is where, and the node contract of each. */
function lay({ spec, detectionMs = 5000, env }: Options, folder: string): Layout {
  const sentinel = spec === "durable-sentinel";
  const network = `127.${20 + Math.floor(Math.random() * 200)}.${1 + Math.floor(Math.random() * 250)}`;
  const nodes = names("n", sentinel ? 3 : 9);
  const host = (name: string): string => `${network}.${name.slice(1)}`;
  const shared = {
    PATH: process.env["PATH"] ?? "",
    HOLDFAST_TOPOLOGY: sentinel ? "sentinel" : "cluster",
    HOLDFAST_ENGINE: engine,
    HOLDFAST_BIN: process.env["HOLDFAST_BIN"] ?? "",
    HOLDFAST_NODES: nodes.map((name, index) => `${name}=${host(name)}:6379/${sentinel ? 0 : Math.floor(index / 3)}`).join(" "),
    HOLDFAST_SENTINELS: sentinel
      ? names("s", 3)
          .map((name) => `${name}=${host(name)}:26379`)
          .join(" ")
      : "",
    HOLDFAST_MASTER: spec,
    HOLDFAST_QUORUM: "2",
    HOLDFAST_DEPLOYMENT: network,
    HOLDFAST_CONFIG: join(folder, "config"),
    HOLDFAST_SECRETS: join(folder, "secrets"),
    HOLDFAST_DETECTION_MS: String(detectionMs),
    ...env,
  };
  const environment = (name: string): Record<string, string> => ({
    ...shared,
    HOLDFAST_NODE: name,
    HOLDFAST_HOST: host(name),
    HOLDFAST_DATA: join(folder, name, "data"),
    HOLDFAST_RUN: join(folder, name, "run"),
  });
  return { folder, nodes, host, environment };
}

type Processes = Pick<LocalDeployment, "start" | "run" | "kill" | "signal" | "ended"> & { killAll(): Promise<void> };

const exit = (child: ChildProcess): Promise<number> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve(child.exitCode ?? -1)
    : new Promise((done) => void child.once("exit", (code) => done(code ?? -1)));

/** Rejects before the test's own deadline would, because after that nobody disposes of the deployment. */
const tooLate = async (what: string): Promise<never> => {
  await sleep(40_000, undefined, { ref: false });
  throw new Error(`${what} within 40 s`);
};

function processes({ folder, environment }: Layout, wrapper: readonly string[]): Processes {
  const running = new Map<string, ChildProcess>();
  const launch = (verb: string, name: string, env: Readonly<Record<string, string>> = {}): ChildProcess => {
    const [command = "", ...args] = [...wrapper, join(lifecycle, verb)];
    return spawn(command, args, { env: { ...environment(name), ...env }, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  };
  const child = (name: string): ChildProcess => {
    const found = running.get(name);
    if (!found) throw new Error(`${name} was never started`);
    return found;
  };
  const kill = async (name: string): Promise<void> => {
    const { pid } = child(name);
    try {
      if (pid !== undefined) process.kill(-pid, "SIGKILL"); // the group: supervise, watch, and server
    } catch {
      // it ended before
    }
    await exit(child(name));
  };
  return {
    kill,
    start(name, env) {
      mkdirSync(join(folder, name), { recursive: true });
      const started = launch(name.startsWith("s") ? "start-sentinel" : "supervise", name, env);
      const log = createWriteStream(join(folder, name, "log"), { flags: "a" });
      started.stdout?.pipe(log, { end: false });
      started.stderr?.pipe(log, { end: false });
      running.set(name, started);
    },
    async run(verb, name, env) {
      const started = launch(verb, name, env);
      let output = "";
      started.stdout?.on("data", (data: Buffer) => (output += data.toString()));
      started.stderr?.on("data", (data: Buffer) => (output += data.toString()));
      return { code: await exit(started), output };
    },
    async signal(name, signal) {
      child(name).kill(signal);
      return Promise.race([exit(child(name)), tooLate(`${name} did not end after ${signal}`)]);
    },
    ended: (name) => Promise.race([exit(child(name)), tooLate(`${name} did not end`)]),
    async killAll() {
      await Promise.all([...running.keys()].map(kill));
    },
  };
}

type Questions = Pick<LocalDeployment, "client" | "ask"> & { close(): void };

function questions({ host }: Layout, secrets: Readonly<Record<string, string>>): Questions {
  const clients = new Set<Redis>();
  const client: Questions["client"] = (name, user = "operator") => {
    const made = new Redis({
      host: host(name),
      port: portOf(name),
      username: user,
      password: secrets[user] ?? "",
      lazyConnect: true,
      retryStrategy: () => null,
      enableReadyCheck: false,
      maxRetriesPerRequest: 0,
      connectTimeout: 500,
      commandTimeout: 500,
    });
    made.on("error", () => {});
    clients.add(made);
    return made;
  };
  return {
    client,
    async ask(name, ...[command = "PING", ...args]) {
      const asking = client(name);
      try {
        return await asking.call(command, ...args);
      } catch {
        return undefined;
      } finally {
        asking.disconnect();
        clients.delete(asking);
      }
    },
    close() {
      for (const open of clients) open.disconnect();
    },
  };
}

export function localDeployment(options: Options): LocalDeployment {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-lifecycle-"));
  const secrets = writeFiles(folder, options);
  const layout = lay(options, folder);
  const { killAll, ...verbs } = processes(layout, options.wrapper ?? []);
  const { close, client, ask } = questions(layout, secrets);
  return {
    ...verbs,
    folder,
    nodes: layout.nodes,
    secrets,
    host: layout.host,
    client,
    ask,
    dropVolume: (name) => rmSync(join(folder, name, "data"), { recursive: true, force: true }),
    async serverPid(name) {
      return Number(/process_id:(\d+)/.exec(String(await ask(name, "INFO", "server")))?.[1]);
    },
    async primaries() {
      const roles = await Promise.all(layout.nodes.map((name) => ask(name, "ROLE")));
      return layout.nodes.filter((_, index) => {
        const role = roles[index];
        return Array.isArray(role) && role[0] === "master";
      });
    },
    log: (name) => readFileSync(join(folder, name, "log"), "utf8"),
    async [Symbol.asyncDispose]() {
      close();
      await killAll();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
