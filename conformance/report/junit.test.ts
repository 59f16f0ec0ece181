import { expect, test } from "vitest";
import { failedReport, reportOf, sampleReport } from "../testing/sample-report.ts";
import { junit } from "./junit.ts";

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", "#10": "\n", "#9": "\t" };
const decoded = (text: string): string =>
  text.replaceAll(/&([^;]*);/g, (_all, name: string) => entities[name] ?? expect.fail(`unknown entity ${name}`));

/** A strict reader of the XML we write: anything that is neither a well-formed tag nor white space fails. */
function parsed(text: string): Element {
  const root: Element = { name: "", attributes: {}, children: [] };
  const open = [root];
  const body = text.replace(/^<\?xml version="1.0" encoding="UTF-8"\?>\n/, "");
  for (const [, whole, close, name, attributes, selfClosed] of body.matchAll(/(<(\/?)([a-z]+)((?: [a-z]+="[^"<]*")*)(\/?)>|\s+|[\s\S])/g)) {
    if (name === undefined) expect(whole).toMatch(/^\s+$/);
    else if (close === "/") expect(open.pop()?.name).toBe(name);
    else {
      const pairs = [...(attributes ?? "").matchAll(/([a-z]+)="([^"]*)"/g)].map(([, key, value]) => [key, decoded(value ?? "")]);
      const element: Element = { name, attributes: Object.fromEntries(pairs), children: [] };
      open.at(-1)?.children.push(element);
      if (selfClosed === "") open.push(element);
    }
  }
  expect(open).toHaveLength(1);
  return root.children[0]!;
}

const named = (element: Element, name: string): readonly Element[] =>
  element.children.flatMap((child) => [...(child.name === name ? [child] : []), ...named(child, name)]);
const findCase = (root: Element, classname: string, name: string): Element =>
  named(root, "testcase").find(({ attributes }) => attributes["classname"]?.endsWith(classname) && attributes["name"] === name) ??
  expect.fail(`no case ${classname} ${name}`);
const propertiesOf = (testcase: Element): Readonly<Record<string, string>> =>
  Object.fromEntries(named(testcase, "property").map(({ attributes }) => [attributes["name"], attributes["value"]]));

test("there is one case for each deployment, fault and pattern, and the totals agree with them", () => {
  const root = parsed(junit(sampleReport()));
  const cells = sampleReport().deployments.flatMap(({ faults }) => faults.flatMap((fault) => fault.cells));
  expect(named(root, "testcase")).toHaveLength(cells.length + 1 + 2); // one inapplicable fault, two bring-ups
  expect(root.attributes).toMatchObject({ tests: String(cells.length + 3), failures: "2", errors: "7", skipped: "1" });
  expect(named(root, "failure")).toHaveLength(2);
  expect(named(root, "error")).toHaveLength(7);
  expect(named(root, "skipped")).toHaveLength(1);
});

test("violation and budget-exceeded fail, inconclusive is an error, not-applicable is skipped, a documented limit passes with its reason", () => {
  const root = parsed(junit(sampleReport()));
  const outcome = (fault: string, pattern: string): string | undefined =>
    findCase(root, fault, pattern).children.find(({ name }) => name !== "properties")?.name;
  expect(outcome("hang-primary", "session-store")).toBe("failure");
  expect(outcome("hang-primary", "pub-sub")).toBe("failure");
  expect(outcome("partition-primary", "connection")).toBe("error");
  expect(outcome("durable", "fill-disk")).toBe("skipped");
  expect(outcome("hang-primary", "leaderboard")).toBeUndefined();
  expect(propertiesOf(findCase(root, "hang-primary", "leaderboard"))).toMatchObject({
    verdict: "documented-limit",
    lostOps: "1",
    reason: "1 write lost inside min-replicas-max-lag 3 s (redis.io/docs, replication)",
  });
});

test("a case's time is its gap, and what a pattern measures besides is a property", () => {
  const root = parsed(junit(sampleReport()));
  expect(findCase(root, "crash-primary (process)", "connection").attributes["time"]).toBe("1.080");
  expect(propertiesOf(findCase(root, "switch-over", "job-queue"))).toMatchObject({ firstJobMs: "812" });
});

test("a deployment that could not be brought up is an error with its message", () => {
  const root = parsed(junit(failedReport()));
  expect(findCase(root, "durable", "is brought up").children[1]?.attributes).toMatchObject({
    message: "no Sentinel answered on 127.0.1.1:26379 within 10 s",
  });
});

test("hostile text comes back as it was, and what XML cannot hold as U+FFFD", () => {
  const [deployment] = failedReport().deployments;
  const error = `"><failure/>&amp; ]]> 'quoted'\n\ttail é 😀`;
  const root = parsed(junit(reportOf([{ ...deployment!, error: `${error}\u0000\u001b\ud800` }])));
  expect(findCase(root, "durable", "is brought up").children[1]?.attributes["message"]).toBe(`${error}\uFFFD\uFFFD\uFFFD`);
});
