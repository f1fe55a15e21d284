/**
 * Unreachable: no connection, or not one that can be trusted. Refused: the controller did not let us in.
 * Ended: it went away. Silent: it did not answer in time. Broken: it said what cannot be. Behind: it has seen less
 * than we have, for too long.
 */
export type SubscribeFailure = 'Unreachable' | 'Refused' | 'Ended' | 'Silent' | 'Broken' | 'Behind';

/** Why a connection to a controller came to nothing; the next one is tried. Never holds a token. */
export class SubscribeError extends Error {
  readonly failure: SubscribeFailure;

  constructor(failure: SubscribeFailure, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'SubscribeError';
    this.failure = failure;
  }
}

/** The words of what was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
