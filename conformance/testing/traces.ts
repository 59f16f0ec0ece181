// What a run leaves on the machine: processes, namespaces, mounts, and folders, looked up in /proc from outside. For tests of cleanup;
// it ends and removes nothing.

import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

interface Running {
  readonly pid: number;
  readonly parent: number;
  /** With the start time, since process ids are used again. */
  readonly id: string;
  readonly name: string;
}

const unless = <T>(otherwise: T, read: () => T): T => {
  try {
    return read();
  } catch {
    return otherwise; // the process ended while we looked
  }
};

function running(): readonly Running[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name): readonly Running[] => {
      const text = unless("", () => readFileSync(`/proc/${name}/stat`, "utf8"));
      const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
      const [state, parent] = fields;
      if (state === undefined || state === "Z" || text === "") return []; // a zombie is gone: only its parent's wait is missing
      return [
        {
          pid: Number(name),
          parent: Number(parent),
          id: `${name}@${fields[19] ?? ""}`,
          name: text.slice(text.indexOf("(") + 1, text.lastIndexOf(")")),
        },
      ];
    });
}

const kinds = ["net", "pid", "mnt", "user"] as const;
const namespaces = (pid: number | "self"): readonly string[] =>
  kinds.flatMap((kind) => unless([], () => [readlinkSync(`/proc/${pid}/ns/${kind}`)]));

function below(pid: number, all: readonly Running[]): readonly Running[] {
  const children = all.filter((one) => one.parent === pid);
  return children.flatMap((child) => [child, ...below(child.pid, all)]);
}

/** A folder that a run is given as TMPDIR, cache, and home, by which what belongs to the run is known. */
export interface Mark {
  readonly tmp: string;
  readonly cache: string;
}

export interface Traces {
  /** How many processes were below the command line when it was looked at. */
  readonly processes: number;
  /** Namespaces that were not ours. */
  readonly namespaces: readonly string[];
  /** What is still there, in words. */
  left(): readonly string[];
  /** Waits until nothing is left; resolves with the ms it took and what was left after `mostMs`. */
  goneWithin(mostMs: number): Promise<{ readonly tookMs: number; readonly left: readonly string[] }>;
}

const files = (folder: string): readonly string[] => unless([], () => readdirSync(folder));

/** Remembers everything below `pid` now, so that it can be looked for later. */
export function tracesOf(pid: number, mark: Mark): Traces {
  const tree = below(pid, running());
  const known = new Set(tree.map((one) => one.id));
  const ours = new Set(namespaces("self"));
  const walls = new Set(tree.flatMap((one) => namespaces(one.pid)).filter((space) => !ours.has(space)));
  const marked = (one: Running): boolean =>
    unless(false, () => readFileSync(`/proc/${one.pid}/environ`, "utf8").includes(`TMPDIR=${mark.tmp}\0`));
  const left = (): readonly string[] => [
    ...running().flatMap((one) => {
      const inside = namespaces(one.pid).filter((space) => walls.has(space));
      if (inside.length > 0) return [`process ${one.pid} (${one.name}) in ${inside.join(", ")}`];
      return known.has(one.id) || marked(one) ? [`process ${one.pid} (${one.name})`] : [];
    }),
    ...readFileSync("/proc/mounts", "utf8")
      .split("\n")
      .filter((line) => line.includes(mark.cache) || line.includes(mark.tmp))
      .map((line) => `mount ${line}`),
    ...[mark.tmp, join(mark.cache, "holdfast", "scratch")].flatMap((folder) => files(folder).map((name) => `${join(folder, name)}`)),
  ];
  return {
    processes: tree.length,
    namespaces: [...walls],
    left,
    async goneWithin(mostMs) {
      const start = performance.now();
      for (;;) {
        const still = left();
        const tookMs = Math.round(performance.now() - start);
        if (still.length === 0 || tookMs > mostMs) return { tookMs, left: still };
        await sleep(50);
      }
    },
  };
}
