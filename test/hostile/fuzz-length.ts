/**
 * How long the fuzzers of one file go on: for so many runs, or with TURNPIKE_FUZZ_SECONDS for as long as that, over all
 * of the file's `comparisons`. Each run of the tests sees other octets, unless TURNPIKE_FUZZ_SEED says where they begin.
 */
export function fuzzLength(numRuns: number, comparisons: number): FuzzLength {
  const seconds = process.env['TURNPIKE_FUZZ_SECONDS'];
  if (seconds === undefined) return { numRuns, ...seed() };
  const interruptAfterTimeLimit = Math.max(1000, (Number(seconds) * 1000) / comparisons);
  return { numRuns: Infinity, interruptAfterTimeLimit, markInterruptAsFailure: false, ...seed() };
}

/** Parameters of fast-check. */
export interface FuzzLength {
  readonly numRuns: number;
  readonly interruptAfterTimeLimit?: number;
  readonly markInterruptAsFailure?: boolean;
  readonly seed?: number;
}

/** The seed that is asked for, as a parameter of fast-check. */
export function seed(): { readonly seed?: number } {
  const asked = process.env['TURNPIKE_FUZZ_SEED'];
  return asked === undefined ? {} : { seed: Number(asked) };
}
