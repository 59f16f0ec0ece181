// A report with everything a report can hold: both topologies, every verdict, a fault that cannot be done and one that had no effect.
// The numbers are made up, in the range of real ones; only tests of what shows reports read it.

import { exitCodeOf, verdictOf } from "../report/worst-verdict.ts";
import type { CellReport, DeploymentReport, FaultReport, Report, RoleSpan } from "../report/report.ts";

const patterns = ["connection", "cache-aside", "session-store", "rate-limiter", "pub-sub", "job-queue", "leaderboard"] as const;

const cell = (pattern: string, gapMs: number, change: Partial<CellReport> = {}): CellReport => ({
  pattern,
  verdict: "pass",
  gapMs,
  ackedOps: 2143,
  lostOps: 0,
  duplicateOps: 0,
  lateOps: 0,
  failedOps: 0,
  unknownOps: 0,
  budget: { gapMs: 1500, lostOps: 0, duplicateOps: 0 },
  reason: "every promise held inside its budget",
  ...change,
});

/** All patterns at about `gapMs`, with the named cells changed. */
const cells = (gapMs: number, changes: Readonly<Record<string, Partial<CellReport>>> = {}): readonly CellReport[] => {
  const budget = { gapMs: gapMs < 1500 ? 1500 : 10_000, lostOps: 0, duplicateOps: 0 };
  return patterns.map((pattern, index) => cell(pattern, gapMs + index * 7, { budget, ...changes[pattern] }));
};

const fault = (name: string, atMs: number, change: Partial<FaultReport>): FaultReport => ({
  name,
  effective: true,
  evidence: ["server of n1 exited by SIGKILL after 3 ms", "n2 was primary after 1012 ms"],
  injectedAtMs: atMs,
  healedAtMs: atMs + 1400,
  redundancyMs: 2310,
  failovers: 1,
  zombieAcks: 0,
  writablePrimariesMax: 1,
  cells: [],
  ...change,
});

const sentinelFaults: readonly FaultReport[] = [
  fault("crash-primary", 4000, { variant: "process", detectMs: 4, promoteMs: 1012, clientRecoveryMs: 1108, cells: cells(1080) }),
  fault("switch-over", 10_000, { cells: cells(640, { "job-queue": { extra: { firstJobMs: 812 } } }) }),
  fault("hang-primary", 16_000, {
    healedAtMs: 23_000,
    zombieAcks: 2,
    writablePrimariesMax: 2,
    cells: cells(6120, {
      "session-store": {
        verdict: "violation",
        lostOps: 3,
        reason: "3 destroyed sessions came back after the old primary answered again",
        evidence: [411, 418, 502],
      },
      "pub-sub": { verdict: "budget-exceeded", gapMs: 11_240, reason: "gapMs 11240 is over the budget of 10000" },
      leaderboard: {
        verdict: "documented-limit",
        lostOps: 1,
        reason: "1 write lost inside min-replicas-max-lag 3 s (redis.io/docs, replication)",
      },
    }),
  }),
  fault("partition-primary", 30_000, {
    effective: false,
    evidence: ["0 packets were dropped in 20 s"],
    healedAtMs: 50_000,
    redundancyMs: null,
    failovers: 0,
    cells: patterns.map((pattern) =>
      cell(pattern, 12, { verdict: "inconclusive", gapMs: null, reason: "the fault had no effect: 0 packets were dropped" }),
    ),
  }),
];

const clusterFaults: readonly FaultReport[] = [
  fault("crash-primary", 4200, { variant: "process", promoteMs: 61, cells: cells(74), redundancyMs: 1190, healedAtMs: 5000 }),
  fault("switch-over", 9000, { cells: cells(48), healedAtMs: 9300 }),
  fault("fill-disk", 12_000, {
    effective: false,
    evidence: [],
    notApplicable: "a process has no disk of its own to fill",
    injectedAtMs: null,
    healedAtMs: null,
    redundancyMs: null,
    failovers: 0,
    writablePrimariesMax: 0,
  }),
];

