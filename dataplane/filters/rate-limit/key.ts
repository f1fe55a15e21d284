import { claimAt } from '#dataplane/filters/authenticate/claims.ts';
import { addressGroup } from '#dataplane/http/address.ts';
import type { Exchange } from '#dataplane/http/exchange.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { RateLimitKey } from '#snapshot/rate-limit.ts';

/** The key of requests whose field or claim is missing; no field value can hold a NUL. */
export const sharedKey = '\u0000';

/** What a key is made of that needs no expression. */
export type PlainKey = Exclude<RateLimitKey, { kind: 'Expressions' }>;

/** The value by which a request is counted, or null when the field or claim it should come from is not there. */
export function keyOf(key: PlainKey, exchange: Exchange): string | null {
  switch (key.kind) {
    case 'ClientAddress':
      return addressGroup(exchange.client.address);
    case 'Header':
      return headerText(exchange.request.fields, key);
    case 'Claim':
      return exchange.identity === null ? null : textOf(claimAt(exchange.identity.claims, key.claim));
    default:
      return key satisfies never;
  }
}

/**
 * The one value of the key's field. With several lines nobody knows which of them the backend goes by, and a client
 * that adds one must not be counted as another: all such requests share one key, however missing ones are treated.
 */
function headerText(fields: Fields, { header, onUnknown }: RateLimitKey & { kind: 'Header' }): string | null {
  const value = fields.only(header);
  if (value === undefined) return onUnknown === 'Refuse' ? null : sharedKey;
  return value || null;
}

/** Text, numbers and booleans count as values. */
function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value || null;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}
