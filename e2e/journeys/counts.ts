/** How long and how much: short in CI, in full with TURNPIKE_FULL=1 (see README.md). */
const full = process.env['TURNPIKE_FULL'] === '1';

/** Requests for each fault, at 1,000 a second: 20,000, in full 100,000. */
export const requests = full ? 100_000 : 20_000;

/** Requests a second. */
export const rate = 1_000;

/** How long the API server is away: 15 s, in full 60 s. */
export const apiServerAwayMs = full ? 60_000 : 15_000;

/** Whether each fault has a load of its own and real pods stand where CI takes what is quicker. */
export const isFull = full;
