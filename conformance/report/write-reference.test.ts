import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import { failedReport, sampleReport } from "../testing/sample-report.ts";
import { reportJsonSchema } from "./json-schema.ts";
import { reportSchema } from "./report.ts";
import { pageFile, pageText, schemaFile, schemaText } from "./write-reference.ts";

test("docs/reference is what the type says (else: node conformance/report/write-reference.ts)", () => {
  expect(readFileSync(schemaFile, "utf8")).toBe(schemaText());
  const page = readFileSync(pageFile, "utf8");
  expect(page).toBe(pageText(page));
});

test("a page that lost its marks is refused, not left old", () => expect(() => pageText("# The report")).toThrow("has lost the marks"));

test("the type and the JSON Schema both accept a whole report and a failed one", () => {
  const fromSchema = z.fromJSONSchema(reportJsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);
  for (const report of [sampleReport(), failedReport()]) {
    const document: unknown = JSON.parse(JSON.stringify(report));
    expect(reportSchema.parse(document)).toEqual(document);
    expect(fromSchema.safeParse(document).error).toBeUndefined();
  }
});

test("both refuse a report without its seed, or with an unknown verdict", () => {
  const fromSchema = z.fromJSONSchema(reportJsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);
  for (const broken of [
    { ...sampleReport(), seed: undefined },
    { ...sampleReport(), verdict: "fine" },
  ]) {
    const document: unknown = JSON.parse(JSON.stringify(broken));
    expect(reportSchema.safeParse(document).success).toBe(false);
    expect(fromSchema.safeParse(document).success).toBe(false);
  }
});

test("every field that is not a plain part of another has a description", () => {
  const rows = readFileSync(pageFile, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| `") && line.endsWith("|  |"));
  expect(rows.map((row) => row.split("`")[1])).toEqual([]);
});
