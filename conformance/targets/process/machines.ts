// The nodes of one deployment as things that can be started, killed, emptied, and started again. Knows folders and environments;
// the decisions about roles are all made by `lifecycle/`.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DeploymentSpec } from "../../../spec/deployment-spec.ts";
import { renderAll } from "../../../spec/render.ts";
import type { Layout, NodePlace, SentinelPlace } from "./layout.ts";
import { startNode, type NodeProcess } from "./node-process.ts";
import { writeSecrets, type Secrets } from "./secrets.ts";

const lifecycle = join(import.meta.dirname, "..", "..", "..", "lifecycle");

export interface Machines {
  readonly secrets: Secrets;
  /** `fresh`: the deployment's very first start. */
  startServer(name: string, fresh?: boolean): NodeProcess;
  startSentinel(name: string, fresh?: boolean): NodeProcess;
  server(name: string): NodeProcess | undefined;
  sentinelsOn(host: string): readonly NodeProcess[];
  sentinelNamesOn(host: string): readonly string[];
  all(): readonly NodeProcess[];
  emptyVolume(name: string): void;
  readonly dataFolder: (name: string) => string;
  /** Runs another lifecycle verb's environment, e.g. for hand-over. */
  environment(name: string): Readonly<Record<string, string>>;
  readonly verb: (verb: string) => string;
  logs(): Readonly<Record<string, string>>;
}

export interface MachineOptions {
  readonly spec: DeploymentSpec;
  readonly layout: Layout;
  readonly folder: string;
  readonly deployment: string;
  /** Told each new process group, so that a guard can end it. */
  readonly started?: (group: number) => void;
}

const list = <T>(places: readonly T[], text: (place: T) => string): string => places.map(text).join(" ");

function sharedEnvironment({ spec, layout, folder, deployment }: MachineOptions): Readonly<Record<string, string>> {
  const keep = ["PATH", "LANG", "TMPDIR"].flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]] as const]));
  return {
    ...Object.fromEntries(keep),
    HOLDFAST_TOPOLOGY: spec.topology.kind,
    HOLDFAST_ENGINE: spec.engine.name,
    HOLDFAST_CONFIG: join(folder, "config"),
    HOLDFAST_SECRETS: join(folder, "secrets"),
    HOLDFAST_NODES: list(layout.nodes, (node) => `${node.name}=${node.address.host}:${node.address.port}/${node.shard}`),
    HOLDFAST_SENTINELS: list(layout.sentinels, (sentinel) => `${sentinel.name}=${sentinel.address.host}:${sentinel.address.port}`),
    HOLDFAST_MASTER: spec.name,
    HOLDFAST_QUORUM: String(spec.topology.kind === "sentinel" ? spec.topology.quorum : 0),
    HOLDFAST_DEPLOYMENT: deployment,
    HOLDFAST_DETECTION_MS: String(spec.topology.kind === "sentinel" ? spec.failover.downAfterMs : spec.failover.nodeTimeoutMs),
    ...(process.env["HOLDFAST_BIN"] === undefined ? {} : { HOLDFAST_BIN: process.env["HOLDFAST_BIN"] }),
  };
}

const nodeEnvironment = (shared: Readonly<Record<string, string>>, node: NodePlace, folder: string): Readonly<Record<string, string>> => ({
  ...shared,
  HOLDFAST_NODE: node.name,
  HOLDFAST_HOST: node.address.host,
  HOLDFAST_PORT: String(node.address.port),
  HOLDFAST_BIND: `${node.sideDoor.host} ${node.address.host}`, // lifecycle/ asks its own server at the first
  HOLDFAST_SOURCE: node.address.host,
  HOLDFAST_DATA: join(folder, node.name, "data"),
  HOLDFAST_RUN: join(folder, node.name, "run"),
});

const sentinelEnvironment = (
  shared: Readonly<Record<string, string>>,
  sentinel: SentinelPlace,
  folder: string,
): Readonly<Record<string, string>> => ({
  ...shared,
  HOLDFAST_NODE: sentinel.name,
  HOLDFAST_HOST: sentinel.address.host,
  HOLDFAST_SENTINEL_PORT: String(sentinel.address.port),
  HOLDFAST_BIND: sentinel.address.host,
  HOLDFAST_SOURCE: sentinel.address.host,
  HOLDFAST_DATA: join(folder, sentinel.name, "data"),
  HOLDFAST_RUN: join(folder, sentinel.name, "run"),
});

const lastLines = (file: string, bytes = 20_000): string => {
  try {
    return readFileSync(file, "utf8").slice(-bytes);
  } catch {
    return "";
  }
};

const find = <T extends { readonly name: string }>(places: readonly T[], name: string): T => {
  const place = places.find((one) => one.name === name);
  if (place === undefined) throw new Error(`no node is named ${name}`);
  return place;
};

const first = (fresh: boolean | undefined): Readonly<Record<string, string>> => (fresh ? { HOLDFAST_BOOTSTRAP: "new" } : {});

/** Prepares folders, configuration, and secrets; starts nothing. */
export function prepareMachines(options: MachineOptions): Machines {
  const { spec, layout, folder } = options;
  mkdirSync(join(folder, "config"), { recursive: true, mode: 0o700 });
  for (const [name, text] of Object.entries(renderAll(spec))) writeFileSync(join(folder, "config", name), text, { mode: 0o600 });
  const secrets = writeSecrets(join(folder, "secrets"));
  const shared = sharedEnvironment(options);
  const processes = new Map<string, NodeProcess>();
  const start = (name: string, verb: string, environment: Readonly<Record<string, string>>): NodeProcess => {
    for (const part of ["data", "run"]) mkdirSync(join(folder, name, part), { recursive: true, mode: 0o700 });
    const node = startNode(name, join(lifecycle, verb), { environment, logFile: join(folder, name, "log") });
    processes.set(name, node);
    options.started?.(node.group);
    return node;
  };
  const onHost = (host: string) => layout.sentinels.filter((sentinel) => sentinel.host === host).map((sentinel) => sentinel.name);
  return {
    secrets,
    startServer: (name, fresh) =>
      start(name, "supervise", { ...nodeEnvironment(shared, find(layout.nodes, name), folder), ...first(fresh) }),
    startSentinel: (name, fresh) =>
      start(name, "start-sentinel", { ...sentinelEnvironment(shared, find(layout.sentinels, name), folder), ...first(fresh) }),
    server: (name) => processes.get(name),
    sentinelNamesOn: onHost,
    sentinelsOn: (host) => onHost(host).flatMap((name) => processes.get(name) ?? []),
    all: () => [...processes.values()],
    emptyVolume: (name) => {
      rmSync(join(folder, name, "data"), { recursive: true, force: true });
      mkdirSync(join(folder, name, "data"), { recursive: true, mode: 0o700 });
    },
    dataFolder: (name) => join(folder, name, "data"),
    environment: (name) => nodeEnvironment(shared, find(layout.nodes, name), folder),
    verb: (verb) => join(lifecycle, verb),
    logs: () => Object.fromEntries([...processes.values()].map((node) => [node.name, lastLines(node.logFile)])),
  };
}
