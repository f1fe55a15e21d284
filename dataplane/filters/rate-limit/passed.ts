/** Resolves when so many milliseconds have passed. */
export function passed(ms: number): Promise<void> {
  return new Promise((over) => {
    setTimeout(over, Math.ceil(ms));
  });
}
