// What the rendered TLS directives do on real servers, with a throw-away authority. Ports and certificate paths are lifecycle/'s lines.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterAll, describe, expect, it } from "vitest";
import { deploymentSpec, withEngine, type DeploymentSpec } from "./deployment-spec.ts";
import { enginesHere, host, nextPort, renderedServer, renderedSentinel, secretOf, type Extra } from "./testing/rendered-server.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-tls-"));
afterAll(() => rmSync(folder, { recursive: true }));

const openssl = (...args: readonly string[]): void => void execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** False where there is no openssl to make certificates with; the tests are then skipped by name. */
function certificates(): boolean {
  try {
    openssl("version");
  } catch {
    return false;
  }
  openssl("req", "-x509", ...newKey, "-keyout", "ca.key", "-out", "ca.crt", "-days", "1", "-subj", "/CN=test authority");
  openssl("req", ...newKey, "-keyout", "tls.key", "-out", "tls.csr", "-subj", "/CN=node");
  writeFileSync(join(folder, "san.ext"), `subjectAltName=IP:${host}\n`);
  openssl(
    "x509",
    "-req",
    "-in",
    "tls.csr",
    "-CA",
    "ca.crt",
    "-CAkey",
    "ca.key",
    "-CAcreateserial",
    "-days",
    "1",
    "-extfile",
    "san.ext",
    "-out",
    "tls.crt",
  );
  return true;
}

const canMakeCertificates = certificates();
const pem = (name: string): string => readFileSync(join(folder, name), "utf8");

/** The lines lifecycle/ adds under HOLDFAST_TLS. */
function tlsLines(): Extra & { readonly port: number } {
  const port = nextPort();
  const files = ["tls-ca-cert-file ca.crt", "tls-cert-file tls.crt", "tls-key-file tls.key"].map((line) =>
    line.replace(/ (\S+)$/, ` ${folder}/$1`),
  );
  return { port, lines: ["port 0", `tls-port ${port}`, ...files] };
}

/** What a server says to one command over TLS, with or without a certificate of ours. */
const ask = (port: number, own: boolean, command: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const certificate = own ? { cert: pem("tls.crt"), key: pem("tls.key") } : {};
    const socket = connect({ host, port, ca: pem("ca.crt"), ...certificate }, () => socket.write(`${command}\r\n`));
    let text = "";
    socket.on("data", (chunk) => {
      text += String(chunk);
      if (text.endsWith("\r\n")) socket.end();
    });
    socket.on("end", () => resolve(text));
    socket.on("error", reject);
  });

const tlsSpec = (engine: DeploymentSpec["engine"]["name"], kind: "sentinel" | "cluster"): DeploymentSpec =>
  withEngine(deploymentSpec({ topology: { kind }, security: { tls: {} } }), engine);

describe.runIf(canMakeCertificates).each(enginesHere())("TLS on $name $version", (engine) => {
  it.each(["sentinel", "cluster"] as const)("is asked of every client, with a certificate, under %s", async (kind) => {
    await using server = await renderedServer(engine, tlsSpec(engine.name, kind), tlsLines());
    expect(await ask(server.port, true, `AUTH probe ${secretOf("probe")}`)).toContain("+OK");
    await expect(ask(server.port, false, "PING")).rejects.toThrow();
    expect(await server.as("probe").ping().catch(String)).not.toBe("PONG");
  });

  it("encrypts replication and the Sentinels' links: a replica links up within 5 s, and a Sentinel sees it", async () => {
    const spec = tlsSpec(engine.name, "sentinel");
    const operator = `AUTH operator ${secretOf("operator")}\r\nINFO`;
    await using primary = await renderedServer(engine, spec, tlsLines());
    const lines = tlsLines();
    await using _replica = await renderedServer(engine, spec, {
      ...lines,
      lines: [...(lines.lines ?? []), `replicaof ${host} ${primary.port}`],
    });
    await expect.poll(() => ask(primary.port, true, `${operator} replication`), { timeout: 5_000 }).toContain("connected_slaves:1");
    await using sentinel = await renderedSentinel(engine, spec, primary.port, tlsLines());
    await expect.poll(() => ask(sentinel.port, true, `${operator} sentinel`), { timeout: 5_000 }).toContain("slaves=1");
  });
});
