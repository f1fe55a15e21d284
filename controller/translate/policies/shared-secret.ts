// Secrets that issuers share with the gateway, read. Never says what one holds.
import { sharedOctetsMin, type SharedAlgorithm } from '#snapshot/key-set.ts';
import { Secret } from '#snapshot/secret.ts';
import { decodeOctets } from '../data.ts';

/** A shared secret, base64, or what is wrong with it. */
export type ReadSharedSecret =
  | { readonly kind: 'Secret'; readonly secret: Secret<string> }
  | { readonly kind: 'Invalid'; readonly detail: string };

/**
 * The shared secret that `encoded` (base64, as in a Secret's data) holds. What everybody knows is refused: a public key
 * in its place would let anybody sign.
 */
export function readSharedSecret(encoded: string, alg: SharedAlgorithm): ReadSharedSecret {
  const decoded = decodeOctets(encoded);
  if (decoded === null) {
    return invalid('is no base64');
  }
  const octets = Buffer.from(decoded);
  const text = octets.toString('latin1');
  if (/-----BEGIN|"kty"|^ssh-/.test(text)) {
    return invalid('is a key for an asymmetric algorithm or a JWK; write random octets, or use another type');
  }
  if (/^[\x20-\x7e]+\r?\n$/.test(text)) {
    return invalid('ends with a line feed, which would be part of the secret; write it without');
  }
  if (octets.length < sharedOctetsMin[alg]) {
    const octetsMin = String(sharedOctetsMin[alg]);
    return invalid(`is too short: ${alg} needs ${octetsMin} random octets or more`);
  }
  return { kind: 'Secret', secret: new Secret(octets.toString('base64')) };
}

function invalid(detail: string): ReadSharedSecret {
  return { kind: 'Invalid', detail };
}
