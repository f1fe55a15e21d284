// What ways in have in common of what they find.
import { nobody, type Identity } from '#dataplane/http/exchange.ts';
import type { ClaimToHeader } from '#snapshot/authentication.ts';
import type { Admission, Challenge, Outage, Refusal } from './authenticator.ts';
import { own, scopesIn, type Claims } from './claims.ts';
import { identityLines } from './identity-fields.ts';

/** Of every way in by a bearer token (RFC 6750 section 3). */
export const bearerChallenge: Challenge = { missing: 'Bearer', invalid: 'Bearer error="invalid_token"' };

/** Refused by the way in of this name, as one of many that somebody may try. */
export function badCredential(way: string, detail: string): Refusal {
  return { kind: 'Refusal', detail: `${way}: ${detail}`, isGuess: true };
}

/** What it would be looked up in is not there. */
export function keysUnavailable(detail: string): Outage {
  return { kind: 'Outage', failure: { kind: 'KeysUnavailable', detail } };
}

/** As many as may be are looked at already. */
export const overloaded: Outage = { kind: 'Outage', failure: { kind: 'Overloaded' } };

/** Whoever these claims are about, by the word of whom the way in trusts; `keyId`: `''` where there is only one. */
export function admissionBy(
  method: Identity['method'],
  claims: Claims,
  keyId: string,
  claimsToHeaders: readonly ClaimToHeader[],
): Admission {
  const subject = own(claims, 'sub');
  const identity: Identity = {
    ...nobody,
    method,
    subject: typeof subject === 'string' ? subject : '',
    scopes: scopesIn(claims),
    claims,
    keyId,
  };
  return Object.freeze({
    kind: 'Admission',
    identity: Object.freeze(identity),
    lines: identityLines(claims, claimsToHeaders),
  });
}
