// A token as text, before anything in it is believed.
import { isUtf8 } from 'node:buffer';
import { isObject, own, type Claims } from './claims.ts';

/** Longest token that is looked at, in characters. */
const tokenCharactersMax = 8192;

/** Longest `kid` that is looked for. */
const kidCharactersMax = 256;

/** A JWS in compact form (RFC 7515 section 3.1) that is well formed. Nothing of it is verified. */
export interface UnverifiedToken {
  readonly text: string;
  readonly alg: string;
  readonly kid: string | null;
  readonly claims: Claims;
}

/** A well-formed token, or what is wrong with the text. */
export type ParsedToken =
  | { readonly ok: true; readonly token: UnverifiedToken }
  | { readonly ok: false; readonly problem: string };

/**
 * The parts of `text`. Length and alphabet are checked before all else, and each part must be the one way to write its
 * octets: so a token has one spelling, and what is remembered by spelling cannot be dodged. Members that would make
 * the token say how it is to be checked are refused (`crit`, `b64`) or never looked at (`jwk`, `jku`, `x5c`, `x5u`).
 */
export function parseToken(text: string): ParsedToken {
  if (text.length > tokenCharactersMax) return problem('longer than is looked at');
  if (!/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/u.test(text))
    return problem('no signed token in compact form');
  const [headerText = '', claimsText = '', signature = ''] = text.split('.');
  if (decodeBase64(signature) === null) return problem('a part has another spelling');
  const header = decodeObject(headerText);
  if (header === null) return problem('its header is no JSON object');
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64'))
    return problem('its header asks for extensions');
  const alg = own(header, 'alg');
  if (typeof alg !== 'string') return problem('its header names no algorithm');
  const kid = own(header, 'kid');
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > kidCharactersMax))
    return problem('its kid is no name');
  const claims = decodeObject(claimsText);
  if (claims === null) return problem('its claims are no JSON object');
  return { ok: true, token: { text, alg, kid: kid ?? null, claims } };
}

function problem(text: string): ParsedToken {
  return { ok: false, problem: text };
}

function decodeObject(part: string): Claims | null {
  const octets = decodeBase64(part);
  if (octets === null || !isUtf8(octets)) return null;
  try {
    const value: unknown = JSON.parse(octets.toString('utf8'));
    return isObject(value) ? deepFreeze(value) : null;
  } catch {
    return null;
  }
}

function decodeBase64(part: string): Buffer | null {
  const octets = Buffer.from(part, 'base64url');
  return octets.toString('base64url') === part ? octets : null;
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const member of Object.values(value)) deepFreeze(member);
  return Object.freeze(value);
}
