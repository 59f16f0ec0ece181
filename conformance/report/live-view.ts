// What a person sees while a run is under way. On a terminal: lasting lines above, a picture of the moment below, redrawn at most five
// times a second with the cursor hidden. Elsewhere: plain lines. It writes through the function it is given and knows no stream.

import { liveFrame } from "./live-frame.ts";
import { afterEvent, noLiveState } from "./live-state.ts";
import type { OnProgress } from "./progress.ts";
import { progressLine, staysOnScreen } from "./progress-line.ts";
import { painter } from "./verdict-mark.ts";

export interface Screen {
  readonly write: (text: string) => void;
  readonly isTty: boolean;
  readonly colour: boolean;
  /** Asked before every picture: terminals are resized. */
  readonly columns: () => number;
}

export interface LiveView extends Disposable {
  readonly show: OnProgress;
  /** Draws what is left, removes the picture, gives the cursor back. Synchronous and harmless when repeated, so it can hang on `process.once("exit")`. */
  readonly close: () => void;
}

const redrawMs = 200; // five pictures a second: enough to look live, too few to cost a core that is being measured
const hideCursor = "\u001b[?25l";
const showCursor = "\u001b[?25h";
const erase = (lines: number): string => (lines === 0 ? "" : `\u001b[${lines}F\u001b[J`);
const asText = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

function plainView(screen: Screen): LiveView {
  const paint = painter(screen.colour);
  const show: OnProgress = (event) => {
    const line = progressLine(event, paint);
    if (line !== undefined) screen.write(`${line}\n`);
  };
  return { show, close: () => {}, [Symbol.dispose]: () => {} };
}

function terminalView(screen: Screen): LiveView {
  const paint = painter(screen.colour);
  let state = noLiveState;
  let lasting: string[] = [];
  let drawnLines = 0;
  let open = true;
  const draw = (picture: readonly string[]): void => {
    screen.write(erase(drawnLines) + asText(lasting) + asText(picture));
    lasting = [];
    drawnLines = picture.length;
  };
  const timer = setInterval(() => draw(liveFrame(state, { paint, width: screen.columns() - 1 })), redrawMs);
  timer.unref(); // a picture keeps no process alive
  screen.write(hideCursor);
  const close = (): void => {
    if (!open) return;
    open = false;
    clearInterval(timer);
    draw([]);
    screen.write(showCursor);
  };
  const show: OnProgress = (event) => {
    if (!open) return;
    state = afterEvent(state, event);
    const line = staysOnScreen(event) ? progressLine(event, paint) : undefined;
    if (line !== undefined) lasting.push(line);
  };
  return { show, close, [Symbol.dispose]: close };
}

/** A view for this screen; dispose it (or call `close`) before writing anything else there. */
export const liveView = (screen: Screen): LiveView => (screen.isTty ? terminalView(screen) : plainView(screen));
