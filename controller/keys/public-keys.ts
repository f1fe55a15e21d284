import { KeysError } from './keys-error.ts';
import { isRecord } from '#crds/record.ts';
import { isSecretKey, type JsonWebKey } from '#snapshot/key-set.ts';

/** Reads the list `keys` of a JWK Set, in which no private or symmetric key is left. */
export type ReadKeys = (
  list: readonly unknown[],
) =>
  | { readonly kind: 'Keys'; readonly keys: readonly JsonWebKey[] }
  | { readonly kind: 'Invalid'; readonly detail: string };

/**
 * The usable keys of the JWK Set `text`. A private or symmetric key that somebody publishes by mistake is
 * dropped: it must not get any further, and whoever knows it could sign.
 * @throws {KeysError} `Invalid` when none is left.
 */
export function publicKeysOf(text: string, readKeys: ReadKeys): readonly JsonWebKey[] {
  const read = readKeys(listOf(text).filter((key) => !isRecord(key) || !isSecretKey(key)));
  if (read.kind === 'Invalid') {
    throw new KeysError('Invalid', `the answer ${read.detail}`);
  }
  return read.keys;
}

function listOf(text: string): readonly unknown[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new KeysError('Invalid', 'the answer is no JSON', cause);
  }
  const keys = isRecord(parsed) ? parsed['keys'] : null;
  if (!Array.isArray(keys)) {
    throw new KeysError('Invalid', 'the answer is no JWK Set: it must be an object with the list "keys"');
  }
  return keys;
}
