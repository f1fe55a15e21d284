/** Unreadable: what the Secret holds is not an authority: a part is missing, no PEM, or key and certificate differ. */
export type AuthorityFailure = 'Unreadable';

/** What was kept of an authority cannot be used; a new one has to be made. Never quotes keys. */
export class AuthorityError extends Error {
  readonly failure: AuthorityFailure;

  constructor(failure: AuthorityFailure, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'AuthorityError';
    this.failure = failure;
  }
}
