import { KeysError } from './keys-error.ts';
import type { JsonWebKey } from '#snapshot/authentication.ts';

/** Reads the list `keys` of a JWK Set, in which no private or symmetric key is left. */
export type ReadKeys = (
  list: readonly unknown[],
) =>
  | { readonly kind: 'Keys'; readonly keys: readonly JsonWebKey[] }
  | { readonly kind: 'Invalid'; readonly detail: string };

/** Members that only a private (RFC 7518 section 6) or symmetric key has. */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/**
 * The usable keys of the JWK Set `text`. A private or symmetric key that somebody publishes by mistake is
 * dropped: it must not get any further, and whoever knows it could sign.
 * @throws {KeysError} `invalid` when none is left.
 */
export function publicKeysOf(text: string, readKeys: ReadKeys): readonly JsonWebKey[] {
  const read = readKeys(listOf(text).filter((key) => !holdsSecret(key)));
  if (read.kind === 'Invalid') {
    throw new KeysError('invalid', `the answer ${read.detail}`);
  }
  return read.keys;
}

function listOf(text: string): readonly unknown[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new KeysError('invalid', 'the answer is no JSON', cause);
  }
  const keys = typeof parsed === 'object' && parsed !== null && 'keys' in parsed ? parsed.keys : null;
  if (!Array.isArray(keys)) {
    throw new KeysError('invalid', 'the answer is no JWK Set: it must be an object with the list "keys"');
  }
  return keys;
}

function holdsSecret(key: unknown): boolean {
  if (typeof key !== 'object' || key === null) {
    return false;
  }
  return ('kty' in key && key.kty === 'oct') || secretMembers.some((name) => Object.hasOwn(key, name));
}
