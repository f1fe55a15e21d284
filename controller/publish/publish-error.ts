/**
 * Ended: the peer went away. Stalled: it takes nothing. TooMuch: it says more than it may.
 * Unexpected: it says what it may not say here. Unavailable: whose token it is cannot be told now.
 */
export type PublishFailure = 'Ended' | 'Stalled' | 'TooMuch' | 'Unexpected' | 'Unavailable';

/** Why the stream of a peer cannot go on. Never holds a token. */
export class PublishError extends Error {
  readonly failure: PublishFailure;

  constructor(failure: PublishFailure, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'PublishError';
    this.failure = failure;
  }
}