/** About 900 operations a second, none inside a fault's first `outageMs`. */
function series(faults: readonly FaultReport[], endMs: number, outageMs: number): NonNullable<DeploymentReport["series"]> {
  const atMs = Array.from({ length: Math.floor(endMs / 250) }, (_, index) => (index + 1) * 250);
  const out = (at: number): boolean =>
    faults.some(({ injectedAtMs }) => injectedAtMs !== null && at > injectedAtMs && at < injectedAtMs + outageMs);
  return {
    atMs,
    okPerSecond: atMs.map((at, index) => (out(at) ? 0 : 860 + 60 * Math.sin(index * 1.7))),
    errorsPerSecond: atMs.map((at) => (out(at) ? 46 : 0)),
  };
}

const span = (fromMs: number, toMs: number, role: RoleSpan["role"]): RoleSpan => ({ fromMs, toMs, role });

const sentinelRoles: NonNullable<DeploymentReport["roles"]> = [
  {
    node: "n1",
    spans: [
      span(0, 4000, "primary"),
      span(4000, 5400, "unreachable"),
      span(5400, 10_100, "replica"),
      span(10_100, 16_000, "primary"),
      span(16_000, 23_000, "unreachable"),
      span(23_000, 23_900, "zombie"),
      span(23_900, 54_000, "replica"),
    ],
  },
  {
    node: "n2",
    spans: [span(0, 5012, "replica"), span(5012, 10_100, "primary"), span(10_100, 22_000, "replica"), span(22_000, 54_000, "primary")],
  },
  { node: "n3", spans: [span(0, 54_000, "replica")] },
];

const deployment = (change: Partial<DeploymentReport> & Pick<DeploymentReport, "topology" | "faults">): DeploymentReport => ({
  target: "process",
  engine: "redis",
  engineVersion: "7.0.15",
  profile: "durable",
  spec: { name: `durable-${change.topology}`, engine: { name: "redis" }, durability: { minReplicasToWrite: 1, maxReplicaLagSeconds: 3 } },
  readyMs: 412,
  nodes: [1, 2, 3].map((n) => ({
    id: `n${n}`,
    address: { host: `127.0.1.${n}`, port: 6379 },
    zone: `z${n}`,
    shard: 0,
    role: n === 1 ? "primary" : "replica",
  })),
  ...change,
});

/** The report of these deployments, with the verdict and the exit code they earn. */
export function reportOf(deployments: readonly DeploymentReport[]): Report {
  return {
    schemaVersion: 1,
    kit: { version: "0.1.0", commit: "4f2c1aa" },
    command: "holdfast verify --topology sentinel,cluster --seed 42",
    seed: 42,
    startedAt: "2026-11-23T12:00:00.000Z",
    durationMs: 58_412,
    verdict: verdictOf({ deployments }),
    exitCode: exitCodeOf({ deployments }),
    harness: { stallMsMax: 14, cpus: 2, node: "v24.21.0", kernel: "Linux 6.1.0" },
    deployments,
  };
}

/** Two topologies, one violation, every kind of verdict. */
export function sampleReport(): Report {
  return reportOf([
    deployment({
      topology: "sentinel",
      faults: sentinelFaults,
      series: series(sentinelFaults.slice(0, 3), 54_000, 1100),
      roles: sentinelRoles,
      lostAtMs: [23_050, 23_210, 23_480, 23_700],
    }),
    deployment({ topology: "cluster", faults: clusterFaults, series: series(clusterFaults, 18_000, 60) }),
  ]);
}

/** The first two faults of each topology: nothing but passes. */
export function passingReport(): Report {
  return reportOf(sampleReport().deployments.map((each) => ({ ...each, faults: each.faults.slice(0, 2), lostAtMs: [] })));
}

/** One deployment that could not be brought up. */
export function failedReport(): Report {
  return reportOf([
    deployment({
      topology: "sentinel",
      faults: [],
      nodes: [],
      readyMs: null,
      engineVersion: "",
      error: "no Sentinel answered on 127.0.1.1:26379 within 10 s",
    }),
  ]);
}
