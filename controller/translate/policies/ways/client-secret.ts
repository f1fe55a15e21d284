import { Secret } from '#snapshot/secret.ts';
import { decodeBase64, entryOf, entryTitle, whyNoEntry } from '../../data.ts';
import type { Read } from '../../memo.ts';
import { unresolved, type UnresolvedWay, type WayPlace } from './way.ts';

/** The secret by which the gateway says who it is, from a Secret of the policy's namespace. */
export function clientSecret(
  read: Read,
  { policy, field }: WayPlace,
  reference: { readonly name: string; readonly key: string },
): Secret<string> | UnresolvedWay {
  const data = read.get('Secret', policy.namespace, reference.name)?.data;
  const encoded = entryOf(data, reference.key);
  const secret = encoded === null ? null : decodeBase64(encoded);
  if (secret === null || secret.trim() === '') {
    const title = entryTitle('Secret', policy.namespace, reference);
    const wrong = encoded === null ? whyNoEntry(data) : 'is empty or no text; write the secret there';
    const detail = `names ${title}, which ${wrong}`;
    return unresolved({ field, reason: 'ClientSecretNotFound', detail });
  }
  // files end with a line end that is no part of the secret
  return new Secret(secret.replace(/\r?\n$/, ''));
}
