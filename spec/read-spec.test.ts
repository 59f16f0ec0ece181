// A spec from a name, from YAML, from a file, and back again.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkSpec, type DeploymentSpec } from "./deployment-spec.ts";
import { namedSpecs } from "./named-specs.ts";
import { readSpec, specFromYaml, specToYaml } from "./read-spec.ts";
import { SpecError } from "./spec-error.ts";
import { carriedPatterns, evictionPolicies } from "./spec-schema.ts";

const topology = fc.oneof(
  fc.record({
    kind: fc.constant("sentinel"),
    replicas: fc.integer({ min: 2, max: 5 }),
    sentinels: fc.constantFrom(3, 5, 7),
    quorum: fc.constantFrom(2, 3, 4),
  }),
  fc.record({ kind: fc.constant("cluster"), shards: fc.integer({ min: 3, max: 50 }), replicas: fc.integer({ min: 1, max: 5 }) }),
);

const input = fc.record(
  {
    name: fc.stringMatching(/^[a-z][a-z0-9-]{0,40}$/),
    engine: fc.record({ name: fc.constantFrom("redis", "valkey") }),
    topology,
    profile: fc.constantFrom("durable", "cache"),
    memory: fc.record({ limitMb: fc.integer({ min: 128, max: 65_536 }) }),
    persistence: fc.record({ aof: fc.constantFrom("everysec", "always", "no", "off") }),
    eviction: fc.constantFrom(...evictionPolicies),
    failover: fc.record({ downAfterMs: fc.integer({ min: 100, max: 60_000 }), testTimers: fc.boolean() }),
    carries: fc.uniqueArray(fc.constantFrom(...carriedPatterns), { maxLength: 3 }),
    security: fc.record({
      defaultUser: fc.constantFrom("off", "password"),
      appKeyPattern: fc.stringMatching(/^[!-~]{1,20}$/),
      tls: fc.constantFrom(null, {}),
    }),
    placement: fc.record({
      zones: fc.uniqueArray(fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,12}$/), { maxLength: 4 }),
      hostnames: fc.boolean(),
    }),
  },
  { requiredKeys: [] },
);

const accepted = input.map((made) => checkSpec(made)).filter((checked): checked is { spec: DeploymentSpec } => "spec" in checked);

describe("a spec", () => {
  it("comes back from YAML as it went in, whatever it says", () => {
    fc.assert(
      fc.property(accepted, ({ spec }) => {
        const text = specToYaml(spec);
        expect(specFromYaml(text)).toEqual(spec);
        expect(specToYaml(specFromYaml(text))).toBe(text);
      }),
      { numRuns: 100 },
    );
  });

  it("is accepted or refused in words, never anything else", () => {
    fc.assert(
      fc.property(
        fc.oneof(input, fc.dictionary(fc.constantFrom("name", "topology", "memory", "security", "carries", "x"), fc.anything())),
        (made) => {
          const checked = checkSpec(made);
          if ("spec" in checked) return;
          expect(checked.problems.length).toBeGreaterThan(0);
          for (const { field, reason, fix } of checked.problems) expect(field && reason && fix).toBeTruthy();
        },
      ),
    );
  });

  it("is read by name, from YAML text, and from a file", () => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-spec-"));
    try {
      const file = join(folder, "shop.yaml");
      writeFileSync(file, "name: shop\ntopology:\n  kind: cluster\n");
      expect(readSpec("cache-cluster")).toBe(namedSpecs["cache-cluster"]);
      expect(readSpec("profile: cache")).toEqual(namedSpecs["cache-sentinel"]);
      expect(readSpec(file)).toEqual({ ...namedSpecs["durable-cluster"], name: "shop" });
      writeFileSync(file, "name: shop\nnam: shop\n");
      expect(() => readSpec(file)).toThrow(file);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each([
    ["no such thing", "durable-sentinl", /name one of durable-sentinel, durable-cluster/],
    ["broken YAML", "a: [1\nb: 2", /not readable as YAML/],
    ["a key twice", "profile: cache\nprofile: durable", /not readable as YAML/],
  ])("is refused with its cause when it is %s", (_what, source, message) => {
    let caught: unknown;
    try {
      readSpec(source);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(SpecError);
    expect(caught).toMatchObject({ message: expect.stringMatching(message), cause: expect.any(Error) });
  });
});
