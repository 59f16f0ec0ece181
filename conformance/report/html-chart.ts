// A deployment's time line as inline SVG: operations and errors a second, shaded faults with their names, ticks where lost writes had been
// acknowledged, and a ribbon a node that says who was primary. Draws what the report holds; smooths and leaves out nothing.

import { formatMs } from "./format-measure.ts";
import { ribbonHeight, ribbons, zombieBands } from "./html-ribbon.ts";
import { markup, nothing, type Markup } from "./markup.ts";
import { faultLabel } from "./progress.ts";
import type { DeploymentReport, FaultReport } from "./report.ts";

const chart = {
  width: 1200,
  left: 62,
  right: 12,
  laneHeight: 17,
  plotHeight: 170,
  errorHeight: 52,
  lostHeight: 20,
  axisHeight: 24,
} as const;

/** ms to x, and the last moment shown. */
export interface TimeScale {
  readonly x: (atMs: number) => number;
  readonly endMs: number;
  readonly right: number;
}

function timeScale(deployment: DeploymentReport): TimeScale {
  const moments = [
    ...(deployment.series?.atMs ?? []),
    ...deployment.faults.flatMap(({ injectedAtMs, healedAtMs, redundancyMs }) => [
      healedAtMs ?? 0,
      (injectedAtMs ?? 0) + (redundancyMs ?? 0),
    ]),
    ...(deployment.roles ?? []).flatMap(({ spans }) => spans.map(({ toMs }) => toMs)),
  ];
  const endMs = moments.reduce((a, b) => Math.max(a, b), 1000);
  const inner = chart.width - chart.left - chart.right;
  return {
    endMs,
    right: chart.width - chart.right,
    x: (atMs) => Math.round((chart.left + (Math.min(Math.max(atMs, 0), endMs) / endMs) * inner) * 10) / 10,
  };
}

/** 1, 2, 5 times a power of ten, so that at most `ticksMax` steps reach `max`. */
function tickStep(max: number, ticksMax: number): number {
  const rough = Math.max(max, Number.EPSILON) / ticksMax;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
}

interface Label {
  readonly fault: FaultReport;
  readonly atX: number;
  readonly lane: number;
}

/** Names in as few rows as keep them apart. */
function placed(faults: readonly FaultReport[], { x }: TimeScale): readonly Label[] {
  const laneEnds: number[] = [];
  return faults.flatMap((fault): readonly Label[] => {
    if (fault.injectedAtMs === null) return [];
    const width = faultLabel(fault).length * 6.9 + 14;
    const atX = Math.min(x(fault.injectedAtMs), chart.width - width);
    const free = laneEnds.findIndex((end) => end <= atX);
    const lane = free === -1 ? laneEnds.length : free;
    laneEnds[lane] = atX + width;
    return [{ fault, atX, lane }];
  });
}

function faultShade({ fault, atX, lane }: Label, { x, endMs }: TimeScale, bottom: number): Markup {
  const from = fault.injectedAtMs ?? 0;
  const healed = fault.healedAtMs ?? endMs;
  const mended = fault.redundancyMs === null ? healed : Math.max(healed, from + fault.redundancyMs);
  const top = (lane + 1) * chart.laneHeight;
  const title = `${faultLabel(fault)}: injected at ${formatMs(from)}, healed ${formatMs(healed - from)} later, redundant after ${formatMs(fault.redundancyMs)}`;
  return markup`<g><title>${title}</title><rect class="fault" x="${x(from)}" y="${top}" width="${Math.max(1.5, x(healed) - x(from))}" height="${bottom - top}"/>
<rect class="mending" x="${x(healed)}" y="${top}" width="${x(mended) - x(healed)}" height="${bottom - top}"/>
<line class="edge" x1="${x(from)}" x2="${x(from)}" y1="${top - 12}" y2="${bottom}"/><text class="label" x="${atX + 4}" y="${top - 3}">${faultLabel(fault)}</text></g>`;
}

const rounded = (value: number): number => Math.round(value * 10) / 10;

