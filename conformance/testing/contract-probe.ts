// What a target does when it is asked, written down: brings one deployment up, lets it suffer each quick fault, takes it away, and prints all
// it saw as one JSON document. Runs inside the target's walls, as a run does (inside-walls.ts); judges nothing.

import { setTimeout as sleep } from "node:timers/promises";
import { readdirSync, readFileSync } from "node:fs";
import { readSpec } from "../../spec/read-spec.ts";
import { withFailoverTimers } from "../../spec/deployment-spec.ts";
import { createClient, type Client } from "../patterns/connection.ts";
import { targets } from "../targets/index.ts";
import { faultNames, TargetError, type Deployment, type Evidence, type FaultName, type NodeView } from "../targets/target.ts";

/** The ones that need no detection: the rest is `make verify`'s, it takes minutes. */
const quick: readonly FaultName[] = ["switch-over", "crash-replica", "crash-primary", "stop-primary", "empty-primary"];
const keys = Array.from({ length: 50 }, (_, at) => `{contract-${at % 7}}:${at}`);

export interface Suffered {
  readonly fault: FaultName;
  readonly shard: number;
  /** What was seen at once, and after it had done what it does. */
  readonly observed: Evidence;
  readonly settled: Evidence;
  readonly tookMs: number;
  readonly before: readonly NodeView[];
  readonly after: readonly NodeView[];
  /** Of 50 keys written before the first fault. */
  readonly keptKeys: number;
}

export interface Contract {
  readonly readyMs: number;
  readonly engineVersion: string;
  readonly shards: Deployment["shards"];
  readonly nodes: readonly NodeView[];
  readonly logged: readonly string[];
  readonly secretInLogs: boolean;
  readonly offered: readonly FaultName[];
  readonly missing: Deployment["missing"];
  readonly suffered: readonly Suffered[];
  /** What aiming at a shard that is not there says, and whether it is a TargetError. */
  readonly wrongAim: { readonly message: string; readonly isTargetError: boolean };
  /** Processes of the walls and files of the scratch folder besides our own, after the deployment was disposed. */
  readonly left: readonly string[];
}

const kept = async (client: Client): Promise<number> =>
  (await Promise.all(keys.map((key) => client.get(key)))).filter((value) => value === "kept").length;

async function sufferOne(
  deployment: Deployment,
  client: Client,
  aim: { readonly fault: FaultName; readonly shard: number },
): Promise<Suffered | undefined> {
  const { fault, shard } = aim;
  const inject = deployment.faults[fault];
  if (inject === undefined) return undefined;
  const startMs = performance.now();
  const before = await deployment.nodes();
  const injected = await inject({ shard, random: () => 0.5 });
  const { observed } = injected;
  const settled = await injected.settled();
  await injected[Symbol.asyncDispose]();
  await injected[Symbol.asyncDispose](); // twice does no harm
  await deployment.redundant(30_000);
  const after = await deployment.nodes();
  return { fault, shard, observed, settled, tookMs: Math.round(performance.now() - startMs), before, after, keptKeys: await kept(client) };
}

async function wrongAim(deployment: Deployment): Promise<Contract["wrongAim"]> {
  try {
    await deployment.faults["crash-primary"]?.({ shard: 99, random: () => 0 });
    return { message: "it was injected", isTargetError: false };
  } catch (error) {
    return { message: error instanceof Error ? error.message : String(error), isTargetError: error instanceof TargetError };
  }
}

async function sufferAll(deployment: Deployment): Promise<readonly Suffered[]> {
  const client = createClient(deployment.connection());
  await Promise.all(keys.map((key) => client.set(key, "kept")));
  const suffered: Suffered[] = [];
  for (const [at, fault] of quick.entries()) {
    // shard by shard: a Cluster node votes for no second failover of the same primary within twice the node timeout
    const one = await sufferOne(deployment, client, { fault, shard: at % deployment.shards.length });
    if (one !== undefined) suffered.push(one);
  }
  client.disconnect();
  return suffered;
}

/** Processes of the walls that still run; one that only waits to be reaped is gone. */
const pids = (): readonly string[] =>
  readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${name}/status`, "utf8"));
    } catch {
      return false;
    }
  });

async function probe(targetName: string, specName: string): Promise<Contract> {
  const target = targets[targetName];
  if (target === undefined) throw new Error(`there is no target ${targetName}`);
  const ours = new Set(pids());
  const spec = withFailoverTimers(readSpec(specName), { downAfterMs: 2000, nodeTimeoutMs: 2000 });
  const deployment = await target.up(spec, { seed: 1, signal: new AbortController().signal, progress: () => {} });
  const nodes = await deployment.nodes();
  const suffered = await sufferAll(deployment);
  const aim = await wrongAim(deployment);
  const logs = Object.entries(await deployment.logs());
  const secrets = [deployment.connection(), deployment.connection("operator")].map(({ password }) => password);
  await deployment[Symbol.asyncDispose]();
  // a question that a node was asking ends by itself within a second: `timeout` runs it in a process group of its own
  for (let tries = 0; tries < 15 && pids().some((pid) => !ours.has(pid)); tries++) await sleep(100);
  const scratch = process.env["HOLDFAST_SCRATCH"];
  return {
    readyMs: deployment.readyMs,
    engineVersion: deployment.engineVersion,
    shards: deployment.shards,
    nodes,
    logged: logs.filter(([, text]) => text.length > 0).map(([name]) => name),
    secretInLogs: logs.some(([, text]) => secrets.some((secret) => text.includes(secret))),
    offered: faultNames.filter((name) => deployment.faults[name] !== undefined),
    missing: deployment.missing,
    suffered,
    wrongAim: aim,
    left: [
      ...pids()
        .filter((pid) => !ours.has(pid))
        .map((pid) => `process ${pid}`),
      ...(scratch === undefined ? [] : readdirSync(scratch)),
    ],
  };
}

const [target = "", spec = ""] = process.argv.slice(2);
const asText = (_: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);
process.stdout.write(JSON.stringify(await probe(target, spec), asText));
