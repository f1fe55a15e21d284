// The claims of a JSON Web Token (RFC 7519 section 4.1): what must hold, and how one is found by its name.
import type { JwtAuthentication, RequiredClaim } from '#snapshot/authentication.ts';

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
  return problemOfTimes(claims, rule, nowMs) ?? problemOfRequired(claims, rule.requiredClaims);
}

/** When a token with these claims no longer passes `rule`, in milliseconds since 1970, skew included. */
export function endOf(claims: Claims, { clockSkewMs, maxAgeMs }: JwtAuthentication): number {
  const expiry = own(claims, 'exp');
  if (typeof expiry !== 'number') return 0;
  const end = expiry * 1000;
  const issued = own(claims, 'iat');
  const old = maxAgeMs === null ? end : typeof issued === 'number' ? issued * 1000 + maxAgeMs : 0;
  return Math.min(end, old) + clockSkewMs;
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

/** Text as it is, numbers and truth values as JSON spells them; null for all else. */
export function scalarText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? JSON.stringify(value) : null;
}

/** Whether `value` is an object and no array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The member `name` itself, never what the prototype of all objects has under it. */
export function own(object: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Whether `audience` (one or a list) holds one of `wanted`; anything does where nothing is wanted. */
export function audienceFits(audience: unknown, wanted: readonly string[]): boolean {
  if (wanted.length === 0) return true;
  const named: readonly unknown[] = Array.isArray(audience) ? audience : [audience];
  return wanted.some((one) => named.includes(one));
}

function problemOfTimes(claims: Claims, rule: JwtAuthentication, nowMs: number): string | null {
  const { clockSkewMs: skewMs, maxAgeMs } = rule;
  const expiry = own(claims, 'exp');
  if (expiry === undefined) return 'exp is missing';
  if (maxAgeMs !== null && own(claims, 'iat') === undefined) return 'iat is missing';
  for (const name of ['exp', 'nbf', 'iat']) {
    const value = own(claims, name);
    if (value !== undefined && !Number.isFinite(value)) return `${name} is no number`;
  }
  if (endOf(claims, rule) <= nowMs) return isOver(expiry, skewMs, nowMs) ? 'exp is over' : 'iat is too old';
  if (isAhead(own(claims, 'nbf'), skewMs, nowMs)) return 'nbf is still to come';
  if (isAhead(own(claims, 'iat'), skewMs, nowMs)) return 'iat is in the future';
  return null;
}

function isAhead(seconds: unknown, skewMs: number, nowMs: number): boolean {
  return typeof seconds === 'number' && seconds * 1000 - skewMs > nowMs;
}

function isOver(seconds: unknown, skewMs: number, nowMs: number): boolean {
  return typeof seconds === 'number' && seconds * 1000 + skewMs <= nowMs;
}

function problemOfRequired(claims: Claims, required: readonly RequiredClaim[]): string | null {
  for (const { claim, values } of required) {
    const value = claimAt(claims, claim) ?? null;
    if (value === null) return `${claim} is missing`;
    if (values.length > 0 && !holdsOne(value, values)) return `${claim} is none of the values asked for`;
  }
  return null;
}

function holdsOne(value: unknown, values: readonly string[]): boolean {
  const members: readonly unknown[] = Array.isArray(value) ? value : [value];
  return members.some((member) => {
    const text = scalarText(member);
    return text !== null && values.includes(text);
  });
}
