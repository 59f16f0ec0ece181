// The process target: a hardened deployment of plain local processes, run by the same `lifecycle/` files as everywhere else.
// It prepares folders, starts supervisors in order, watches, and takes everything away again.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { DeploymentSpec } from "../../../spec/deployment-spec.ts";
import {
  TargetError,
  type Aim,
  type ConnectionOptions,
  type Deployment,
  type FaultName,
  type Faults,
  type Injected,
  type NodeView,
  type RunContext,
  type Target,
} from "../target.ts";
import { layOut, type Layout } from "./layout.ts";
import { prepareMachines, type Machines } from "./machines.ts";
import { observe, type Credentials } from "./observe.ts";
import { emptyPrimary, fullOutage } from "./outage-faults.ts";
import { takeNetwork } from "./network.ts";
import { packetsRefused } from "./packets.ts";
import { partitionPrimary } from "./partition-fault.ts";
import { crashPrimary, crashReplica, hangPrimary, stopPrimary, switchOver } from "./primary-faults.ts";
import { clusterRedundancy, sentinelRedundancy, type Redundancy } from "./redundancy.ts";
import type { Scene } from "./scene.ts";
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

/** A folder that vanishes with the run: the namespace's own file system, or a temporary folder that a guard removes. */
function scratch(): { readonly folder: string; readonly started: (group: number) => void; readonly remove: () => void } {
  const own = process.env["HOLDFAST_SCRATCH"];
  const folder = mkdtempSync(join(own ?? tmpdir(), "holdfast-"));
  if (own !== undefined) return { folder, started: () => {}, remove: () => rmSync(folder, { recursive: true, force: true }) };
  const guard = spawn("sh", [join(import.meta.dirname, "guard.sh"), folder], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  guard.unref();
  return { folder, started: (group) => void guard.stdin.write(`${group}\n`), remove: () => void guard.stdin.end() };
}

/**
 * Primaries first, then replicas, then Sentinels that are told everything, each when the ones before answer: nobody meets a closed
 * port, because a Sentinel or a replica tries again only a second later.
 */
async function startInOrder(machines: Machines, layout: Layout, nodes: () => Promise<readonly NodeView[]>): Promise<void> {
  const firsts = layout.nodes.filter((node, index) => layout.nodes.findIndex((other) => other.shard === node.shard) === index);
  const others = layout.nodes.filter((node) => !firsts.includes(node));
  const answering = async (names: readonly string[]): Promise<void> => {
    const end = performance.now() + timeouts.upMs;
    while (performance.now() < end && (await nodes()).some((view) => names.includes(view.id) && !view.linkUp)) await sleep(5);
  };
  for (const node of firsts) machines.startServer(node.name, true);
  if (layout.sentinels.length > 0) await answering(firsts.map((node) => node.name));
  for (const node of others) machines.startServer(node.name, true);
  if (layout.sentinels.length > 0) await answering(others.map((node) => node.name));
  for (const sentinel of layout.sentinels) machines.startSentinel(sentinel.name, true);
}

async function waitRedundant(redundancy: Redundancy, timeoutMs: number, machines: Machines): Promise<void> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const missing = await redundancy.missing();
    if (missing.length === 0) return;
    if (performance.now() > end)
      throw new TargetError(`the deployment was not fully redundant within ${timeoutMs} ms: ${missing.slice(0, 6).join("; ")}`);
    const ended = machines.all().find((node) => !node.running());
    if (ended !== undefined) {
      const last =
        (machines.logs()[ended.name] ?? "")
          .trim()
          .split("\n")
          .findLast((line) => line.includes(" holdfast ")) ?? "it logged nothing";
      throw new TargetError(`${ended.name} ended by itself: ${last}`);
    }
    await sleep(timeouts.pollMs);
  }
}

async function up(spec: DeploymentSpec, run: RunContext): Promise<Deployment> {
  const startedMs = performance.now();
  const network = await takeNetwork();
  const layout = layOut(spec, network.prefix);
  const place = scratch();
  const machines = prepareMachines({
    spec,
    layout,
    folder: place.folder,
    deployment: `${spec.name}-${run.seed}-${process.pid}`,
    started: place.started,
  });
  const credentials: Credentials = { username: "probe", password: machines.secrets.probe };
  const cluster = spec.topology.kind === "cluster";
  const observer = observe(layout.nodes, credentials, cluster);
  const redundancy = cluster
    ? clusterRedundancy(layout, observer.nodes, { username: "operator", password: machines.secrets.operator })
    : sentinelRedundancy(layout, observer.nodes, {
        master: spec.name,
        credentials: { username: "operator", password: machines.secrets.operator },
        others: spec.topology.replicas,
      });
  const down = async (): Promise<void> => {
    observer.close();
    redundancy.close();
    const running = machines.all().filter((node) => node.running());
    for (const node of running) node.signalAll("SIGKILL");
    await Promise.all(running.map((node) => node.ended));
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
  const readyMs = Math.round(performance.now() - startedMs);
  const scene: Scene = {
    spec,
    layout,
    machines,
    nodes: observer.nodes,
    detectionMs: cluster ? spec.failover.nodeTimeoutMs : spec.failover.downAfterMs,
  };
  const connection = (role: "app" | "operator" = "app"): ConnectionOptions => ({
    topology: spec.topology.kind,
    sentinels: layout.sentinels.map((sentinel) => sentinel.address),
    masterName: cluster ? "" : spec.name,
    nodes: layout.nodes.map((node) => node.address),
    username: role,
    password: machines.secrets[role],
  });
  return {
    spec,
    engineVersion: installedVersion(spec.engine.name) ?? "unknown",
    readyMs,
    shards: layout.shards,
    connection,
    nodes: observer.nodes,
    redundant: (timeoutMs) => waitRedundant(redundancy, timeoutMs, machines),
    logs: () => Promise.resolve(machines.logs()),
    ...faultsOf(scene),
    [Symbol.asyncDispose]: down,
  };
}

/** Local processes in namespaces of their own. See namespace.ts for how a run is walled off. */
export const processTarget: Target = { name: "process", unsupported, up };
