/** Resolves when so many milliseconds have passed, or nobody waits any more. */
export function passed(ms: number, left?: AbortSignal): Promise<void> {
  return new Promise((over) => {
    const timer = setTimeout(over, Math.ceil(ms));
    left?.addEventListener('abort', () => {
      clearTimeout(timer);
      over();
    });
  });
}
