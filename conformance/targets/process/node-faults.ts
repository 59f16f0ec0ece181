// Unplanned faults of one node that need no packets: a crash, a hang. Each proves that it happened.

import { setTimeout as sleep } from "node:timers/promises";
import type { Aim, Evidence, Injected } from "../target.ts";
import { gone, type NodeProcess } from "./node-process.ts";
import { injected, rolesOf, settledByPromotion, until, type Scene } from "./scene.ts";
import { timeouts } from "./timeouts.ts";

export const processOf = (scene: Scene, name: string): NodeProcess => {
  const node = scene.machines.server(name);
  if (node === undefined) throw new Error(`${name} was never started`);
  return node;
};

const now = (): bigint => process.hrtime.bigint();

/** Starts what is gone of a host again, as an orchestrator would. */
export function restartHost(scene: Scene, name: string): void {
  for (const sentinel of scene.machines.sentinelNamesOn(name))
    if (!scene.machines.server(sentinel)?.running()) scene.machines.startSentinel(sentinel);
  if (!processOf(scene, name).running()) scene.machines.startServer(name);
}

/** SIGKILL to a whole host: supervisor, server, and the Sentinel beside it. Resolves when all are gone. */
export async function killHost(scene: Scene, name: string): Promise<readonly string[]> {
  const victims = [processOf(scene, name), ...scene.machines.sentinelsOn(name)].filter((node) => node.running());
  const server = processOf(scene, name).serverPid();
  for (const victim of victims) victim.signalAll("SIGKILL");
  const ended = await Promise.all(victims.map((victim) => victim.ended));
  const serverGone = server === undefined || (await gone(server, 2000));
  return [
    `${victims.map((victim) => victim.name).join(" and ")} ended by ${ended.join(", ")}${serverGone ? "" : "; the server is still there"}`,
  ];
}

export async function crashPrimary(scene: Scene, aim: Aim): Promise<Injected> {
  const { primary } = await rolesOf(scene, aim.shard);
  const sinceNs = now();
  const mostMs = scene.detectionMs * 2 + timeouts.effectMs;
  if (aim.variant === "node") {
    const seen = await killHost(scene, primary.name);
    return injected(
      { effective: true, seen },
      {
        settle: () => settledByPromotion(scene, aim.shard, { old: primary.name, sinceNs, mostMs, seen, effective: true }),
        heal: async () => restartHost(scene, primary.name),
      },
    );
  }
  const pid = processOf(scene, primary.name).serverPid();
  if (pid !== undefined) process.kill(pid, "SIGKILL");
  const effective = pid !== undefined && (await gone(pid, 2000));
  const seen = [effective ? `server ${pid} of ${primary.name} ended by SIGKILL` : `the server of ${primary.name} did not end`];
  return injected(
    { effective, seen },
    {
      settle: () => settledByPromotion(scene, aim.shard, { old: primary.name, sinceNs, mostMs, seen, effective }),
      heal: async () => {}, // the supervisor brings it back: that is part of what is tested
    },
  );
}

/** The old primary after it may run again: gone, a replica, or a primary that takes no write. */
async function refusing(scene: Scene, name: string): Promise<string | undefined> {
  const view = await until(timeouts.effectMs, async () =>
    (await scene.nodes()).find((node) => node.id === name && !(node.role === "primary" && node.writable)),
  );
  return view === undefined
    ? undefined
    : `${name} refuses writes after it was resumed (${view.role}${view.role === "primary" ? ", without good replicas" : ""})`;
}

export async function hangPrimary(scene: Scene, aim: Aim): Promise<Injected> {
  const { primary } = await rolesOf(scene, aim.shard);
  const node = processOf(scene, primary.name);
  const sinceNs = now();
  const pid = node.serverPid();
  const whole = aim.variant === "node" ? [node, ...scene.machines.sentinelsOn(primary.name)] : [];
  if (pid !== undefined) process.kill(pid, "SIGSTOP");
  for (const one of whole) one.signalAll("SIGSTOP");
  const seen = [
    pid === undefined
      ? `${primary.name} had no server to stop`
      : `server ${pid} of ${primary.name} stopped by SIGSTOP${whole.length > 0 ? ", with its supervisor and Sentinel" : ""}`,
  ];
  const mostMs = scene.detectionMs * 3 + timeouts.effectMs;
  const outcome: { evidence: Evidence } = { evidence: { effective: pid !== undefined, seen } };
  return injected(outcome.evidence, {
    settle: async () => {
      const moved = await settledByPromotion(scene, aim.shard, { old: primary.name, sinceNs, mostMs, seen, effective: pid !== undefined });
      await sleep(timeouts.hangBeyondMs);
      if (pid !== undefined && !(await gone(pid, 1))) process.kill(pid, "SIGCONT");
      for (const one of whole) one.signalAll("SIGCONT");
      const refused = await refusing(scene, primary.name);
      return {
        ...moved,
        effective: moved.effective && refused !== undefined,
        seen: [...moved.seen, refused ?? `${primary.name} still takes writes after it was resumed`],
      };
    },
    heal: async () => {
      for (const one of [node, ...whole]) one.signalAll("SIGCONT");
      restartHost(scene, primary.name);
    },
  });
}

export async function crashReplica(scene: Scene, aim: Aim): Promise<Injected> {
  const { replicas } = await rolesOf(scene, aim.shard);
  const victim = replicas[Math.floor(aim.random() * replicas.length)];
  if (victim === undefined) throw new Error(`shard ${aim.shard} has no replica to crash`);
  const before = (await scene.nodes()).find((view) => view.id === victim.name)?.runId;
  const pid = processOf(scene, victim.name).serverPid();
  if (pid !== undefined) process.kill(pid, "SIGKILL");
  const dead = pid !== undefined && (await gone(pid, 2000));
  const seen = [dead ? `server ${pid} of ${victim.name} ended by SIGKILL` : `the server of ${victim.name} did not end`];
  return injected(
    { effective: dead, seen },
    {
      settle: async () => {
        const back = await until(timeouts.effectMs + scene.detectionMs, async () =>
          (await scene.nodes()).find((view) => view.id === victim.name && view.role === "replica" && view.linkUp && view.runId !== before),
        );
        return {
          effective: dead && back !== undefined,
          seen: [
            ...seen,
            back === undefined
              ? `${victim.name} did not come back as a linked replica`
              : `${victim.name} is linked again with a new run id`,
          ],
        };
      },
      heal: async () => {},
    },
  );
}
