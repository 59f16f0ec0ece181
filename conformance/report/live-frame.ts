// The live view's picture: state in, lines out, none longer than the terminal is wide. Three lines a running deployment: what runs now,
// operations a second as a sparkline (red where calls failed), and the faults under it. Moves no cursor.

import { formatMs } from "./format-measure.ts";
import type { LiveDeployment, LiveState, Sample } from "./live-state.ts";
import type { Paint } from "./verdict-mark.ts";

const bars = "▁▂▃▄▅▆▇█";
const indent = 11;

function bar(sample: Sample, max: number): string {
  if (sample.okPerSecond === 0) return sample.errorsPerSecond > 0 ? "×" : "·";
  return bars[Math.min(bars.length - 1, Math.floor((sample.okPerSecond / max) * bars.length))] ?? "█";
}

function sparkline(samples: readonly Sample[], paint: Paint): string {
  const max = Math.max(1, ...samples.map(({ okPerSecond }) => okPerSecond));
  return samples
    .map((sample) => paint(sample.errorsPerSecond > 0 || sample.okPerSecond === 0 ? "red" : "green", bar(sample, max)))
    .join("");
}

/** Neighbouring samples of one fault and phase. */
function stretches(samples: readonly Sample[]): readonly { readonly fault: string; readonly phase: string; readonly length: number }[] {
  const result: { fault: string; phase: string; length: number }[] = [];
  for (const { fault, phase } of samples) {
    const last = result.at(-1);
    if (last && last.phase === phase && (phase === "steady" || last.fault === fault)) last.length++;
    else result.push({ fault, phase, length: 1 });
  }
  return result;
}

/** `━crash-primary━━┄┄┄`: thick while the fault is on, dotted until everything is redundant again. */
function timeline(samples: readonly Sample[], paint: Paint): string {
  return stretches(samples)
    .map(({ fault, phase, length }) => {
      if (phase === "steady") return " ".repeat(length);
      if (phase === "mending") return paint("dim", "┄".repeat(length));
      return paint("yellow", fault.length + 2 <= length ? `━${fault}`.padEnd(length, "━") : "━".repeat(length));
    })
    .join("")
    .trimEnd();
}

function deploymentLines(
  deployment: LiveDeployment,
  atMs: number,
  look: { readonly paint: Paint; readonly width: number },
): readonly string[] {
  const { paint, width } = look;
  const last = deployment.samples.at(-1);
  const rates = last === undefined ? "" : `  ${Math.round(last.okPerSecond)} ops/s, ${Math.round(last.errorsPerSecond)} errors/s`;
  const name = deployment.name.slice(0, indent - 1).padEnd(indent);
  const now = `${deployment.now}  ${formatMs(Math.max(0, atMs - deployment.sinceMs))}`;
  const room = Math.max(0, width - indent);
  const shownNow = now.slice(0, room);
  const shownRates = rates.slice(0, room - shownNow.length);
  const head = `${paint("bold", name)}${shownNow}${paint((last?.errorsPerSecond ?? 0) > 0 ? "red" : "dim", shownRates)}`;
  if (last === undefined) return [head];
  const shown = deployment.samples.slice(-Math.max(1, room));
  return [head, " ".repeat(indent) + sparkline(shown, paint), " ".repeat(indent) + timeline(shown, paint)];
}

/** The lines to show now; deployments that are done are no longer in it. `width` is one less than the terminal has, so that nothing wraps. */
export function liveFrame(state: LiveState, look: { readonly paint: Paint; readonly width: number }): readonly string[] {
  return state.deployments.filter(({ done }) => !done).flatMap((deployment) => deploymentLines(deployment, state.atMs, look));
}
