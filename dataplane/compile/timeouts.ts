import type { RouteTimeouts } from '#snapshot/route.ts';

/**
 * What holds where a route says nothing of time: the one place that tells it.
 *
 * A backend has 60 s from the end of the request to the head of its answer, as in nginx (proxy_read_timeout): one that
 * hangs must not hold connections for ever. Nothing else has a limit, as in nginx and Traefik: a slow upload, a long
 * download or a stream of events is no failure. (Envoy ends every exchange after 15 s; that breaks all three.)
 */
const defaultHeadTimeoutMs = 60_000;

/** The time-outs of a rule in milliseconds, 0 for none; no attempt is given longer than the whole. */
export function timeoutsOf({ requestMs, backendRequestMs, headMs }: RouteTimeouts): {
  readonly requestTimeoutMs: number;
  readonly backendTimeoutMs: number;
  readonly headTimeoutMs: number;
} {
  const requestTimeoutMs = requestMs ?? 0;
  const backendTimeoutMs = backendRequestMs ?? 0;
  const tooLong = requestTimeoutMs > 0 && backendTimeoutMs > requestTimeoutMs;
  return {
    requestTimeoutMs,
    backendTimeoutMs: tooLong ? requestTimeoutMs : backendTimeoutMs,
    headTimeoutMs: headMs ?? (requestMs === null && backendRequestMs === null ? defaultHeadTimeoutMs : 0),
  };
}
