/**
 * How long the fuzzers of one file go on: for so many runs, or with TURNPIKE_FUZZ_SECONDS for as long as that, over all of the
 * file's `comparisons`.
 */
export function fuzzLength(numRuns: number, comparisons: number): FuzzLength {
  const seconds = process.env['TURNPIKE_FUZZ_SECONDS'];
  if (seconds === undefined) return { numRuns };
  const interruptAfterTimeLimit = Math.max(1000, (Number(seconds) * 1000) / comparisons);
  return { numRuns: Infinity, interruptAfterTimeLimit, markInterruptAsFailure: false };
}

/** Parameters of fast-check. */
export interface FuzzLength {
  readonly numRuns: number;
  readonly interruptAfterTimeLimit?: number;
  readonly markInterruptAsFailure?: boolean;
}
