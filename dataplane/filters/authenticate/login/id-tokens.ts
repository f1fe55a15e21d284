// ID tokens: signed by a key of the provider, whatever way they came.
import type { ResourceId } from '#snapshot/ids.ts';
import type { Claims } from '../claims.ts';
import { candidateKeys, lacksKid, type ReadyKeySet } from '../keys.ts';
import { isSignature } from '../signature.ts';
import { parseToken, type UnverifiedToken } from '../token.ts';

/** `Unknown`: the key may be one that the provider has only just begun to use, or there are none yet. */
export type VerifiedIdToken =
  | { readonly kind: 'Signed'; readonly claims: Claims }
  | { readonly kind: 'Forged'; readonly detail: string }
  | { readonly kind: 'Unknown'; readonly detail: string };

/** Asks whether a key of one set made a token. What its claims are worth is for others. */
export class IdTokens {
  readonly #keySet: ReadyKeySet | null;
  readonly #onMissingKey: (keySet: ResourceId, kid: string) => void;

  /** Null: the keys are not in the snapshot. */
  constructor(keySet: ReadyKeySet | null, onMissingKey: (keySet: ResourceId, kid: string) => void) {
    this.#keySet = keySet;
    this.#onMissingKey = onMissingKey;
  }

  async verify(text: string): Promise<VerifiedIdToken> {
    const parsed = parseToken(text);
    if (!parsed.ok) return forged(`ID token: ${parsed.problem}`);
    const { token } = parsed;
    const keySet = this.#keySet;
    if (keySet === null || keySet.keys === null)
      return { kind: 'Unknown', detail: 'no keys of the provider yet' };
    for (const key of candidateKeys(keySet.keys, token)) {
      if (await isSignature(key, token.content, token.signature)) {
        return { kind: 'Signed', claims: token.claims };
      }
    }
    if (this.#mayComeYet(keySet, token)) return { kind: 'Unknown', detail: 'the ID token names a new key' };
    return forged('no key of the provider made the signature of the ID token');
  }

  #mayComeYet(keySet: ReadyKeySet, token: UnverifiedToken): boolean {
    if (!keySet.refreshable || token.kid === null || !lacksKid(keySet.keys ?? [], token)) return false;
    this.#onMissingKey(keySet.id, token.kid);
    return true;
  }
}

function forged(detail: string): VerifiedIdToken {
  return { kind: 'Forged', detail };
}