function okArea(series: NonNullable<DeploymentReport["series"]>, { x, right }: TimeScale, top: number): Markup {
  const max = series.okPerSecond.reduce((a, b) => Math.max(a, b), 1);
  const bottom = top + chart.plotHeight;
  const y = (value: number): number => rounded(bottom - (value / max) * chart.plotHeight * 0.96);
  const points = series.okPerSecond.map((value, index) => `${x(series.atMs[index] ?? 0)},${y(value)}`);
  const step = tickStep(max, 4);
  const ticks = Array.from({ length: Math.floor(max / step) + 1 }, (_, index) => index * step);
  return markup`${ticks.map(
    (value) =>
      markup`<line class="grid" x1="${chart.left}" x2="${right}" y1="${y(value)}" y2="${y(value)}"/><text x="${chart.left - 6}" y="${y(value) + 4}" text-anchor="end">${value}</text>`,
  )}<path class="ok" d="M${x(series.atMs[0] ?? 0)},${bottom} L${points.join(" ")} L${x(series.atMs.at(-1) ?? 0)},${bottom} Z"/><text x="0" y="${top - 5}">ops/s</text>`;
}

function errorBars(series: NonNullable<DeploymentReport["series"]>, { x, right }: TimeScale, top: number): Markup {
  const max = series.errorsPerSecond.reduce((a, b) => Math.max(a, b), 0);
  const bottom = top + chart.errorHeight;
  const bars = series.errorsPerSecond.map((value, index) => {
    const [from, to] = [x(series.atMs[index - 1] ?? 0), x(series.atMs[index] ?? 0)];
    const height = rounded((value / Math.max(max, 1)) * (chart.errorHeight - 22));
    return value === 0
      ? nothing
      : markup`<rect x="${from}" y="${rounded(bottom - height)}" width="${Math.max(1, rounded(to - from - 0.5))}" height="${height}"/>`;
  });
  return markup`<line class="grid" x1="${chart.left}" x2="${right}" y1="${bottom}" y2="${bottom}"/><g class="errors">${bars}</g>
<text x="0" y="${bottom - 2}">errors/s</text>${max === 0 ? nothing : markup`<text x="${chart.left - 6}" y="${top + 30}" text-anchor="end">${Math.round(max)}</text>`}`;
}

const lostTicks = (lostAtMs: readonly number[], { x }: TimeScale, top: number): Markup =>
  lostAtMs.length === 0
    ? nothing
    : markup`<text x="0" y="${top + 15}">lost</text>${lostAtMs.map(
        (atMs) =>
          markup`<line class="lost" x1="${x(atMs)}" x2="${x(atMs)}" y1="${top + 5}" y2="${top + 17}"><title>lost write, acknowledged at ${formatMs(atMs)}</title></line>`,
      )}`;

function axis({ x, endMs, right }: TimeScale, top: number): Markup {
  const stepMs = tickStep(endMs, 12);
  const ticks = Array.from({ length: Math.floor(endMs / stepMs) + 1 }, (_, index) => index * stepMs).filter((atMs) => x(atMs) < right - 20);
  return markup`${ticks.map((atMs) => markup`<line class="grid" x1="${x(atMs)}" x2="${x(atMs)}" y1="${top}" y2="${top + 5}"/><text x="${x(atMs)}" y="${top + 17}" text-anchor="middle">${atMs / 1000} s</text>`)}`;
}

/** The chart, or nothing when the report holds neither samples nor roles. */
export function timeChart(deployment: DeploymentReport): Markup {
  const { series, roles = [], lostAtMs = [] } = deployment;
  if ((series === undefined || series.atMs.length === 0) && roles.length === 0) return nothing;
  const scale = timeScale(deployment);
  const labels = placed(deployment.faults, scale);
  const plotTop = (Math.max(0, ...labels.map(({ lane }) => lane + 1)) + 1) * chart.laneHeight;
  const errorTop = plotTop + (series === undefined ? 0 : chart.plotHeight);
  const lostTop = errorTop + (series === undefined ? 0 : chart.errorHeight);
  const ribbonTop = lostTop + (lostAtMs.length === 0 ? 8 : chart.lostHeight + 4);
  const axisTop = ribbonTop + roles.length * ribbonHeight;
  return markup`<svg viewBox="0 0 ${chart.width} ${axisTop + chart.axisHeight}" role="img" aria-label="Operations and errors a second over time, with the faults and each node's role">
${labels.map((label) => faultShade(label, scale, axisTop))}${zombieBands(roles, scale, { top: plotTop, bottom: axisTop })}${series === undefined ? nothing : okArea(series, scale, plotTop)}
${series === undefined ? nothing : errorBars(series, scale, errorTop)}${lostTicks(lostAtMs, scale, lostTop)}${ribbons(roles, scale, ribbonTop)}${axis(scale, axisTop)}</svg>`;
}
