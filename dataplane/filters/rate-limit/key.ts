import { claimAt } from '#dataplane/filters/authenticate/claims.ts';
import type { Exchange } from '#dataplane/http/exchange.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { RateLimitKey } from '#snapshot/rate-limit.ts';

/** The key of requests whose field or claim is missing; no field value can hold a NUL. */
export const sharedKey = '\u0000';

/** The value by which a request is counted, or null when the field or claim it should come from is not there. */
export function keyOf(key: RateLimitKey, exchange: Exchange): string | null {
  switch (key.kind) {
    case 'ClientAddress':
      return addressKey(exchange.client.address);
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

/** An IPv4 address as it is; of an IPv6 address the /64, which one client usually owns whole (RFC 6177). */
export function addressKey(address: string): string {
  if (!address.includes(':')) return address;
  const gap = address.indexOf('::');
  const front = gap < 0 ? address : address.slice(0, gap);
  const groups = front === '' ? [] : front.split(':');
  if (gap >= 0 && groups.length < 4) {
    const back = address.slice(gap + 2);
    const backGroups = back === '' ? [] : back.split(':');
    // A dotted tail stands for two groups.
    const after = backGroups.length + (back.includes('.') ? 1 : 0);
    const zeros = Math.max(0, 8 - groups.length - after);
    for (let at = 0; at < zeros && groups.length < 4; at += 1) groups.push('0');
    groups.push(...backGroups);
  }
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, '').toLowerCase())
    .join(':');
}

/** Text, numbers and booleans count as values. */
function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value || null;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}
