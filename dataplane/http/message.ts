import type { Fields } from './fields.ts';

/** The version of HTTP that the client speaks. */
export type Protocol = 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2';

/**
 * The head of a request, parsed and checked. What stands here is what is matched and what is forwarded:
 * nothing downstream of the listener parses or normalises it again.
 */
export interface RequestHead {
  /** A token (RFC 9110 section 9), case-sensitive. */
  readonly method: string;
  /** Normalised once at the listener; begins with `/`, or is `*` for `OPTIONS *`. */
  readonly path: string;
  /** What stood behind `?`, as received; null without `?`. */
  readonly query: string | null;
  /** Host (RFC 9110 section 7.2) as received, with port. */
  readonly authority: string;
  /** Host in lower case, without port and without trailing dot: what routes match on. */
  readonly host: string;
  readonly protocol: Protocol;
  readonly fields: Fields;
}

/** What is sent to the backend: begins as the request, and the filters change it. */
export interface ForwardedHead {
  method: string;
  path: string;
  query: string | null;
  /** The Host field sent. */
  authority: string;
  readonly fields: Fields;
}

/** The head of an answer on its way to the client. */
export interface ResponseHead {
  status: number;
  readonly fields: Fields;
}
