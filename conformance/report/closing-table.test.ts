import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { failedReport, passingReport, reportOf, sampleReport } from "../testing/sample-report.ts";
import { closingTable } from "./closing-table.ts";

test("the table of a conformant run", () => {
  expect(closingTable(passingReport(), { colour: false, width: 80 })).toMatchInlineSnapshot(`
    "Sentinel  redis 7.0.15, durable, process, ready in 0.41 s
                           crash-primary  switch-over
                           process
      connection           ✓ 1.08 s, 0    ✓ 0.64 s, 0
      cache-aside          ✓ 1.09 s, 0    ✓ 0.65 s, 0
      session-store        ✓ 1.09 s, 0    ✓ 0.65 s, 0
      rate-limiter         ✓ 1.10 s, 0    ✓ 0.66 s, 0
      pub-sub              ✓ 1.11 s, 0    ✓ 0.67 s, 0
      job-queue            ✓ 1.11 s, 0    ✓ 0.68 s, 0
      leaderboard          ✓ 1.12 s, 0    ✓ 0.68 s, 0
      worst gap, all lost  ✓ 1.12 s, 0    ✓ 0.68 s, 0
      redundant after      2.31 s         2.31 s

    Cluster  redis 7.0.15, durable, process, ready in 0.41 s
                           crash-primary  switch-over
                           process
      connection           ✓ 74 ms, 0     ✓ 48 ms, 0
      cache-aside          ✓ 81 ms, 0     ✓ 55 ms, 0
      session-store        ✓ 88 ms, 0     ✓ 62 ms, 0
      rate-limiter         ✓ 95 ms, 0     ✓ 69 ms, 0
      pub-sub              ✓ 0.10 s, 0    ✓ 76 ms, 0
      job-queue            ✓ 0.11 s, 0    ✓ 83 ms, 0
      leaderboard          ✓ 0.12 s, 0    ✓ 90 ms, 0
      worst gap, all lost  ✓ 0.12 s, 0    ✓ 90 ms, 0
      redundant after      1.19 s         2.31 s

    gap, lost acknowledged writes   ✓ pass

    Sentinel: a primary crash costs 1.08 s, 0 acknowledged writes lost
    Cluster: a primary crash costs 74 ms, 0 acknowledged writes lost
    conformant: 28 cells judged, all inside their budgets

    58.4 s, seed 42, exit 0; again: holdfast verify --topology sentinel,cluster --seed 42"
  `);
});

test("a run with findings names them worst first, each with where and why", () => {
  const text = closingTable(sampleReport(), { colour: false, width: 120 });
  expect(text.slice(text.indexOf("gap, lost ack"))).toMatchInlineSnapshot(`
    "gap, lost acknowledged writes   ✓ pass   ≈ documented-limit   ▲ budget-exceeded   ✗ violation   ? inconclusive   – not-applicable

    ✗ violation  sentinel, hang-primary, session-store: 3 destroyed sessions came back after the old primary answered again
    ▲ budget-exceeded  sentinel, hang-primary, pub-sub: gapMs 11240 is over the budget of 10000
    ? inconclusive  sentinel, partition-primary, 7 patterns: the fault had no effect: 0 packets were dropped
    ≈ documented-limit  sentinel, hang-primary, leaderboard: 1 write lost inside min-replicas-max-lag 3 s (redis.io/docs, replication)

    Sentinel: a primary that hangs costs 6.12 s, 4 acknowledged writes lost (violation)
    Cluster: a primary crash costs 74 ms, 0 acknowledged writes lost
    violation: 42 cells judged, 1 violation, 1 budget-exceeded, 7 inconclusive

    58.4 s, seed 42, exit 1; again: holdfast verify --topology sentinel,cluster --seed 42"
  `);
});

test("faults that do not fit go to a further block, so that no table line is wider than the terminal", () => {
  for (const width of [60, 80, 100]) {
    const table = closingTable(sampleReport(), { colour: false, width }).split("gap, lost ack")[0]!;
    for (const line of table.split("\n").filter((each) => !each.startsWith("  !"))) expect(line.length).toBeLessThanOrEqual(width);
    expect(table).toContain("partition-primary");
  }
});

test("colour changes no character and no column", () => {
  const coloured = closingTable(sampleReport(), { colour: true, width: 80 });
  expect(coloured).toContain("\u001b[31m");
  expect(stripVTControlCharacters(coloured)).toBe(closingTable(sampleReport(), { colour: false, width: 80 }));
});

test("at most `reasonsMax` reasons are printed, with the number of the rest", () => {
  const text = closingTable(sampleReport(), { colour: false, width: 80, reasonsMax: 1 });
  expect(text).toContain("✗ violation");
  expect(text).toContain("and 3 more in report.html");
});

test("a deployment that could not be brought up says why, in one line without control characters", () => {
  const [deployment] = failedReport().deployments;
  const text = closingTable(reportOf([{ ...deployment!, error: "no answer\u001b[2J\nwithin 10 s" }]), { colour: false, width: 80 });
  expect(text).toContain("not brought up: no answer [2J within 10 s");
  expect(text).toContain("Sentinel: could not be brought up\ninconclusive: nothing was judged");
  expect(text).not.toContain("\u001b");
});
