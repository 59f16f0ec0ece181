// The rendered file as the engines themselves read it back, and as text that parses to the same directives.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { configText, parseConfigText } from "./config-text.ts";
import { withEngine, type DeploymentSpec } from "./deployment-spec.ts";
import { namedSpecs, specNames } from "./named-specs.ts";
import { serverConfig } from "./server-config.ts";
import { enginesHere, filled, renderedServer } from "./testing/rendered-server.ts";

/** What each directive of the file adds up to: repeated ones are joined as CONFIG GET joins them. */
function expected(spec: DeploymentSpec): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const { name, words } of parseConfigText(filled(serverConfig(spec)))) {
    const value = words.join(" ");
    values.set(name, values.has(name) ? `${values.get(name)} ${value}` : value);
  }
  return values;
}

/** The node's own lines replace these; the engine writes that one in its own way. */
const elsewhere: readonly string[] = ["bind", "port", "auto-aof-rewrite-min-size", "client-output-buffer-limit"];

describe.each(enginesHere())("server.conf on $name $version", (engine) => {
  it.each(specNames)("is taken word for word for %s", async (name) => {
    const spec = withEngine(namedSpecs[name], engine.name);
    await using server = await renderedServer(engine, spec);
    const operator = server.as("operator");
    for (const [directive, value] of expected(spec)) {
      if (elsewhere.includes(directive)) continue;
      expect(await operator.config("GET", directive), directive).toEqual([directive, value]);
    }
    const [, limits = ""] = (await operator.config("GET", "client-output-buffer-limit")) as string[];
    expect(limits.replace(/\bslave\b/, "replica")).toBe(expected(spec).get("client-output-buffer-limit"));
    await expect(operator.config("SET", "dir", "/tmp")).rejects.toThrow("protected");
  });
});

describe.each(["redis", "valkey"] as const)("the engine %s", (name) => {
  it.runIf(enginesHere().some((engine) => engine.name === name))("was found here, so its renderings were tried", () =>
    expect(name).toBeTruthy(),
  );
});

describe("the text of a configuration", () => {
  const word = fc.string({ unit: fc.constantFrom(..."aZ09-_.:~*%&\"'\\# \t\n\rä".split("")), maxLength: 12 });
  const directives = fc.array(
    fc.record({ name: fc.stringMatching(/^[a-z][a-z-]{0,12}$/), words: fc.array(word, { minLength: 1, maxLength: 4 }) }),
  );

  it("parses back to the directives it was made of, whatever the words hold", () => {
    fc.assert(
      fc.property(directives, (made) => {
        expect(parseConfigText(configText("head", [{ title: "all", directives: made }]))).toEqual(made);
      }),
    );
  });

  it("says more than Redis 7.0 knows only when the spec rules out older nodes", () => {
    const spec = withEngine(namedSpecs["durable-cluster"], "redis");
    expect(serverConfig(spec)).not.toContain("hide-user-data-from-log");
    expect(serverConfig(withEngine(spec, "redis", "7.2.4"))).not.toContain("hide-user-data-from-log");
    expect(serverConfig(withEngine(spec, "redis", "7.4"))).toContain("hide-user-data-from-log yes");
  });

  it("holds no secret, only tokens", () => {
    for (const name of specNames) expect(serverConfig(namedSpecs[name])).toContain("masterauth %secret:replication%");
  });
});
