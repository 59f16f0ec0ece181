// Starts real servers and Sentinels on rendered files, for the tests of this room. It fills tokens as lifecycle/ does, but in
// TypeScript and with throw-away secrets; it knows nothing of roles, restarts or hand-overs.

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import type { DeploymentSpec } from "../deployment-spec.ts";
import { renderAll } from "../render.ts";

/** A loopback address of this test process alone, so that test runs side by side never meet on a port. */
export const host = `127.21.${(process.pid >> 8) & 255}.${process.pid & 255}`;
const firstPort = 21_000;
let portsTaken = 0;

export const secretOf = (user: string): string => `test-secret-of-${user}`;
const digestOf = (user: string): string => createHash("sha256").update(secretOf(user)).digest("hex");

/** The text with every token filled with this test's secrets. */
export const filled = (text: string): string =>
  text
    .replace(/%secret:([a-z]+)%/g, (_, name: string) => secretOf(name))
    .replace(/%hash:([a-z]+)%/g, (_, name: string) => `#${digestOf(name)}`);

export interface Engine {
  readonly name: DeploymentSpec["engine"]["name"];
  readonly binary: string;
  readonly version: string;
}

function engineAt(name: Engine["name"], binary: string): Engine {
  const line = execFileSync(binary, ["--version"], { encoding: "utf8" });
  return { name, binary, version: /v=(\S+)/.exec(line)?.[1] ?? "unknown" };
}

const onPath = (binary: string): string | undefined =>
  (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((folder) => join(folder, binary))
    .find((file) => existsSync(file));

function binaries(name: Engine["name"], listed: string | undefined): readonly string[] {
  const found = onPath(`${name}-server`);
  const more = (listed ?? "").split(delimiter).filter((file) => existsSync(file));
  return [...new Set([...(found === undefined ? [] : [found]), ...more])];
}

/** Every engine found here: on PATH, and further binaries listed in HOLDFAST_TEST_REDIS and HOLDFAST_TEST_VALKEY (separated by colons). */
export const enginesHere = (): readonly Engine[] => [
  ...binaries("redis", process.env["HOLDFAST_TEST_REDIS"]).map((file) => engineAt("redis", file)),
  ...binaries("valkey", process.env["HOLDFAST_TEST_VALKEY"]).map((file) => engineAt("valkey", file)),
];

async function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port }, () => resolve((socket.destroy(), true)));
    socket.once("error", () => resolve(false));
  });
}

export interface Running extends AsyncDisposable {
  readonly port: number;
  readonly folder: string;
  readonly log: () => string;
  /** A connection as one of the users; closed with the server. */
  as(user: string): Redis;
  /** A connection that names no user. */
  anonymous(password?: string): Redis;
}

/** What a start adds to the rendered file, as lifecycle/ would. */
export interface Extra {
  readonly lines?: readonly string[];
  readonly port?: number;
  /** What a Sentinel is told to call the primary. */
  readonly host?: string;
}

async function start(
  engine: Engine,
  files: readonly [config: string, acl: string],
  extra: Extra & { readonly args: readonly string[] },
): Promise<Running> {
  const port = extra.port ?? nextPort();
  const folder = mkdtempSync(join(tmpdir(), "holdfast-spec-"));
  const aclFile = join(folder, "users.acl");
  const own = [`port ${port}`, `bind ${host}`, `bind-source-addr ${host}`, `dir ${folder}`, `aclfile ${aclFile}`, ...(extra.lines ?? [])];
  writeFileSync(aclFile, filled(files[1]), { mode: 0o600 });
  writeFileSync(join(folder, "node.conf"), `${filled(files[0])}${own.join("\n")}\n`, { mode: 0o600 });
  const child = spawn(engine.binary, [join(folder, "node.conf"), ...extra.args], { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  child.stdout.on("data", (chunk) => (log += String(chunk)));
  child.stderr.on("data", (chunk) => (log += String(chunk)));
  const clients: Redis[] = [];
  const client = (login: { readonly username?: string; readonly password?: string }): Redis => {
    const made = new Redis({
      host,
      port,
      ...login,
      enableReadyCheck: false,
      maxRetriesPerRequest: 0,
      protocol: 2,
      disableClientInfo: true,
    });
    made.on("error", () => {});
    clients.push(made);
    return made;
  };
  const running: Running = {
    port,
    folder,
    log: () => log,
    as: (user) => client({ username: user, password: secretOf(user) }),
    anonymous: (password) => client(password === undefined ? {} : { password }),
    async [Symbol.asyncDispose]() {
      for (const made of clients) made.disconnect();
      await stopped(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  for (let tries = 0; tries < 200 && child.exitCode === null; tries++) {
    if (await isListening(port)) return running;
    await sleep(25);
  }
  await running[Symbol.asyncDispose]();
  throw new Error(`${engine.binary} did not listen on ${host}:${port} within 5 s:\n${log}`);
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}

/** A port no other test of this process has. */
export const nextPort = (): number => firstPort + portsTaken++;

const file = (spec: DeploymentSpec, name: string): string => {
  const text = renderAll(spec)[name];
  if (text === undefined) throw new Error(`${spec.name} renders no ${name}`);
  return text;
};

/** A server on the spec's own files. */
export const renderedServer = (engine: Engine, spec: DeploymentSpec, extra: Extra = {}): Promise<Running> =>
  start(engine, [file(spec, "server.conf"), file(spec, "users.acl")], { ...extra, args: [] });

/** A Sentinel on the spec's own files, told where the primary is. */
export const renderedSentinel = (engine: Engine, spec: DeploymentSpec, primaryPort: number, extra: Extra = {}): Promise<Running> => {
  const quorum = spec.topology.kind === "sentinel" ? spec.topology.quorum : 1;
  const lines = [`sentinel monitor ${spec.name} ${extra.host ?? host} ${primaryPort} ${quorum}`, ...(extra.lines ?? [])];
  return start(engine, [file(spec, "sentinel.conf"), file(spec, "sentinel-users.acl")], { ...extra, lines, args: ["--sentinel"] });
};
