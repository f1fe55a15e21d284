import { Fields } from '#dataplane/http/fields.ts';
import { grpcCodes } from '#dataplane/http/grpc.ts';
import { retryDetails } from './grpc-details.ts';
import type { Denial } from '#dataplane/http/denial.ts';
import type { Exchange } from '#dataplane/http/exchange.ts';
import { requestIdOf } from './forwarded.ts';
import type { Failure, FailureKind } from '#dataplane/http/failure.ts';

/** A complete answer of our own. */
export interface OwnAnswer {
  readonly status: number;
  readonly fields: Fields;
  readonly body: Buffer;
}

/**
 * THE table from failure to status code, to the status of a gRPC call, and to the words a client reads. The words are fixed: no detail of what
 * went wrong inside leaves the gateway. 0 is no answer at all.
 */
const answers = {
  MalformedRequest: [400, grpcCodes.internal, 'The request is malformed.'],
  HeadTooLarge: [431, grpcCodes.resourceExhausted, 'The header fields are too large.'],
  TargetTooLong: [414, grpcCodes.internal, 'The request target is too long.'],
  MethodNotImplemented: [501, grpcCodes.unimplemented, 'The method is not implemented here.'],
  TransferCodingNotImplemented: [501, grpcCodes.internal, 'The transfer coding is not implemented here.'],
  VersionNotSupported: [505, grpcCodes.internal, 'The HTTP version is not supported.'],
  ExpectationFailed: [417, grpcCodes.internal, 'The expectation cannot be met.'],
  BodyTooLarge: [413, grpcCodes.resourceExhausted, 'The content is too large.'],
  ClientTooSlow: [408, grpcCodes.deadlineExceeded, 'The request did not arrive in time.'],
  ClientGone: [0, grpcCodes.cancelled, ''],
  NoRoute: [404, grpcCodes.unimplemented, 'No route matches.'],
  Misdirected: [421, grpcCodes.unavailable, 'This connection does not serve that host.'],
  ListenerClosed: [500, grpcCodes.internal, 'The listener is not available.'],
  RouteClosed: [500, grpcCodes.internal, 'The route is not available.'],
  Unauthenticated: [401, grpcCodes.unauthenticated, 'Valid credentials are required.'],
  Forbidden: [403, grpcCodes.permissionDenied, 'Access is denied.'],
  Banned: [403, grpcCodes.permissionDenied, 'The address is banned.'],
  BotRefused: [403, grpcCodes.permissionDenied, 'This client is refused.'],
  GuessingBlocked: [429, grpcCodes.resourceExhausted, 'Too many failed attempts.'],
  DeniedByService: [403, grpcCodes.permissionDenied, 'The request is refused.'],
  AuthorizationUnavailable: [503, grpcCodes.unavailable, 'The request cannot be authorized at the moment.'],
  KeysUnavailable: [503, grpcCodes.unavailable, 'Credentials cannot be checked at the moment.'],
  RateLimited: [429, grpcCodes.resourceExhausted, 'Too many requests.'],
  RequestTooCostly: [429, grpcCodes.resourceExhausted, 'The request is more than the limit ever allows.'],
  LimitKeyMissing: [403, grpcCodes.permissionDenied, 'The request lacks what it would be counted by.'],
  RateLimitUnavailable: [503, grpcCodes.unavailable, 'The request cannot be admitted at the moment.'],
  PlanUnavailable: [503, grpcCodes.unavailable, 'The plan of the consumer is not available.'],
  Flooding: [0, grpcCodes.resourceExhausted, ''],
  NoBackend: [500, grpcCodes.unimplemented, 'The route has no backend.'],
  InvalidBackend: [500, grpcCodes.unavailable, 'The route has no valid backend.'],
  BackendOverloaded: [503, grpcCodes.unavailable, 'The service has too much to do.'],
  NoEndpoint: [503, grpcCodes.unavailable, 'The service has no endpoint ready.'],
  ConnectFailed: [503, grpcCodes.unavailable, 'The service cannot be reached.'],
  BackendClosed: [502, grpcCodes.unavailable, 'The service did not answer.'],
  MalformedResponse: [502, grpcCodes.internal, 'The service did not answer properly.'],
  CallTimedOut: [504, grpcCodes.deadlineExceeded, 'The time of the call is over.'],
  RequestTimedOut: [504, grpcCodes.deadlineExceeded, 'The request took too long.'],
  BackendTimedOut: [504, grpcCodes.deadlineExceeded, 'The service took too long.'],
  Overloaded: [503, grpcCodes.unavailable, 'The gateway is overloaded.'],
  FilterBroke: [500, grpcCodes.internal, 'The gateway failed.'],
} as const satisfies Record<FailureKind, readonly [status: number, grpcCode: number, words: string]>;

