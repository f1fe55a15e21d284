// Signatures of tokens (RFC 7515 section 5.2, RFC 7518 section 3), checked by the key's algorithm.
import { constants, createHmac, timingSafeEqual, verify, type VerifyKeyObjectInput } from 'node:crypto';
import type { VerificationKey } from './keys.ts';

/**
 * Whether `key` made `signature` of the characters `content`; false for whatever is no signature at all. That the token
 * names the key's algorithm is for the caller to see to.
 *
 * Public keys are used in libuv's threads: that costs the event loop a quarter or less of the check itself, which with
 * some algorithms would stop it for half a millisecond (docs/decisions/0023-signatures-of-tokens.md).
 */
export function isSignature(
  key: VerificationKey,
  content: string,
  signature: Buffer,
): boolean | Promise<boolean> {
  switch (key.alg) {
    case 'HS256':
    case 'HS384':
    case 'HS512': {
      const made = createHmac(`sha${key.alg.slice(2)}`, key.key)
        .update(content, 'latin1')
        .digest();
      return made.length === signature.length && timingSafeEqual(made, signature);
    }
    case 'PS256':
    case 'PS384':
    case 'PS512': {
      const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants;
      return isVerified(key, { key: key.key, padding, saltLength }, content, signature);
    }
    case 'RS256':
    case 'RS384':
    case 'RS512':
    case 'EdDSA':
      return isVerified(key, { key: key.key }, content, signature);
    case 'ES256':
    case 'ES384':
    case 'ES512':
      return isVerified(key, { key: key.key, dsaEncoding: 'ieee-p1363' }, content, signature);
    default:
      return key.alg satisfies never;
  }
}

function isVerified(
  { alg }: VerificationKey,
  input: VerifyKeyObjectInput,
  content: string,
  signature: Buffer,
): Promise<boolean> {
  const digest = alg === 'EdDSA' ? null : `sha${alg.slice(2)}`;
  return new Promise((resolve) => {
    // An error says that the signature is of no form that the key can have.
    verify(digest, Buffer.from(content, 'latin1'), input, signature, (error, good) => {
      resolve(error === null && good);
    });
  });
}
