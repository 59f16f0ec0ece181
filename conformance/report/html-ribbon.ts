// The lower part of the chart: one ribbon a node with its role over time, and bands where an old primary still took writes.

import { formatMs } from "./format-measure.ts";
import type { TimeScale } from "./html-chart.ts";
import { markup, type Markup } from "./markup.ts";
import type { DeploymentReport, RoleSpan } from "./report.ts";

type Roles = NonNullable<DeploymentReport["roles"]>;

/** Of one node's ribbon, with the space under it. */
export const ribbonHeight = 17;

function spanRect(node: string, { role, fromMs, toMs }: RoleSpan, { x }: TimeScale, top: number): Markup {
  const width = Math.max(1, Math.round((x(toMs) - x(fromMs)) * 10) / 10);
  const inset = role === "unreachable" ? 4 : 0; // thinner, so that it differs without colour as well
  return markup`<rect class="role-${role}" x="${x(fromMs)}" y="${top + inset}" width="${width}" height="${12 - 2 * inset}"><title>${node}: ${role} from ${formatMs(fromMs)} to ${formatMs(toMs)}</title></rect>`;
}

export const ribbons = (roles: Roles, scale: TimeScale, top: number): Markup =>
  markup`${roles.map(({ node, spans }, index) => {
    const y = top + index * ribbonHeight;
    return markup`<text x="0" y="${y + 10}">${node.slice(0, 9)}</text>${spans.map((span) => spanRect(node, span, scale, y))}`;
  })}`;

export const zombieBands = (roles: Roles, { x }: TimeScale, area: { readonly top: number; readonly bottom: number }): Markup =>
  markup`${roles.flatMap(({ node, spans }) =>
    spans
      .filter(({ role }) => role === "zombie")
      .map(
        ({ fromMs, toMs }) =>
          markup`<rect class="zombie-band" x="${x(fromMs)}" y="${area.top}" width="${Math.max(1.5, x(toMs) - x(fromMs))}" height="${area.bottom - area.top}"><title>${node} took writes after another node was promoted, for ${formatMs(toMs - fromMs)}</title></rect>`,
      ),
  )}`;
