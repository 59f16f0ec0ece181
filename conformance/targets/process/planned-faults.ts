// Planned faults: the primary is stopped as a drain does it, or the operator moves its role. Both must hand over, and prove that they did.

import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Aim, Evidence, Injected } from "../target.ts";
import type { NodePlace } from "./layout.ts";
import { processOf, restartHost } from "./node-faults.ts";
import { injected, rolesOf, settledByPromotion, type Scene } from "./scene.ts";
import { timeouts } from "./timeouts.ts";

/** Waits for the promotion and for what `ended` says of the command, in this order. */
async function handedOver(
  scene: Scene,
  primary: NodePlace,
  planned: {
    readonly sinceNs: bigint;
    readonly seen: readonly string[];
    readonly ended: () => Promise<{ readonly well: boolean; readonly seen: readonly string[] }>;
  },
): Promise<Evidence> {
  const { sinceNs, seen } = planned;
  const moved = await settledByPromotion(scene, primary.shard, {
    old: primary.name,
    sinceNs,
    mostMs: timeouts.stopMs,
    seen,
    effective: true,
  });
  const ended = await planned.ended();
  return { ...moved, effective: moved.effective && ended.well, seen: [...moved.seen, ...ended.seen] };
}

export async function stopPrimary(scene: Scene, aim: Aim): Promise<Injected> {
  const { primary } = await rolesOf(scene, aim.shard);
  const node = processOf(scene, primary.name);
  const sinceNs = process.hrtime.bigint();
  node.signal("SIGTERM");
  const seen = [`SIGTERM sent to the supervisor of ${primary.name}`];
  const ended = async () => {
    const how = await Promise.race([node.ended, sleep(timeouts.stopMs, "still running", { ref: false })]);
    const exitMs = Math.round(Number(process.hrtime.bigint() - sinceNs) / 1e6);
    const logged = (scene.machines.logs()[primary.name] ?? "").includes("hand-over");
    const words = logged ? "a hand-over was logged before the exit" : "no hand-over was logged";
    return { well: how === "0" && logged, seen: [`supervisor ended with ${how} after ${exitMs} ms`, words] };
  };
  return injected(
    { effective: true, seen },
    { settle: () => handedOver(scene, primary, { sinceNs, seen, ended }), heal: async () => restartHost(scene, primary.name) },
  );
}

/** Runs `lifecycle/hand-over` on the primary, as an operator would; resolves to what it ended with. */
function handOver(scene: Scene, name: string): Promise<{ readonly well: boolean; readonly seen: readonly string[] }> {
  return new Promise((resolve) => {
    const options = { env: scene.machines.environment(name), timeout: timeouts.stopMs };
    execFile("sh", [scene.machines.verb("hand-over")], options, (error, stdout, stderr) => {
      const said = `${stdout}${stderr}`.trim().split("\n").filter(Boolean);
      resolve(
        error
          ? { well: false, seen: [`hand-over failed: ${said.at(-1) ?? error.message}`] }
          : { well: true, seen: ["hand-over ended with 0", ...said.slice(-3).map((line) => `it said: ${line}`)] },
      );
    });
  });
}

export async function switchOver(scene: Scene, aim: Aim): Promise<Injected> {
  const { primary } = await rolesOf(scene, aim.shard);
  const sinceNs = process.hrtime.bigint();
  const done = handOver(scene, primary.name);
  const seen = [`hand-over started on ${primary.name}`];
  return injected(
    { effective: true, seen },
    { settle: () => handedOver(scene, primary, { sinceNs, seen, ended: () => done }), heal: async () => void (await done) },
  );
}
