// The command line as a user has it: the real file in a process of its own, its exit codes, and what it prints where.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { patternNames } from "./checks/check.ts";
import { reportSchema, type Report } from "./report/report.ts";
import { reportFiles } from "./report/write-report.ts";
import { faultNames } from "./targets/target.ts";
import { passingReport, sampleReport } from "./testing/sample-report.ts";
import { runCli } from "./testing/spawn-cli.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);
const short = ["verify", "--topology", "cluster", "--faults", "switch-over", "--patterns", "connection"];

describe("a conformant run", () => {
  const run = { status: -1 as number | NodeJS.Signals, stdout: "", stderr: "" };
  beforeAll(async () => void Object.assign(run, await runCli([...short, "--seed", "5", "--json", "--out", at("json out")])));

  test("ends with 0 within 60 s", () => expect(run).toMatchObject({ status: 0 }));

  test("prints one JSON document with --json, valid by the schema, and nothing else", () => {
    expect(run.stdout.trimEnd().split("\n")).toHaveLength(1);
    expect(() => reportSchema.parse(JSON.parse(run.stdout))).not.toThrow();
    expect(run.stderr).toBe("");
  });

  test("writes the same report, with its history, JUnit and HTML beside it, and leaves nothing else there", () => {
    const written = JSON.parse(readFileSync(at("json out/report.json"), "utf8")) as Report;
    expect(written).toEqual(JSON.parse(run.stdout));
    expect(readdirSync(at("json out")).toSorted()).toEqual([...reportFiles].toSorted());
    expect(readFileSync(at("json out/history.jsonl"), "utf8").trim().split("\n").length).toBeGreaterThan(100);
    expect(written.deployments[0]!.faults[0]).toMatchObject({ name: "switch-over", effective: true, failovers: 1 });
  });

  test("names the command that repeats it, quoted for a shell, with the seed once", () => {
    expect((JSON.parse(run.stdout) as Report).command).toBe(
      `holdfast verify --topology cluster --faults switch-over --patterns connection --json --out '${at("json out")}' --seed 5`,
    );
  });
});

test("a bad twin ends with 1, and --quiet prints one line with the verdict and where the report is, within 60 s", async () => {
  const { status, stdout, stderr } = await runCli([
    "verify",
    "--topology",
    "cluster",
    "--faults",
    "switch-over",
    "--bad-twin",
    "leaderboard",
    "--quiet",
    "--out",
    at("twin"),
  ]);
  expect({ status, stdout, stderr }).toEqual({ status: 1, stdout: `violation ${at("twin/report.json")}\n`, stderr: "" });
}, 60_000);

test("a run of nothing that the target can do ends with 3 and says why in the report, within 60 s", async () => {
  const { status } = await runCli([
    "verify",
    "--topology",
    "sentinel",
    "--faults",
    "fill-memory",
    "--patterns",
    "connection",
    "--quiet",
    "--out",
    at("nothing"),
  ]);
  expect(status).toBe(3);
  const report = reportSchema.parse(JSON.parse(readFileSync(at("nothing/report.json"), "utf8")));
  expect(report).toMatchObject({ verdict: "inconclusive", exitCode: 3 });
  expect(report.deployments[0]!.faults[0]!.notApplicable).toMatch(/process target/);
}, 60_000);

describe("a server that is not there", () => {
  const noServer = { HOLDFAST_BIN: "", PATH: "/sbin" };

  test("ends verify with 4, within 10 s, and the report and the message name the three ways out", async () => {
    const { status, stdout } = await runCli([...short, "--out", at("none")], { env: noServer });
    expect(status).toBe(4);
    for (const way of [/no redis-server on PATH/, /install it/, /HOLDFAST_BIN/, /--engine valkey/]) expect(stdout).toMatch(way);
    expect(JSON.parse(readFileSync(at("none/report.json"), "utf8"))).toMatchObject({
      exitCode: 4,
      deployments: [{ error: expect.stringMatching(/HOLDFAST_BIN/), readyMs: null }],
    });
  }, 10_000);

  test("ends up with 4 and the same message", async () => {
    expect(await runCli(["up"], { env: noServer })).toMatchObject({
      status: 4,
      stdout: "",
      stderr: expect.stringMatching(/no redis-server on PATH.*HOLDFAST_BIN.*--engine valkey/),
    });
  });
});

