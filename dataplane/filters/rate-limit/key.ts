import { claimAt } from '#dataplane/filters/authenticate/claims.ts';
import { addressNetwork, type AddressPrefixes } from '#dataplane/http/address.ts';
import { onlyCookie } from '#dataplane/http/cookies.ts';
import type { Exchange } from '#dataplane/http/exchange.ts';
import { Memo } from '#dataplane/http/memo.ts';
import type { OnUnknownKey, RateLimitKey } from '#snapshot/rate-limit.ts';

/** The key of requests whose field or claim is missing; no field value can hold a NUL. */
export const sharedKey = '\u0000';

/** What a key is made of that a request tells by itself. */
export type PlainKey = Exclude<RateLimitKey, { kind: 'Expressions' | 'ClientAddress' | 'PathTemplate' }>;

/** The value by which a request is counted, or null when what it should come from is not there. */
export function keyOf(key: PlainKey, exchange: Exchange): string | null {
  switch (key.kind) {
    case 'Route':
      return exchange.rule?.route ?? null;
    case 'Method':
      return exchange.request.method;
    case 'Header':
      return onlyText(exchange.request.fields.only(key.header), key.onUnknown);
    case 'Cookie':
      return onlyText(onlyCookie(exchange.request.fields, key.cookie), key.onUnknown);
    case 'Consumer':
      return exchange.identity?.consumer || null;
    case 'Claim':
      return exchange.identity === null ? null : textOf(claimAt(exchange.identity.claims, key.claim));
    default:
      return key satisfies never;
  }
}

/** Addresses of which is remembered to whom they belong; then all are forgotten. */
const rememberedMax = 4096;

/**
 * Reads whose address is a client's.
 *
 * Hot path: nothing is allocated for a client that comes again, nor for an IPv4 address that is one client alone.
 */
export function addressReader(prefixes: AddressPrefixes): (exchange: Exchange) => string {
  const networks = new Memo(rememberedMax, (address) => addressNetwork(address, prefixes));
  return ({ client: { address } }) =>
    prefixes.ipv4Prefix === 32 && !address.includes(':') ? address : networks.of(address);
}

/**
 * The one value of the key's field or cookie. With several of them nobody knows which of them the backend goes by, and a client
 * that adds one must not be counted as another: all such requests share one key, however missing ones are treated.
 */
function onlyText(value: string | null | undefined, onUnknown: OnUnknownKey): string | null {
  if (value === undefined) return onUnknown === 'Refuse' ? null : sharedKey;
  return value || null;
}

/** Text, numbers and booleans count as values. */
function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value || null;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}
