// Whether a request that failed is sent again: what docs/decisions/0018-retries.md promises, or what its rule says.
import { grpcPushbackMs, grpcStatusOf } from '#dataplane/http/grpc.ts';
import type { ReceivedResponse } from '#dataplane/http/received.ts';
import type { UpstreamCluster } from '#dataplane/upstream/cluster.ts';
import type { UpstreamEndpoint } from '#dataplane/upstream/endpoint.ts';
import type { SentRequest } from '#dataplane/upstream/sent-request.ts';
import type { Purpose, Reached } from '#dataplane/upstream/upstream-exchange.ts';
import type { Retry } from '#dataplane/runtime.ts';

/**
 * Why an attempt was in vain. Code: its answer has a status of the rule, and may say how long is to be waited; the
 * others are told in snapshot/route.ts.
 */
export type RetryCause =
  | { readonly kind: 'ConnectFailure' | 'Refused' | 'Reset' | 'Timeout' }
  | { readonly kind: 'Code'; readonly waitMs: number | null };

/** What of a request tells whether it can be sent again. */
export interface RequestState {
  readonly isIdempotent: boolean;
  /** Some of its content has gone to a backend; and is kept nowhere. */
  readonly contentSent: boolean;
  readonly contentLost: boolean;
  readonly contentEnded: boolean;
}

/** Where and when it is sent again. */
export interface NextAttempt {
  readonly endpoint: UpstreamEndpoint;
  readonly waitMs: number;
}

/** Attempts for one request that could not connect, at as many endpoints where there are so many. */
const connectsMax = 5;
/** Times it is sent again without being asked: each may cost another backend, if it is the request that kills them. */
const repeatsMax = 2;

/** The failures of one request so far, and what may follow on the next one. */
export class Retries {
  readonly #retry: Retry | null;
  readonly #cluster: UpstreamCluster;
  readonly #hash: number;
  #tried: readonly UpstreamEndpoint[] = [];
  #repeats = 0;
  #holdsRetry = false;

  constructor(retry: Retry | null, cluster: UpstreamCluster, hash: number) {
    this.#retry = retry;
    this.#cluster = cluster;
    this.#hash = hash;
  }