describe("what is refused ends with 2, one message on standard error, nothing on standard output, and no report", () => {
  const broken = at("broken.yaml");
  beforeAll(() => writeFileSync(broken, "topology: [\n"));
  test.each([
    [["verify", "--nope"], /unknown option '--nope'/],
    [["verify", "--patterns", "lock"], /--patterns lock: .*session-store/],
    [["verify", "--faults", "crash"], /--faults crash: .*crash-primary/],
    [["verify", "--quick", "--faults", "crash-primary"], /leave out --quick or --faults/],
    [["verify", "--spec", "nowhere.yaml"], /no named spec and no readable file.*Fix: /s],
    [["verify", "--spec", broken], /not readable as YAML/],
    [["verify", "--budgets", broken], /--budgets .*broken\.yaml/],
    [["verify", "--seed", "x"], /--seed x/],
    [["verify", "more"], /too many arguments/],
    [["verify", "--out", "/dev/null/reports"], /--out \/dev\/null\/reports: no report can be written there/],
    [["render"], /--spec/],
    [["render", "--spec", "durable-sentinel", "--engine", "keydb"], /--engine keydb: .*redis, valkey/],
    [["list", "moons"], /list moons: .*patterns, faults, targets, specs/],
    [["up", "--target", "moon"], /--target moon: .*process/],
    [["report", at("empty")], /no report\.json in /],
    [["fly"], /unknown command 'fly'/],
  ])("holdfast %j", async (args, message) => {
    const out = args[0] === "verify" && !args.includes("--out") ? ["--out", at("refused")] : [];
    const { status, stdout, stderr } = await runCli([...args, ...out]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^holdfast: /);
    expect(stderr).not.toContain("    at ");
    expect(existsSync(at("refused/report.json"))).toBe(false);
  });
});

describe("render", () => {
  test.each(["durable-sentinel", "cache-cluster"])("prints %s the same each time, with tokens where secrets go", async (spec) => {
    const [first, second] = [await runCli(["render", "--spec", spec]), await runCli(["render", "--spec", spec])];
    expect(first).toEqual(second);
    expect(first).toMatchObject({ status: 0, stderr: "" });
    expect(first.stdout).toContain("### server.conf");
    const words = first.stdout.split(/\s+/);
    // no hash, no clear password, nothing that looks like 16 random bytes
    expect(words.filter((word) => /^#?[0-9a-f]{32,}$/i.test(word) || /^>[^@{<$%]/.test(word))).toEqual([]);
  });

  test("prints JSON with --json: one text a file", async () => {
    const files = JSON.parse((await runCli(["render", "--spec", "durable-sentinel", "--engine", "valkey", "--json"])).stdout) as Record<
      string,
      string
    >;
    expect(Object.keys(files)).toEqual(["server.conf", "users.acl", "sentinel.conf", "sentinel-users.acl"]);
  });
});

test.each([
  ["patterns", patternNames],
  ["faults", faultNames],
  ["targets", ["process"]],
  ["specs", ["durable-sentinel", "durable-cluster", "cache-sentinel", "cache-cluster"]],
] as const)("list %s names each of them with a sentence, as text and as JSON", async (what, names) => {
  const rows = JSON.parse((await runCli(["list", what, "--json"])).stdout) as { readonly name: string; readonly what: string }[];
  expect(rows.map(({ name }) => name).toSorted()).toEqual([...names].toSorted());
  expect(rows.filter((row) => row.what === "")).toEqual([]);
  const lines = (await runCli(["list", what])).stdout.trimEnd().split("\n");
  expect(lines.map((line) => line.split(" ")[0]!)).toEqual(rows.map(({ name }) => name));
});

describe("report", () => {
  const put = (name: string, report: Report): string => {
    const dir = mkdtempSync(at(`${name}-`));
    writeFileSync(join(dir, "report.json"), JSON.stringify(report));
    return dir;
  };

  test("shows a report again and ends with 0", async () => {
    const { status, stdout } = await runCli(["report", put("bad", sampleReport())]);
    expect(status).toBe(0);
    expect(stdout).toContain("crash-primary");
  });

  test("ends with 1 when something got worse than --against, with 0 the other way round", async () => {
    const better = passingReport();
    const worse = JSON.parse(JSON.stringify(better).replaceAll('"lostOps":0', '"lostOps":1')) as Report;
    const [good, bad] = [put("good", better), put("bad", worse)];
    expect(await runCli(["report", bad, "--against", good])).toMatchObject({
      status: 1,
      stdout: expect.stringContaining(`Against ${good}:`),
    });
    expect(await runCli(["report", good, "--against", bad])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("nothing became worse"),
    });
  });
});

test("help names the exit codes and an example, on standard output with 0", async () => {
  const { status, stdout } = await runCli(["verify", "--help"]);
  expect(status).toBe(0);
  expect(stdout).toMatch(/Exit codes:\n {2}0 {2}conformant/);
  expect(stdout).toContain("holdfast verify --quick");
});
