// Digests of content (RFC 9530 section 2).
import { hash, timingSafeEqual } from 'node:crypto';
import { dictionaryIn } from './message-signatures.ts';

const digests: ReadonlyMap<string, 'sha256' | 'sha512'> = new Map([
  ['sha-256', 'sha256'],
  ['sha-512', 'sha512'],
]);

/**
 * Why `field`, a Content-Digest, does not tell of `content`; null when it does: by one of SHA-256 and SHA-512, or both.
 * Other algorithms count for nothing.
 */
export function problemOfDigest(field: string, content: Buffer): string | null {
  const told = dictionaryIn(field);
  if (told === null) return 'Content-Digest is no dictionary in its one spelling';
  let isKnown = false;
  for (const [name, [value]] of told) {
    const algorithm = digests.get(name);
    if (algorithm === undefined) continue;
    if (!(value instanceof ArrayBuffer)) return `Content-Digest tells no octets by ${name}`;
    const made = hash(algorithm, content, 'buffer');
    const octets = Buffer.from(value);
    if (octets.length !== made.length || !timingSafeEqual(octets, made)) {
      return `the content is not the one of Content-Digest by ${name}`;
    }
    isKnown = true;
  }
  return isKnown ? null : 'Content-Digest tells neither sha-256 nor sha-512';
}
