import { isRecord } from '#crds/record.ts';

/** All ways in which a call to the API server can fail. */
export type KubeFailure =
  | 'BadRequest'
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'Conflict'
  | 'AlreadyExists'
  | 'Gone'
  | 'TooLarge'
  | 'Invalid'
  | 'TooManyRequests'
  | 'Server'
  /** No answer, or no more of it, within the deadline. */
  | 'Timeout'
  /** A watch from which nothing more comes. */
  | 'Silent'
  | 'Network'
  /** The answer is not what the API promises. */
  | 'Malformed'
  /** The caller's signal. */
  | 'Aborted';

/** What is known of a failure beside its words. */
export interface KubeErrorDetails {
  /** HTTP status, or `code` of an ERROR event; 0 when there was none. */
  readonly status?: number;
  /** What Retry-After asks for. */
  readonly retryAfterMs?: number | null;
  readonly cause?: unknown;
}

/** A call to the API server failed. The message tells no tokens and no bodies. */
export class KubeError extends Error {
  readonly failure: KubeFailure;
  readonly status: number;
  readonly retryAfterMs: number | null;

  constructor(failure: KubeFailure, message: string, details: KubeErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.name = 'KubeError';
    this.failure = failure;
    this.status = details.status ?? 0;
    this.retryAfterMs = details.retryAfterMs ?? null;
  }
}

/** The error that a Kubernetes `Status` of HTTP status `code` stands for. */
export function errorOfStatus(code: number, status: unknown, retryAfter: string | null = null): KubeError {
  const reason = isRecord(status) && typeof status['reason'] === 'string' ? status['reason'] : '';
  const message = isRecord(status) && typeof status['message'] === 'string' ? status['message'] : reason;
  const failure = isOfAnotherUid(status) ? 'Conflict' : failureOf(code, reason);
  return new KubeError(failure, `${code}: ${message.slice(0, 1000) || failure}`, {
    status: code,
    retryAfterMs: retryAfterOf(retryAfter, status),
  });
}

/** What is written names a uid: of an object that is gone that is a conflict, of one that has its name now it is "invalid". */
function isOfAnotherUid(status: unknown): boolean {
  const { causes } = detailsOf(status);
  return Array.isArray(causes) && causes.filter(isRecord).some(({ field }) => field === 'metadata.uid');
}

function detailsOf(status: unknown): Readonly<Record<string, unknown>> {
  return isRecord(status) && isRecord(status['details']) ? status['details'] : {};
}

function failureOf(code: number, reason: string): KubeFailure {
  if (code === 409) {
    return reason === 'AlreadyExists' ? 'AlreadyExists' : 'Conflict';
  }
  return failures.get(code) ?? (code >= 500 ? 'Server' : 'BadRequest');
}

const failures: ReadonlyMap<number, KubeFailure> = new Map([
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'NotFound'],
  [410, 'Gone'],
  [413, 'TooLarge'],
  [422, 'Invalid'],
  [429, 'TooManyRequests'],
]);

const retryAfterMaxMs = 60_000;

function retryAfterOf(header: string | null, status: unknown): number | null {
  const told = detailsOf(status)['retryAfterSeconds'];
  const seconds = header !== null && /^\d{1,6}$/.test(header) ? Number(header) : told;
  return typeof seconds === 'number' && seconds >= 0 ? Math.min(seconds * 1000, retryAfterMaxMs) : null;
}
