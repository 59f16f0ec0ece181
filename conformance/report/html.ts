// report.html: the whole report as one file that needs no network and no script. It shows the report; every number in it is in report.json.

import { capitalized, formatMs } from "./format-measure.ts";
import { headlines, outcome } from "./headline.ts";
import { verdictBadge } from "./html-cell.ts";
import { timeChart } from "./html-chart.ts";
import { htmlStyle } from "./html-style.ts";
import { factTable, verdictTable } from "./html-table.ts";
import { markup, nothing, type Markup } from "./markup.ts";
import type { DeploymentReport, Report } from "./report.ts";
import { worstReasons } from "./worst-reasons.ts";

const swatches: readonly (readonly [style: string, words: string])[] = [
  ["ok", "acknowledged operations"],
  ["errors", "errors"],
  ["fault", "fault"],
  ["mending", "until fully redundant"],
  ["role-primary", "primary"],
  ["role-replica", "replica"],
  ["role-unreachable", "unreachable"],
  ["role-zombie", "old primary that still takes writes"],
];

const legend = markup`<ul class="legend">${swatches.map(
  ([style, words]) =>
    markup`<li><svg viewBox="0 0 14 12" aria-hidden="true"><rect class="${style}" width="14" height="12"/></svg>${words}</li>`,
)}</ul>`;

/** Keeps a number and its unit on one line. */
const unbroken = (text: string): string => text.replaceAll(/(\d) (ms|s|min)\b/g, "$1\u00a0$2");

const folded = (title: string, text: string): Markup => markup`<details><summary>${title}</summary><pre>${text}</pre></details>`;

function nodeTable({ nodes }: DeploymentReport): Markup {
  if (nodes.length === 0) return nothing;
  const rows = nodes.map(
    ({ id, address, zone, shard, role }) =>
      markup`<tr><th scope="row">${id}</th><td>${address.host}:${address.port}</td><td>${zone}</td><td>${shard}</td><td>${role}</td></tr>`,
  );
  const head = ["node", "address", "zone", "shard", "role at first"].map((title) => markup`<th scope="col">${title}</th>`);
  return markup`<details><summary>Nodes</summary><div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table></div></details>`;
}

function deploymentSection(deployment: DeploymentReport, index: number): Markup {
  const { topology, engine, engineVersion, profile, target, readyMs, error, faults } = deployment;
  const facts = [
    `${engine} ${engineVersion}`.trim(),
    `profile ${profile}`,
    `target ${target}`,
    ...(readyMs === null ? [] : [`ready in ${formatMs(readyMs)}`]),
  ];
  const picture = timeChart(deployment);
  return markup`<section><h2>${capitalized(topology)}</h2><p class="soft">${unbroken(facts.join(" · "))}</p>
${error === undefined ? nothing : markup`<p class="error badge violation">Not brought up: ${error}</p>`}
${faults.length === 0 ? nothing : markup`<h3>What applications saw</h3>${verdictTable(deployment, `d${index}`)}`}
${picture === nothing ? nothing : markup`<h3>Over time</h3><div class="scroll chart" tabindex="0">${picture}</div>${legend}`}
${faults.length === 0 ? nothing : markup`<h3>What the deployment did</h3>${factTable(deployment)}`}
${nodeTable(deployment)}${folded("Deployment spec", JSON.stringify(deployment.spec, undefined, 2))}
${Object.entries(deployment.logs ?? {}).map(([node, log]) => folded(`Log of ${node}`, log))}</section>`;
}

/** More would push the table off the first screen. */
const reasonsShown = 5;

function reasonList(report: Report): Markup {
  const items = worstReasons(report).map(
    ({ verdict, where, patterns, reason }) =>
      markup`<li class="${verdict}"><strong>${verdict}</strong> · ${where}${patterns.length === 0 ? "" : ` · ${patterns.join(", ")}`}<p>${reason}</p></li>`,
  );
  const rest = items.slice(reasonsShown);
  const more =
    rest.length === 0 ? nothing : markup`<details><summary>${rest.length} more</summary><ul class="reasons">${rest}</ul></details>`;
  return items.length === 0 ? nothing : markup`<ul class="reasons">${items.slice(0, reasonsShown)}</ul>${more}`;
}

function environment({ kit, seed, startedAt, durationMs, harness, exitCode }: Report): Markup {
  const facts: readonly (readonly [string, string])[] = [
    ["holdfast", `${kit.version} (${kit.commit})`],
    ["started", startedAt],
    ["took", formatMs(durationMs)],
    ["seed", String(seed)],
    ["exit code", String(exitCode)],
    ...(harness === undefined
      ? []
      : ([
          ["processors", String(harness.cpus)],
          ["Node.js", harness.node],
          ["kernel", harness.kernel],
          ["longest stall of the suite itself", formatMs(harness.stallMsMax)],
        ] as const)),
  ];
  return markup`<section><h2>Environment</h2><div class="scroll"><table><tbody>${facts.map(
    ([name, value]) => markup`<tr><th scope="row">${name}</th><td class="wide">${value}</td></tr>`,
  )}</tbody></table></div></section>`;
}

/** The page. The content policy forbids every load and every script, so a hostile name in it can do nothing either. */
export function htmlReport(report: Report): string {
  const page = markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>holdfast: ${headlines(report).join("; ")}</title><style>${{ html: htmlStyle }}</style></head>
<body><main><header>${verdictBadge(report.verdict)}
<h1>${headlines(report).map((line) => markup`<span>${unbroken(line)}</span>`)}</h1><p class="soft">${outcome(report)}</p>
<pre class="command" aria-label="Command that repeats this run"><code>${report.command}</code></pre></header>
${reasonList(report)}${report.deployments.map(deploymentSection)}${environment(report)}</main></body></html>
`;
  return page.html;
}
