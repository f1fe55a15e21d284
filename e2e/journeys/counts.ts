/** Whether each fault has a load of its own and real pods stand where CI takes what is quicker (see README.md). */
export const isFull = process.env['TURNPIKE_LONG'] === '1';

/** Requests a second: 1,000 unless TURNPIKE_RATE says another number, to try a journey on a busy machine. */
export const rate = Number(process.env['TURNPIKE_RATE'] ?? 1_000);

/** Requests for each fault: 20 seconds of them, in full 100. */
export const requests = rate * (isFull ? 100 : 20);

/** How long the API server is away: 15 s, in full 60 s. */
export const apiServerAwayMs = isFull ? 60_000 : 15_000;
