import type { ClientLimits } from '#snapshot/client-settings.ts';

/** What one client, and all of them, may cost: what policies say, and what they do not. */
export interface Limits extends ClientLimits {
  /** Content that nobody wants is read up to this, so that the connection, or the answer, can be kept. */
  readonly discardBytesMax: number;
  readonly discardTimeoutMs: number;
  /** A tunnel of which one side has ended, and in which nothing moves. */
  readonly halfClosedTimeoutMs: number;
  /** How often times are looked at. */
  readonly sweepMs: number;
}

/** The limits that no policy sets. */
export const fixedLimits: Omit<Limits, keyof ClientLimits> = Object.freeze({
  discardBytesMax: 64 * 1024,
  discardTimeoutMs: 2_000,
  halfClosedTimeoutMs: 300_000,
  sweepMs: 500,
});