/** The status a failure is answered by; 0 when nobody is there to be answered. */
export function statusOf(failure: Failure): number {
  return failure.kind === 'DeniedByService' ? failure.status : answers[failure.kind][0];
}

/**
 * How a gRPC call fails, in one head without content (Trailers-Only). It has status 200, as the call's own status is
 * another matter. One that may be made again later says when.
 */
export function grpcAnswerTo(failure: Failure): OwnAnswer {
  const [, code, words] = answers[failure.kind];
  const fields = new Fields();
  fields.append('content-type', 'application/grpc', 'Content-Type');
  fields.append('grpc-status', String(code));
  fields.append('grpc-message', words);
  if ('retryAfterS' in failure) {
    const details = retryDetails(code, words, retryAfterS(failure));
    fields.append('grpc-status-details-bin', details);
  }
  return { status: 200, fields, body: nothing };
}

/** Whole seconds, at least one (RFC 9110 section 10.2.3). */
function retryAfterS(failure: Extract<Failure, { retryAfterS: number }>): number {
  return Math.max(1, Math.ceil(failure.retryAfterS));
}

const nothing = Buffer.alloc(0);

/** What is told to one who may not pass may be told in a policy's words. */
export type DeniedExchange = Pick<Exchange, 'denial' | 'forwarded'>;

/** Failures that the words of the policy that has the word may tell; others bring their own. */
const denials: ReadonlySet<FailureKind> = new Set(['Unauthenticated', 'Forbidden', 'GuessingBlocked']);

/** The answer to a failure, in problem details (RFC 9457) or a policy's words, with the fields its status asks for. */
export function answerTo(failure: Failure, exchange: DeniedExchange | null = null): OwnAnswer {
  if (failure.kind === 'DeniedByService') return answerOfService(failure);
  const [status, , words] = answers[failure.kind];
  const fields = new Fields();
  const denial = denialFor(failure, exchange);
  fields.append('content-type', denial?.contentType ?? 'application/problem+json', 'Content-Type');
  if (failure.kind === 'Unauthenticated') {
    for (const challenge of failure.challenges) challengeBy(fields, challenge);
  } else if (failure.kind === 'Forbidden') {
    if (failure.challenge !== null) challengeBy(fields, failure.challenge);
  } else if (failure.kind === 'RateLimited' || failure.kind === 'GuessingBlocked') {
    fields.append('retry-after', String(retryAfterS(failure)), 'Retry-After');
  } else if (status === 503) {
    fields.append('retry-after', '1', 'Retry-After');
  }
  const requestId = exchange === null ? '' : (requestIdOf(exchange.forwarded) ?? '');
  const body =
    denial?.text({ status, title: words, requestId }) ??
    `{"status":${status},"title":"${words}"${extensionOf(failure)}}\n`;
  return { status, fields, body: Buffer.from(body) };
}

/** A member of problem details of its own (RFC 9457 section 3.2). */
function extensionOf(failure: Failure): string {
  return failure.kind === 'PlanUnavailable' ? `,"plan":${JSON.stringify(failure.plan)}` : '';
}

function denialFor(failure: Failure, exchange: DeniedExchange | null): Denial | null {
  if ('denial' in failure) return failure.denial;
  return exchange !== null && denials.has(failure.kind) ? exchange.denial : null;
}

/** Its fields are kept with the decision, and more come to those of an answer. */
function answerOfService({ status, fields: told, content }: DeniedByService): OwnAnswer {
  const fields = new Fields();
  fields.appendAll(told);
  return { status, fields, body: content };
}

type DeniedByService = Extract<Failure, { kind: 'DeniedByService' }>;

function challengeBy(fields: Fields, challenge: string): void {
  fields.append('www-authenticate', challenge, 'WWW-Authenticate');
}
