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
