// A caller's deadline around one call. It rejects and forgets; it cannot take back what was already sent, so the outcome is unknown.

/** Rejects with a `DEADLINE` error after `ms`, or as soon as `stopped` is aborted. */
export function within<T>(ms: number, call: () => Promise<T>, stopped?: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const late = (): void => end(() => reject(new Error(`DEADLINE no answer within ${ms} ms, or stopped while waiting`)));
    const timer = setTimeout(late, ms);
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      stopped?.removeEventListener("abort", late);
      settle();
    };
    if (stopped?.aborted) return late();
    stopped?.addEventListener("abort", late);
    call().then(
      (value) => end(() => resolve(value)),
      (error: unknown) => end(() => reject(error)),
    );
  });
}
