import type { Exchange, Identity } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { CredentialPlaces } from '#snapshot/authentication.ts';
import type { LoginPages } from './login/login-pages.ts';

/**
 * One way to prove who calls, ready for requests. It only looks: what becomes of the request is for the filter that
 * has it among its alternatives.
 */
export interface Authenticator {
  /** Names (lower case) of the fields that tell backends who calls; clients may not send them. */
  readonly identityHeaders: readonly string[];
  readonly credential: CredentialPlaces;
  /** The scheme of its challenge and the parameters (RFC 9110 section 11.6.1). */
  readonly challenge: Challenge;
  /** Where people get what it lets in; left out: not here. */
  readonly pages?: LoginPages;
  /**
   * What the request's credential is worth; null where it has none of this kind, or one that is over without a word.
   *
   * Hot path: answers at once wherever it can.
   */
  authenticate(exchange: Exchange): Finding | null | Promise<Finding | null>;
}

/** How a client is told what to bring. */
export interface Challenge {
  /** To one who brought nothing. */
  readonly missing: string;
  /** To one whose credential was no good. */
  readonly invalid: string;
}

/** What a credential is worth. */
export type Finding = Admission | Refusal | Outage;

/** It is good. Frozen, for it is kept. */
export interface Admission {
  readonly kind: 'Admission';
  readonly identity: Identity;
  /** Field lines for the backend: name (lower case) and line (see `fieldLine`) by turns. */
  readonly lines: readonly string[];
}

/** It is not good. */
export interface Refusal {
  readonly kind: 'Refusal';
  /** For the log, never for the client. */
  readonly detail: string;
  /**
   * Whether it may be one of many that somebody tries. Not so where somebody vouches for what is refused, as for a key
   * that has expired, or where no secret was looked at, as with a token whose time is over: that tries nothing.
   */
  readonly isGuess: boolean;
  /** Whom it claims to be by a name that anybody could write; guesses are counted by it. Left out: nobody by name. */
  readonly account?: string;
}

/** Nobody can tell for now. */
export interface Outage {
  readonly kind: 'Outage';
  readonly failure: Failure;
}
