/** Work on many things goes on for so long; then others have their turn on the event loop. */
const turnMs = 1;
/** The clock is looked at after so many things. */
const thingsMin = 4;

/**
 * Does `each` for all of `things`, a millisecond at a time, then `done`: whoever cuts a thousand connections at
 * once holds up everybody else's requests. What joins `things` meanwhile may be done too.
 */
export function inTurns<T>(things: Iterable<T>, each: (thing: T) => void, done = (): void => {}): void {
  takeTurn(things[Symbol.iterator](), each, done);
}

function takeTurn<T>(things: Iterator<T, unknown>, each: (thing: T) => void, done: () => void): void {
  const endsMs = performance.now() + turnMs;
  for (let count = 1; ; count += 1) {
    const { value, done: isDone } = things.next();
    if (isDone === true) break;
    each(value);
    if (count % thingsMin !== 0 || performance.now() < endsMs) continue;
    setImmediate(() => takeTurn(things, each, done));
    return;
  }
  done();
}
