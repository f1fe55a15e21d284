/** Time as an argument: rooms that wait or stamp are handed one, so that tests need not wait. */
export interface Clock {
  /** Milliseconds since 1970, for time stamps. */
  now(): number;
  /** Milliseconds since some moment; never jumps. For spans. */
  elapsed(): number;
  /** Calls `run` after `ms` milliseconds; the answer calls it off. */
  after(ms: number, run: () => void): () => void;
}

/** The time of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms` milliseconds, or at once when `signal` is aborted: look at the signal after it. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal | null = null): Promise<void> {
  if (signal?.aborted === true) {
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    const done = () => {
      callOff();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const callOff = clock.after(ms, done);
    signal?.addEventListener('abort', done, { once: true });
  });
}
