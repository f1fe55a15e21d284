// The claims of a JSON Web Token (RFC 7519 section 4.1): what must hold, and how one is found by its name.
import type { JwtAuthentication } from '#snapshot/authentication.ts';

/** A JSON object, frozen all through. */
export type Claims = Readonly<Record<string, unknown>>;

/**
 * Why a token with these claims does not pass `rule` at `nowMs` (since 1970), or null when it does. `exp` is required:
 * a token that never ends can never be taken back. `exp`, `nbf` and `iat` are given the rule's skew.
 */
export function problemOfClaims(claims: Claims, rule: JwtAuthentication, nowMs: number): string | null {
  if (own(claims, 'iss') !== rule.issuer) return 'iss is not the issuer asked for';
  if (!audienceFits(own(claims, 'aud'), rule.audiences)) return 'aud holds none of the audiences asked for';
  const subject = own(claims, 'sub');
  if (subject !== undefined && typeof subject !== 'string') return 'sub is no text';
  return problemOfTimes(claims, rule.clockSkewMs, nowMs);
}

/** When a token with these claims ends, in milliseconds since 1970, skew included. */
export function endOf(claims: Claims, skewMs: number): number {
  const expiry = own(claims, 'exp');
  return typeof expiry === 'number' ? expiry * 1000 + skewMs : 0;
}

/** The claim of exactly this name, else what the dots in it lead to through objects; undefined when there is none. */
export function claimAt(claims: Claims, name: string): unknown {
  const whole = own(claims, name);
  if (whole !== undefined) return whole;
  let value: unknown = claims;
  for (const part of name.split('.')) {
    if (!isObject(value)) return undefined;
    value = own(value, part);
  }
  return value;
}

/** What the token allows: the words of `scope` (RFC 8693 section 4.2), or `scp`, as text or list, where issuers put it. */
export function scopesIn(claims: Claims): readonly string[] {
  const told = own(claims, 'scope') ?? own(claims, 'scp');
  if (typeof told === 'string') return Object.freeze(told.split(' ').filter((word) => word !== ''));
  if (!Array.isArray(told)) return noScopes;
  return Object.freeze(told.filter((word) => typeof word === 'string'));
}

const noScopes: readonly string[] = Object.freeze([]);

/** Whether `value` is an object and no array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The member `name` itself, never what the prototype of all objects has under it. */
export function own(object: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function audienceFits(audience: unknown, wanted: readonly string[]): boolean {
  if (wanted.length === 0) return true;
  const named: readonly unknown[] = Array.isArray(audience) ? audience : [audience];
  return wanted.some((one) => named.includes(one));
}

function problemOfTimes(claims: Claims, skewMs: number, nowMs: number): string | null {
  const expiry = own(claims, 'exp');
  if (expiry === undefined) return 'exp is missing';
  for (const name of ['exp', 'nbf', 'iat']) {
    const value = own(claims, name);
    if (value !== undefined && typeof value !== 'number') return `${name} is no number`;
  }
  if (endOf(claims, skewMs) <= nowMs) return 'exp is over';
  if (isAhead(own(claims, 'nbf'), skewMs, nowMs)) return 'nbf is still to come';
  if (isAhead(own(claims, 'iat'), skewMs, nowMs)) return 'iat is in the future';
  return null;
}

function isAhead(seconds: unknown, skewMs: number, nowMs: number): boolean {
  return typeof seconds === 'number' && seconds * 1000 - skewMs > nowMs;
}
