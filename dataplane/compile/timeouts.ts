import type { RouteTimeouts } from '#snapshot/route.ts';

/**
 * What holds where a route says nothing: the one place that tells it.
 *
 * An attempt at a backend may take 60 s until the head of its answer, as in nginx (proxy_read_timeout): a backend that
 * hangs must not hold connections for ever. The whole exchange has no limit, as in nginx and Traefik: a long download
 * or a stream of events is no failure. (Envoy ends every exchange after 15 s; that breaks both.)
 */
export const defaultTimeouts = { requestMs: 0, backendRequestMs: 60_000 } as const;

/**
 * The time-outs of a rule in milliseconds, 0 for none. A route that gives the whole exchange a time (or none) and says
 * nothing of its attempts means both; no attempt is given longer than the whole.
 */
export function timeoutsOf({ requestMs, backendRequestMs }: RouteTimeouts): {
  readonly requestTimeoutMs: number;
  readonly backendTimeoutMs: number;
} {
  const requestTimeoutMs = requestMs ?? defaultTimeouts.requestMs;
  const wanted = backendRequestMs ?? requestMs ?? defaultTimeouts.backendRequestMs;
  const bounded = requestTimeoutMs > 0 && (wanted === 0 || wanted > requestTimeoutMs);
  return { requestTimeoutMs, backendTimeoutMs: bounded ? requestTimeoutMs : wanted };
}
