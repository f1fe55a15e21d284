/** More than this is no time to a timer: it would be over at once. */
const timerMax = 2 ** 31 - 1;

/** Resolves when so many milliseconds have passed, 24 days at most, or nobody waits any more. */
export function passed(ms: number, left?: AbortSignal): Promise<void> {
  return new Promise((over) => {
    const timer = setTimeout(over, Math.min(Math.ceil(ms), timerMax));
    left?.addEventListener('abort', () => {
      clearTimeout(timer);
      over();
    });
  });
}
