// Measures as people read them. Text only; what a number means is decided elsewhere.

/** `84 ms`, `1.08 s`, `12.3 s`, `2 min 5 s`; `-` when there is nothing to say. */
export function formatMs(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "-";
  if (ms < 99.5) return `${Math.round(ms)} ms`;
  if (ms < 9_995) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 119_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `1 write`, `3 writes`. */
export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** A measure by the unit at the end of its name: `firstJobMs` as time, everything else as a number. */
export const formatMeasure = (name: string, value: number): string =>
  name.endsWith("Ms") ? formatMs(value) : String(Math.round(value * 1000) / 1000);

/** `sentinel` -> `Sentinel`. */
export const capitalized = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
