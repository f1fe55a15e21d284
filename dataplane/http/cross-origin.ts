// What tells a request of a browser across origins (the Fetch standard's CORS protocol) from others.
import type { RequestHead } from './message.ts';

/** The kind of the filter that answers preflights; where there is one, it is a rule's first. */
export const crossOriginKind = 'CrossOrigin';

/**
 * The method that a preflight asks for; null where the request is none.
 *
 * Hot path: the method tells nearly all requests that are none.
 */
export function requestedMethod({ method, fields }: RequestHead): string | null {
  if (method !== 'OPTIONS' || !fields.has('origin')) return null;
  return fields.only('access-control-request-method') ?? null;
}
