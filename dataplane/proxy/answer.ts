import { Fields } from '#dataplane/http/fields.ts';
import type { Failure, FailureKind } from '#dataplane/http/failure.ts';

/** A complete answer of our own. */
export interface OwnAnswer {
  readonly status: number;
  readonly fields: Fields;
  readonly body: Buffer;
}

/**
 * THE table from failure to status code, and to the words a client reads. The words are fixed: no detail of what
 * went wrong inside leaves the gateway. 0 is no answer at all.
 */
const answers = {
  MalformedRequest: [400, 'The request is malformed.'],
  HeadTooLarge: [431, 'The header fields are too large.'],
  TargetTooLong: [414, 'The request target is too long.'],
  MethodNotImplemented: [501, 'The method is not implemented here.'],
  TransferCodingNotImplemented: [501, 'The transfer coding is not implemented here.'],
  VersionNotSupported: [505, 'The HTTP version is not supported.'],
  ExpectationFailed: [417, 'The expectation cannot be met.'],
  BodyTooLarge: [413, 'The content is too large.'],
  ClientTooSlow: [408, 'The request did not arrive in time.'],
  ClientGone: [0, ''],
  NoRoute: [404, 'No route matches.'],
  Misdirected: [421, 'This connection does not serve that host.'],
  RouteClosed: [500, 'The route is not available.'],
  Unauthenticated: [401, 'Valid credentials are required.'],
  KeysUnavailable: [503, 'Credentials cannot be checked at the moment.'],
  RateLimited: [429, 'Too many requests.'],
  RateLimitUnavailable: [503, 'The request cannot be admitted at the moment.'],
  NoBackend: [500, 'The route has no backend.'],
  InvalidBackend: [500, 'The route has no valid backend.'],
  NoEndpoint: [503, 'The service has no endpoint ready.'],
  ConnectFailed: [503, 'The service cannot be reached.'],
  BackendClosed: [502, 'The service did not answer.'],
  MalformedResponse: [502, 'The service did not answer properly.'],
  RequestTimedOut: [504, 'The request took too long.'],
  BackendTimedOut: [504, 'The service took too long.'],
  Overloaded: [503, 'The gateway is overloaded.'],
  FilterBroke: [500, 'The gateway failed.'],
} as const satisfies Record<FailureKind, readonly [status: number, words: string]>;

/** The status a failure is answered by; 0 when nobody is there to be answered. */
export function statusOf(failure: Failure): number {
  return answers[failure.kind][0];
}

/** The answer to a failure, in problem details (RFC 9457), with the fields its status asks for. */
export function answerTo(failure: Failure): OwnAnswer {
  const [status, words] = answers[failure.kind];
  const fields = new Fields();
  fields.append('content-type', 'application/problem+json', 'Content-Type');
  if (failure.kind === 'Unauthenticated') {
    // RFC 6750 section 3: no error code when the request had no credentials at all
    const challenge = failure.error === 'missing' ? 'Bearer' : 'Bearer error="invalid_token"';
    fields.append('www-authenticate', challenge, 'WWW-Authenticate');
  } else if (failure.kind === 'RateLimited') {
    fields.append('retry-after', String(Math.max(1, Math.ceil(failure.retryAfterS))), 'Retry-After');
  } else if (status === 503) {
    fields.append('retry-after', '1', 'Retry-After');
  }
  return { status, fields, body: Buffer.from(`{"status":${status},"title":"${words}"}\n`) };
}
