// What of gRPC over HTTP/2 a gateway must know (the protocol's PROTOCOL-HTTP2.md): which requests are calls, how long
// they may take, and how a call fails.
import type { Fields } from './fields.ts';

/** What the caller of a gRPC method said of the call. */
export interface GrpcCall {
  /** `grpc-timeout` in milliseconds; Infinity without one. */
  readonly timeoutMs: number;
}

/** Whether the content is gRPC's: `application/grpc`, alone or with a format or parameters. */
export function isGrpc(contentType: string | undefined): boolean {
  if (contentType === undefined || contentType.length < grpcType.length) return false;
  if (contentType.slice(0, grpcType.length).toLowerCase() !== grpcType) return false;
  const next = contentType.charAt(grpcType.length);
  return next === '' || next === '+' || next === ';' || next === ' ';
}

/** The call that a request over HTTP/2 is; null when it is none, `Malformed` when its time-out cannot be read. */
export function grpcCallOf(fields: Fields): GrpcCall | 'Malformed' | null {
  if (!isGrpc(fields.get('content-type'))) return null;
  const timeout = fields.only('grpc-timeout');
  if (timeout === null) return unlimited;
  const timeoutMs = timeout === undefined ? null : timeoutMsOf(timeout);
  return timeoutMs === null ? 'Malformed' : { timeoutMs };
}

/** The status in the head of a call's answer without content, or in its trailers; null when there is none. */
export function grpcStatusOf(fields: Fields): number | null {
  const status = fields.get('grpc-status');
  return status !== undefined && /^[0-9]{1,3}$/u.test(status) ? Number(status) : null;
}

/**
 * How long the backend of a call that failed wants to be left alone; `Never` when it wants no call like it again, null
 * when it says nothing (gRPC's proposal A6).
 */
export function grpcPushbackMs(fields: Fields): number | 'Never' | null {
  const pushback = fields.get('grpc-retry-pushback-ms');
  if (pushback === undefined) return null;
  return /^[0-9]{1,9}$/u.test(pushback) ? Number(pushback) : 'Never';
}

/** Statuses of a call that a gateway gives (google.rpc.Code). */
export const grpcCodes = {
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** `100m`: at most eight digits and a unit. Less than a millisecond counts as one. */
function timeoutMsOf(text: string): number | null {
  const unitMs = unitsMs.get(text.slice(-1));
  const digits = text.slice(0, -1);
  if (unitMs === undefined || !/^[0-9]{1,8}$/u.test(digits)) return null;
  return Math.max(1, Math.ceil(Number(digits) * unitMs));
}

const unitsMs: ReadonlyMap<string, number> = new Map([
  ['H', 3_600_000],
  ['M', 60_000],
  ['S', 1000],
  ['m', 1],
  ['u', 1e-3],
  ['n', 1e-6],
]);

const grpcType = 'application/grpc';
const unlimited: GrpcCall = { timeoutMs: Number.POSITIVE_INFINITY };