  /** What follows on a failure at `endpoint`; null when the request has failed. `random`: 0 to 1. */
  next(
    cause: RetryCause,
    endpoint: UpstreamEndpoint,
    request: RequestState,
    clock: { readonly nowMs: number; readonly random: () => number },
  ): NextAttempt | null {
    this.#tried = [...this.#tried, endpoint];
    if (!isAllowed(cause, this.#retry) || !doesNoHarm(cause, request)) return null;
    const another = this.#tried.length < connectsMax ? this.#cluster.pick(this.#hash, this.#tried) : null;
    const isUntried = another !== null && !this.#tried.includes(another);
    if (cause.kind === 'ConnectFailure' && isUntried) return { endpoint: another, waitMs: 0 };
    return this.#retry === null
      ? this.#repeat(cause, another, isUntried)
      : this.#retryBy(this.#retry, cause, clock);
  }

  /** Whether the cluster bears that it is sent once more; counts it then. */
  mayRepeat(nowMs: number): boolean {
    this.#holdsRetry ||= this.#cluster.breaker.enter('Retry');
    return this.#holdsRetry && this.#cluster.budget.mayRetry(nowMs);
  }

  /** The request is over. */
  end(): void {
    if (this.#holdsRetry) this.#cluster.breaker.leave('Retry');
    this.#holdsRetry = false;
  }

  /** Without a word of the rule: at once, twice at most, and once at most at the only endpoint there is. */
  #repeat(cause: RetryCause, another: UpstreamEndpoint | null, isUntried: boolean): NextAttempt | null {
    if (another === null || cause.kind === 'ConnectFailure' || this.#repeats >= repeatsMax) return null;
    if (!isUntried && this.#repeats > 0) return null;
    this.#repeats += 1;
    return { endpoint: another, waitMs: 0 };
  }

  #retryBy(
    retry: Retry,
    cause: RetryCause,
    clock: { readonly nowMs: number; readonly random: () => number },
  ): NextAttempt | null {
    if (this.#repeats >= retry.attempts) return null;
    const wantedMs = cause.kind === 'Code' ? cause.waitMs : null;
    // Longer than the rule waits: the client is told, and may wait itself.
    if (wantedMs !== null && wantedMs > retry.backoffMsMax) return null;
    const endpoint = this.#cluster.pick(this.#hash, this.#tried);
    if (endpoint === null) return null;
    if (!this.mayRepeat(clock.nowMs)) return null;
    const waitMs = wantedMs ?? backoffMs(retry, this.#repeats, clock.random);
    this.#repeats += 1;
    return { endpoint, waitMs };
  }
}

/** Why the attempt whose answer this is was in vain by its rule; null when it was not, or the backend wants no other. */
export function causeInAnswer(retry: Retry, { status, fields }: ReceivedResponse): RetryCause | null {
  if (retry.codes.has(status)) return { kind: 'Code', waitMs: null };
  if (retry.grpcCodes.size === 0) return null;
  const code = grpcStatusOf(fields);
  if (code === null || !retry.grpcCodes.has(code)) return null;
  const waitMs = grpcPushbackMs(fields);
  return waitMs === 'Never' ? null : { kind: 'Code', waitMs };
}

/** Why an attempt that came so far was in vain; null where nothing may follow. */
export function causeInFailure(reached: Reached): RetryCause | null {
  switch (reached) {
    case 'NotActedOn':
      return { kind: 'Refused' };
    case 'Unanswered':
      return { kind: 'Reset' };
    case 'NotSent':
    case 'Answering':
      return null;
  }
}

/** Doubled with each repetition, up to the most; then any time up to that, so that many do not come back at once. */
export function backoffMs(
  { backoffMs: baseMs, backoffMsMax }: Pick<Retry, 'backoffMs' | 'backoffMsMax'>,
  repeats: number,
  random: () => number,
): number {
  return Math.min(backoffMsMax, baseMs * 2 ** repeats) * random();
}

/** Whether a rule, or its silence, lets a request be sent again for this. */
function isAllowed(cause: RetryCause, retry: Retry | null): boolean {
  if (retry === null) return cause.kind !== 'Code' && cause.kind !== 'Timeout';
  if (retry.attempts === 0) return false;
  return cause.kind === 'Code' || retry.conditions.has(cause.kind);
}

/**
 * Whether sending it again does no harm. What was not looked at may go again; what has no answer may have been acted
 * on, so only if it may be repeated (RFC 9110 section 9.2.2), or its content had not begun; an answer is as good as
 * its rule says.
 */
function doesNoHarm(cause: RetryCause, request: RequestState): boolean {
  const { isIdempotent: isRepeatable, contentSent, contentLost, contentEnded } = request;
  switch (cause.kind) {
    case 'ConnectFailure':
      return true;
    case 'Refused':
    case 'Code':
      return !contentLost;
    case 'Reset':
      return isRepeatable ? !contentLost : !contentSent && !contentEnded;
    case 'Timeout':
      return isRepeatable && !contentLost;
  }
}

/** What a connection for an attempt at it is for. */
export function purposeOf({ upgrade, head }: SentRequest): Purpose {
  if (upgrade !== '') return 'Channel';
  return isIdempotent(head.method) ? 'Idempotent' : 'Once';
}

/** RFC 9110 section 9.2.1, but for TRACE. */
export function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

/** RFC 9110 section 9.2.2. */
export function isIdempotent(method: string): boolean {
  switch (method) {
    case 'GET':
    case 'HEAD':
    case 'OPTIONS':
    case 'PUT':
    case 'DELETE':
      return true;
    default:
      return false;
  }
}
