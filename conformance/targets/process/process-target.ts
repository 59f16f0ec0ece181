// The process target: a hardened deployment of plain local processes, run by the same `lifecycle/` files as everywhere else.
// It prepares folders, starts supervisors in order, watches, and takes everything away again.

import { execFileSync } from "node:child_process";
import type { DeploymentSpec } from "../../../spec/deployment-spec.ts";
import type { Aim, ConnectionOptions, Deployment, FaultName, Faults, Injected, RunContext, Target } from "../target.ts";
import { startInOrder, waitRedundant } from "./bring-up.ts";
import { layOut, type Layout } from "./layout.ts";
import { prepareMachines, type Machines } from "./machines.ts";
import { observe, type Credentials, type Observer } from "./observe.ts";
import { emptyPrimary, fullOutage } from "./outage-faults.ts";
import { takeNetwork } from "./network.ts";
import { packetsRefused } from "./packets.ts";
import { partitionPrimary } from "./partition-fault.ts";
import { crashPrimary, crashReplica, hangPrimary } from "./node-faults.ts";
import { stopPrimary, switchOver } from "./planned-faults.ts";
import { clusterRedundancy, sentinelRedundancy, type Redundancy } from "./redundancy.ts";
import type { Scene } from "./scene.ts";
import { scratch } from "./scratch.ts";
import { timeouts } from "./timeouts.ts";

const pathWithEngine = (): string => [process.env["HOLDFAST_BIN"], process.env["PATH"]].filter(Boolean).join(":");

/** The engine's version as its binary prints it; undefined when it is not on PATH. */
export function installedVersion(engine: string): string | undefined {
  try {
    const text = execFileSync(`${engine}-server`, ["--version"], { env: { ...process.env, PATH: pathWithEngine() }, encoding: "utf8" });
    return /v=(\d+\.\d+\.\d+)/.exec(text)?.[1];
  } catch {
    return undefined;
  }
}

function unsupported(spec: DeploymentSpec): readonly string[] {
  const reasons: string[] = [];
  if (process.platform !== "linux") reasons.push(`the process target needs Linux, this is ${process.platform}`);
  if (installedVersion(spec.engine.name) === undefined)
    reasons.push(
      `no ${spec.engine.name}-server on PATH: install it, set HOLDFAST_BIN to the folder that holds it, or choose --engine ${spec.engine.name === "redis" ? "valkey" : "redis"}`,
    );
  if (spec.security.tls !== null)
    reasons.push("the process target does not bring up TLS yet: leave security.tls out, or use a target that has certificates");
  return reasons;
}

function faultsOf(scene: Scene): { readonly faults: Faults; readonly missing: Deployment["missing"] } {
  const aimed = (fault: (scene: Scene, aim: Aim) => Promise<Injected>) => (aim: Aim) => fault(scene, aim);
  const refused = packetsRefused();
  return {
    faults: {
      "crash-primary": aimed(crashPrimary),
      "hang-primary": aimed(hangPrimary),
      "stop-primary": aimed(stopPrimary),
      "switch-over": aimed(switchOver),
      ...(refused === undefined ? { "partition-primary": aimed(partitionPrimary) } : {}),
      "crash-replica": aimed(crashReplica),
      "full-outage": aimed(fullOutage),
      "empty-primary": aimed(emptyPrimary),
    } satisfies Partial<Record<FaultName, unknown>>,
    missing: refused === undefined ? {} : { "partition-primary": refused },
  };
}

/** Watches a deployment: what its nodes say, and what is missing until all are back. */
function watch(
  spec: DeploymentSpec,
  layout: Layout,
  { secrets }: Machines,
): { readonly observer: Observer; readonly redundancy: Redundancy } {
  const observer = observe(layout.nodes, { username: "probe", password: secrets.probe }, spec.topology.kind === "cluster");
  const operator: Credentials = { username: "operator", password: secrets.operator };
  if (spec.topology.kind === "cluster") return { observer, redundancy: clusterRedundancy(layout, observer.nodes, operator) };
  const sentinels = { master: spec.name, credentials: operator, others: spec.topology.replicas };
  return { observer, redundancy: sentinelRedundancy(layout, observer.nodes, sentinels) };
}

const connectionOf =
  (spec: DeploymentSpec, layout: Layout, { secrets }: Machines) =>
  (role: "app" | "operator" = "app"): ConnectionOptions => ({
    topology: spec.topology.kind,
    sentinels: layout.sentinels.map((sentinel) => sentinel.address),
    masterName: spec.topology.kind === "cluster" ? "" : spec.name,
    nodes: layout.nodes.map((node) => node.address),
    username: role,
    password: secrets[role],
  });

async function up(spec: DeploymentSpec, run: RunContext): Promise<Deployment> {
  const startedMs = performance.now();
  const network = await takeNetwork();
  const layout = layOut(spec, network.prefix);
  const place = scratch();
  const deployment = `${spec.name}-${run.seed}-${process.pid}`;
  const machines = prepareMachines({ spec, layout, folder: place.folder, deployment, started: place.started });
  const { observer, redundancy } = watch(spec, layout, machines);
  const down = async (): Promise<void> => {
    observer.close();
    redundancy.close();
    await Promise.all(machines.all().map((node) => node.end()));
    place.remove();
    network.release();
  };
  try {
    await startInOrder(machines, layout, observer.nodes);
    await waitRedundant(redundancy, timeouts.upMs, machines);
  } catch (error) {
    await down();
    throw error;
  }
  const { downAfterMs, nodeTimeoutMs } = spec.failover;
  const detectionMs = spec.topology.kind === "cluster" ? nodeTimeoutMs : downAfterMs;
  return {
    spec,
    engineVersion: installedVersion(spec.engine.name) ?? "unknown",
    readyMs: Math.round(performance.now() - startedMs),
    shards: layout.shards,
    connection: connectionOf(spec, layout, machines),
    nodes: observer.nodes,
    redundant: (timeoutMs) => waitRedundant(redundancy, timeoutMs, machines),
    logs: () => Promise.resolve(machines.logs()),
    ...faultsOf({ spec, layout, machines, nodes: observer.nodes, detectionMs }),
    [Symbol.asyncDispose]: down,
  };
}

/** Local processes in namespaces of their own. See namespace.ts for how a run is walled off. */
export const processTarget: Target = { name: "process", unsupported, up };
