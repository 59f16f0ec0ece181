import { expect, test } from "vitest";
import { failedReport, passingReport, reportOf, sampleReport } from "../testing/sample-report.ts";
import { htmlReport } from "./html.ts";

const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>'&`;

/** Every string in the document replaced that a server, a file or a user may have put there. */
const poisoned = (): string => {
  const [deployment] = sampleReport().deployments;
  const { target, engine, faults, ...rest } = deployment!;
  const report = reportOf([
    {
      ...rest,
      target: target + hostile,
      engine: engine + hostile,
      faults: faults.map((fault) => ({
        ...fault,
        name: fault.name + hostile,
        evidence: [hostile],
        cells: fault.cells.map((cell) => ({ ...cell, pattern: cell.pattern + hostile, reason: hostile, extra: { [hostile]: 1 } })),
      })),
      nodes: rest.nodes.map((node) => ({ ...node, id: hostile, zone: hostile })),
      roles: [{ node: hostile, spans: [{ fromMs: 0, toMs: 10, role: "primary" }] }],
      spec: { [hostile]: hostile },
      logs: { [hostile]: hostile },
    },
  ]);
  return htmlReport({ ...report, command: hostile });
};

test("the page is self-contained: it loads nothing, links nowhere, runs nothing", () => {
  for (const page of [htmlReport(sampleReport()), htmlReport(failedReport()), poisoned()]) {
    expect(page).not.toMatch(/<(script|link|img|iframe|object|embed|base|a)\b/i);
    expect(page).not.toMatch(/<[^>]*\s(src|href|srcset|action|style|on[a-z]+)\s*=(?=[^<]*>)(?<!="[^"]*)/i);
    expect(page).not.toMatch(/url\(|@import|https?:\/\//);
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  }
});

test("hostile names stay text in every place", () => {
  const page = poisoned();
  expect(page).not.toContain(hostile);
  expect(page).not.toContain("<script");
  expect(page.split("&lt;script&gt;").length).toBeGreaterThan(100);
});

test("the first screen says what a fault cost, the verdict, and the command that repeats it", () => {
  const header = htmlReport(passingReport()).split("</header>")[0]!.replaceAll("\u00a0", " ");
  expect(header).toContain("<span>Sentinel: a primary crash costs 1.08 s, 0 acknowledged writes lost</span>");
  expect(header).toContain("conformant: 28 cells judged, all inside their budgets");
  expect(header).toContain("holdfast verify --topology sentinel,cluster --seed 42");
});

test("each judged cell has a button, and a card of its own with reason, measures and budget", () => {
  const page = htmlReport(sampleReport());
  const cells = sampleReport().deployments.flatMap(({ faults }) => faults.flatMap((fault) => fault.cells));
  const opens = [...page.matchAll(/<button class="cell [a-z-]+" popovertarget="([^"]+)"/g)].map(([, id]) => id);
  const cards = [...page.matchAll(/<div popover id="([^"]+)"/g)].map(([, id]) => id);
  expect(opens).toHaveLength(cells.length);
  expect(new Set(cards).size).toBe(cells.length);
  expect(new Set(opens)).toEqual(new Set(cards));
  expect(page).toContain("3 destroyed sessions came back after the old primary answered again");
  expect(page).toContain("at most 10.0 s");
});

test("the chart shades every injected fault and shows roles, lost writes, and the time an old primary took writes", () => {
  const page = htmlReport(sampleReport());
  expect(page.match(/<rect class="fault" x/g)).toHaveLength(6);
  expect(page.match(/<line class="lost"/g)).toHaveLength(4);
  expect(page).toContain("n1 took writes after another node was promoted, for 0.90 s");
  expect(page).toContain("n2: primary from 5.01 s to 10.1 s");
});

test("no coordinate is NaN, also for a report with one sample, none, or times past the end", () => {
  const [deployment] = sampleReport().deployments;
  const series = [
    { atMs: [250], okPerSecond: [0], errorsPerSecond: [0] },
    { atMs: [], okPerSecond: [], errorsPerSecond: [] },
    { atMs: [10, 20], okPerSecond: [5], errorsPerSecond: [] },
  ];
  for (const each of series) {
    const page = htmlReport(reportOf([{ ...deployment!, series: each }]));
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
  }
});
