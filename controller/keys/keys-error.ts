/** Why a key set cannot be had. */
export type KeysFailure =
  /** Plain HTTP, or not a URL of a web server at all. */
  | 'Insecure'
  | 'Unresolvable'
  /** The name leads to an address that a gateway must not be sent to. */
  | 'RefusedAddress'
  | 'NoEndpoints'
  | 'Timeout'
  | 'Network'
  /** An answer other than 200; redirects are not followed. */
  | 'Status'
  | 'TooLarge'
  /** No JWK Set with usable keys. */
  | 'Invalid';

/** A fetch of keys failed. The message says what to mend and can stand in a status. */
export class KeysError extends Error {
  readonly failure: KeysFailure;

  constructor(failure: KeysFailure, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'KeysError';
    this.failure = failure;
  }
}
