// A token as text, before anything in it is believed.
import { isUtf8 } from 'node:buffer';
import { isObject, own, type Claims } from './claims.ts';

/** Longest token that is looked at, in characters. */
const tokenCharactersMax = 8192;

/** How deep objects and lists may be nested in a token. */
const depthMax = 32;

/** Longest `kid` that is looked for. */
const kidCharactersMax = 256;

/** A JWS in compact form (RFC 7515 section 3.1) that is well formed. Nothing of it is verified. */
export interface UnverifiedToken {
  readonly text: string;
  readonly alg: string;
  readonly kid: string | null;
  readonly claims: Claims;
  readonly signature: Buffer;
  /** What is signed: header and claims as they are spelt. */
  readonly content: string;
}

/** A well-formed token, or what is wrong with the text. */
export type ParsedToken =
  | { readonly ok: true; readonly token: UnverifiedToken }
  | { readonly ok: false; readonly problem: string };

/**
 * The parts of `text`. Length and alphabet are checked before all else, and each part must be the one way to write its
 * octets: so a token has one spelling, and what is remembered by spelling cannot be dodged. No object may have a member
 * twice (RFC 7515 section 4 leaves open which one counts, and a backend may have chosen otherwise). Members that would make
 * the token say how it is to be checked are refused (`crit`, `b64`) or never looked at (`jwk`, `jku`, `x5c`, `x5u`).
 */
export function parseToken(text: string): ParsedToken {
  if (text.length > tokenCharactersMax) return problem('longer than is looked at');
  if (!/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/u.test(text))
    return problem('no signed token in compact form');
  const [headerText = '', claimsText = '', signatureText = ''] = text.split('.');
  const signature = decodeBase64(signatureText);
  if (signature === null) return problem('a part has another spelling');
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
  const content = text.slice(0, text.length - signatureText.length - 1);
  return { ok: true, token: { text, alg, kid: kid ?? null, claims, signature, content } };
}

function problem(text: string): ParsedToken {
  return { ok: false, problem: text };
}

function decodeObject(part: string): Claims | null {
  const octets = decodeBase64(part);
  if (octets === null || !isUtf8(octets)) return null;
  const text = octets.toString('utf8');
  const { members, depth } = measured(text);
  if (depth > depthMax) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) && frozenMembers(value) === members ? value : null;
  } catch {
    return null;
  }
}

/** How many members objects are given in `text`, and how deep they are; of JSON, for what else it is JSON.parse says. */
function measured(text: string): { readonly members: number; readonly depth: number } {
  let members = 0;
  let open = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charAt(at)) {
      case '"':
        at = endOfString(text, at);
        break;
      case ':':
        members += 1;
        break;
      case '{':
      case '[':
        open += 1;
        depth = Math.max(depth, open);
        break;
      case '}':
      case ']':
        open -= 1;
        break;
      default:
    }
  }
  return { members, depth };
}

/** Where the string that begins at `start` has its last quote. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}

function decodeBase64(part: string): Buffer | null {
  const octets = Buffer.from(part, 'base64url');
  return octets.toString('base64url') === part ? octets : null;
}

/** Freezes `value` all through, and counts the members of its objects: of those that were written twice, one. */
function frozenMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inside: readonly unknown[] = Object.values(value);
  let members = Array.isArray(value) ? 0 : inside.length;
  for (const member of inside) members += frozenMembers(member);
  Object.freeze(value);
  return members;
}
