// Randomness from a seed, so that a run can be repeated. Not for secrets.

/** mulberry32: small, fast, good enough to choose victims. 0 <= x < 1. */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An independent stream for a named purpose of the same seed. */
export function stream(seed: number, name: string): () => number {
  let hash = seed | 0;
  for (const char of name) hash = (Math.imul(hash, 31) + (char.codePointAt(0) ?? 0)) | 0;
  return seeded(hash);
}
