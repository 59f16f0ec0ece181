// What the samples are summed up to, from hand-made ones: moves of the role, nodes that took writes at once, role spans with a zombie, throughput.

import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { EventType, HistoryEvent } from "../checkers/history.ts";
import type { Deployment, NodeView } from "../targets/target.ts";
import { failoversIn, roleSpans, sampleRoles, seriesOf, writableMax, type RoleSample } from "./sampler.ts";

const view = (id: string, role: NodeView["role"], change: Partial<NodeView> = {}): NodeView => ({
  id,
  role,
  address: { host: "127.0.0.1", port: 1 },
  zone: "a",
  shard: 0,
  linkUp: true,
  writable: role === "primary",
  epoch: 0,
  runId: id,
  offset: 0,
  ...change,
});

/** One look every 200 ms. A text names a, b and c: `P` primary, `p` primary that refuses writes, `r` replica, `-` unreachable. */
const samples = (...texts: readonly string[]): readonly RoleSample[] =>
  texts.map((text, at) => ({
    atNs: BigInt(at) * 200_000_000n,
    nodes: [...text].map((sign, node) =>
      view("abc"[node]!, sign === "r" ? "replica" : sign === "-" ? "unreachable" : "primary", { writable: sign === "P" }),
    ),
  }));
const atMs = (ns: bigint): number => Number(ns / 1_000_000n);

test.each([
  ["a crash and a promotion", ["Prr", "-rr", "-Pr", "rPr"], 1],
  ["nothing at all", ["Prr", "Prr"], 0],
  ["a primary that was away for a while", ["Prr", "-rr", "-rr", "Prr"], 0],
  ["two primaries for a while, the old one steps down", ["Prr", "PPr", "rPr"], 1],
  ["two primaries for a while, the new one steps down", ["Prr", "PPr", "Prr"], 0],
  ["a hang: the old one comes back as primary and steps down", ["Prr", "-Pr", "PPr", "rPr"], 1],
  ["there and back again", ["Prr", "rPr", "Prr"], 2],
  ["nobody ever", ["---", "---"], 0],
])("%s counts as its number of failovers", (_, texts, moves) => expect(failoversIn(samples(...texts), 0)).toBe(moves));

test("a failover of another shard is not counted for this one", () => {
  const others = samples("Prr", "rPr").map(({ atNs, nodes }) => ({ atNs, nodes: nodes.map((node) => ({ ...node, shard: 1 })) }));
  expect([failoversIn(others, 0), failoversIn(others, 1)]).toEqual([0, 1]);
});

test("two writable primaries at once are reported, one that refuses writes is not", () => {
  expect(writableMax(samples("Prr", "PPr", "rPr"))).toBe(2);
  expect(writableMax(samples("Prr", "pPr", "rPr"))).toBe(1);
  expect(writableMax([])).toBe(0);
});

test("primaries of different shards are not two at once", () => {
  expect(writableMax([{ atNs: 0n, nodes: [view("a", "primary"), view("b", "primary", { shard: 1 })] }])).toBe(1);
});

test("a node's roles become spans that touch each other", () => {
  expect(roleSpans(samples("Prr", "Prr", "-rr", "rPr"), "a", atMs)).toEqual([
    { fromMs: 0, toMs: 400, role: "primary" },
    { fromMs: 400, toMs: 600, role: "unreachable" },
    { fromMs: 600, toMs: 600, role: "replica" },
  ]);
});

test("an old primary that is writable beside a newer one is a zombie, the newer one is not", () => {
  const seen = samples("Prr", "-rr", "-Pr", "PPr", "pPr", "rPr");
  const roles = (id: string) => roleSpans(seen, id, atMs).map(({ role }) => role);
  expect(roles("b")).toEqual(["replica", "primary"]);
  expect(roles("a")).toEqual(["primary", "unreachable", "zombie", "primary", "replica"]);
});

test("a primary cut off from the others, but seen through its side door, is a zombie from the promotion on", () => {
  expect(roleSpans(samples("Prr", "Prr", "PPr", "PPr", "pPr"), "a", atMs).map(({ role, fromMs }) => [role, fromMs])).toEqual([
    ["primary", 0],
    ["zombie", 400],
    ["primary", 800],
  ]);
});

const event = (type: EventType, ms: number, error?: HistoryEvent["error"]): HistoryEvent => ({
  index: 0,
  process: 0,
  pattern: "connection",
  op: "write",
  key: "k",
  call: 0,
  type,
  atNs: BigInt(ms) * 1_000_000n,
  ...(error === undefined ? {} : { error }),
});

test("throughput counts what was acknowledged and what failed, per second, with empty steps in between", () => {
  const events = [
    event("invoke", 0),
    event("ok", 10),
    event("ok", 490),
    event("ok", 510),
    event("fail", 520, "readonly"),
    event("info", 530, "timeout"),
    event("ok", 1600),
  ];
  expect(seriesOf(events, atMs)).toEqual({ atMs: [500, 1000, 1500, 2000], okPerSecond: [4, 2, 0, 2], errorsPerSecond: [0, 4, 0, 0] });
});

test("a job that fails on purpose is no error of the deployment, and no events are no series", () => {
  expect(seriesOf([event("ok", 10), event("fail", 20, "other")], atMs).errorsPerSecond).toEqual([0]);
  expect(seriesOf([], atMs)).toEqual({ atMs: [], okPerSecond: [], errorsPerSecond: [] });
});

test("the sampler looks about five times a second and stops within 1 s when told to", async () => {
  let looks = 0;
  const deployment = { nodes: () => Promise.resolve((looks++, [view("a", "primary")])) } as unknown as Deployment;
  const sampler = sampleRoles(deployment, () => process.hrtime.bigint());
  await sleep(900);
  const startMs = performance.now();
  await sampler.stop();
  expect(performance.now() - startMs).toBeLessThan(1000);
  expect(sampler.samples.length).toBeGreaterThan(2);
  expect(sampler.samples).toHaveLength(looks);
  await sleep(450);
  expect(looks).toBe(sampler.samples.length);
});
