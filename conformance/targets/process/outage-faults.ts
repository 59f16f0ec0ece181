// Faults in which data or everybody is lost: a full outage (also with the primary's volume gone), and a primary that comes back empty.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Aim, Evidence, Injected } from "../target.ts";
import { gone } from "./node-process.ts";
import { killHost, restartHost } from "./node-faults.ts";
import { injected, rolesOf, settledByPromotion, until, type Scene } from "./scene.ts";
import { timeouts } from "./timeouts.ts";

/** How long writes go on without the replica that is to be the stale one. */
const staleMs = 1500;
/** How much sooner a primary whose volume is lost dies than the rest: far less than any failover needs. */
const inFlightMs = 50;
/** Between the return of one node and the next: long enough that a node that guesses would have guessed. */
const staggerMs = 1000;

const shuffled = <T>(items: readonly T[], random: () => number): readonly T[] =>
  items
    .map((item) => ({ item, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);

async function allBack(scene: Scene, before: ReadonlyMap<string, string>): Promise<string | undefined> {
  const fresh = await until(timeouts.outageMs, async () => {
    const views = await scene.nodes();
    return views.every((view) => view.role !== "unreachable" && view.runId !== before.get(view.id)) ? views : undefined;
  });
  return fresh === undefined ? undefined : `all ${fresh.length} run ids changed`;
}

/** Kills everybody, then returns them stalest first. `data-lost`: the primary's volume is emptied and one replica missed the last writes. */
export async function fullOutage(scene: Scene, aim: Aim): Promise<Injected> {
  const { primary, replicas } = await rolesOf(scene, aim.shard);
  const before = new Map((await scene.nodes()).map((view) => [view.id, view.runId]));
  const seen: string[] = [];
  const lost = aim.variant === "data-lost";
  const stale = replicas[0];
  if (lost && stale !== undefined) {
    seen.push(...(await killHost(scene, stale.name)), `writes went on for ${staleMs} ms without it`);
    await sleep(staleMs);
  }
  if (lost) {
    // What it acknowledged is on its way to the replica already; killed in the same instant, the replica might miss the last packet, and no
    // copy of that write would exist anywhere.
    seen.push(...(await killHost(scene, primary.name)), `the others ${inFlightMs} ms later`);
    await sleep(inFlightMs);
  }
  const running = scene.machines.all().filter((node) => node.running());
  for (const node of running) node.signalAll("SIGKILL");
  await Promise.all(running.map((node) => node.ended));
  seen.push(`all ${running.length} remaining supervisors and Sentinels ended by SIGKILL`);
  if (lost) {
    scene.machines.emptyVolume(primary.name);
    seen.push(`the volume of ${primary.name}, the primary, was emptied`);
  }
  const sinceNs = process.hrtime.bigint();
  const others = shuffled(
    scene.layout.nodes.filter((node) => node.shard !== aim.shard),
    aim.random,
  );
  const order = [...(stale === undefined ? [] : [stale]), ...replicas.slice(1), primary];
  const comeBack = (async () => {
    for (const node of others) scene.machines.startServer(node.name);
    for (const sentinel of scene.layout.sentinels) scene.machines.startSentinel(sentinel.name);
    for (const node of order) {
      scene.machines.startServer(node.name);
      await sleep(staggerMs);
    }
  })();
  seen.push(`returned in the order ${order.map((node) => node.name).join(", ")}, ${staggerMs} ms apart`);
  return injected(
    { effective: true, seen },
    {
      settle: async (): Promise<Evidence> => {
        await comeBack;
        const back = await allBack(scene, before);
        if (!lost) return { effective: back !== undefined, seen: [...seen, back ?? "not every node came back"] };
        const moved = await settledByPromotion(scene, aim.shard, {
          old: primary.name,
          sinceNs,
          mostMs: timeouts.outageMs,
          seen,
          effective: back !== undefined,
        });
        return { ...moved, seen: [...moved.seen, back ?? "not every node came back"] };
      },
      heal: async () => {
        await comeBack;
        for (const node of scene.layout.nodes) restartHost(scene, node.name);
      },
    },
  );
}

const isEmpty = (folder: string): boolean =>
  !existsSync(join(folder, "appendonlydir")) && !readdirSync(folder).some((name) => name.endsWith(".rdb"));

/** The primary's data is gone and its process back at once: `process` under its supervisor, `node` with the supervisor gone too. */
export async function emptyPrimary(scene: Scene, aim: Aim): Promise<Injected> {
  const { primary } = await rolesOf(scene, aim.shard);
  const folder = scene.machines.dataFolder(primary.name);
  const mostMs = scene.detectionMs * 2 + timeouts.effectMs;
  const sinceNs = process.hrtime.bigint();
  if (aim.variant === "node") {
    const seen = [...(await killHost(scene, primary.name))];
    scene.machines.emptyVolume(primary.name);
    const effective = isEmpty(folder);
    restartHost(scene, primary.name);
    seen.push(effective ? `the volume of ${primary.name} was empty when its host started again` : "the volume was not empty");
    return injected(
      { effective, seen },
      {
        settle: () => settledByPromotion(scene, aim.shard, { old: primary.name, sinceNs, mostMs, seen, effective }),
        heal: async () => restartHost(scene, primary.name),
      },
    );
  }
  const pid = scene.machines.server(primary.name)?.serverPid();
  if (pid !== undefined) process.kill(pid, "SIGSTOP"); // so that it cannot write while its folder goes
  scene.machines.emptyVolume(primary.name);
  const effective = isEmpty(folder) && pid !== undefined;
  if (pid !== undefined) process.kill(pid, "SIGKILL");
  const dead = pid !== undefined && (await gone(pid, 2000));
  const seen = [
    effective && dead
      ? `the volume of ${primary.name} was emptied and server ${pid} ended by SIGKILL`
      : "the volume could not be emptied under the server",
  ];
  return injected(
    { effective: effective && dead, seen },
    {
      settle: () => settledByPromotion(scene, aim.shard, { old: primary.name, sinceNs, mostMs, seen, effective: effective && dead }),
      heal: async () => {},
    },
  );
}
