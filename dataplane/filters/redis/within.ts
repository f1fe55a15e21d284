/** No answer in time. */
export class Silence extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
  }
}

/** What `answer` comes to; rejects with {@link Silence} after so long without one. */
export function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const deadline = afterwards(ms, () => reject(new Silence(ms)));
    answer.then(resolve, reject).finally(() => clearTimeout(deadline));
  });
}

/** Does `what` when so long has passed and all that has come by then was read. */
export function afterwards(ms: number, what: () => void): NodeJS.Timeout {
  // A loop that was busy for long runs timers before it reads: the answer may lie in the socket.
  return setTimeout(() => setImmediate(what), ms);
}
