/** No answer in time. */
export class Silence extends Error {}

/** What `answer` comes to; rejects with {@link Silence} after so long without one. */
export function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(new Silence(`no answer within ${ms} ms`));
    // A loop that was busy for long runs timers before it reads: the answer may lie in the socket.
    const deadline = setTimeout(() => setImmediate(giveUp), ms);
    answer.then(resolve, reject).finally(() => clearTimeout(deadline));
  });
}

/** What is asked of a Redis before requests wait for it. */
export interface ProofTerms {
  /** The longest that requests wait. */
  readonly deadlineMs: number;
  /** A connection that is silent for longer is given up. */
  readonly silenceMs: number;
  /** Milliseconds. */
  readonly now: () => number;
}

/** Why requests should not wait for what answers like this; null: they may. Rejects as {@link within} does. */
export async function whyNotAsked(
  proof: Promise<unknown>,
  { deadlineMs, silenceMs, now }: ProofTerms,
): Promise<string | null> {
  const beganMs = now();
  await within(silenceMs, proof);
  return now() - beganMs > deadlineMs ? `it answers later than within ${deadlineMs} ms` : null;
}
