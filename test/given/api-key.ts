// API keys, credential sets with their hashes, and ways in that take them.
import { hash } from 'node:crypto';
import type { ApiKeyAuthentication } from '#snapshot/authentication.ts';
import { credentialLine, type Credential, type CredentialSet } from '#snapshot/credential-set.ts';
import { resourceId } from '#snapshot/ids.ts';
import { Secret } from '#snapshot/secret.ts';

/** A key as `turnpike key create` makes them, from a number. */
export function givenKey(number: number): string {
  const random = hash('sha256', String(number), 'hex').slice(0, 32);
  return `tp_${String(number).padStart(8, '0')}_${random}`;
}

/** The credential of `key`, of the consumer acme but for what is given. */
export function credentialOfKey(key: string, given: Partial<Credential> = {}): Credential {
  return {
    sha256: hash('sha256', key, 'base64url'),
    prefix: key.slice(0, 11),
    consumer: 'acme',
    expiresS: 0,
    plan: '',
    groups: [],
    ...given,
  };
}

export const keysId = resourceId('CredentialSet', 'Secret', 'shop', 'keys');

/** The set `id` of namespace shop; of its plans those in `plans` are enforced. */
export function givenCredentials(
  credentials: readonly Credential[],
  id = keysId,
  plans: readonly string[] = [],
): CredentialSet {
  const keys = new Secret(credentials.map((one) => credentialLine(one)).join('\n'));
  return { kind: 'CredentialSet', id, namespace: 'shop', keys, plans };
}

/** Takes keys of one set from `x-api-key`, which backends do not get, but for what is given. */
export function givenApiKeys(given: Partial<ApiKeyAuthentication> = {}): ApiKeyAuthentication {
  return {
    kind: 'APIKey',
    name: 'partners',
    credential: { sources: [{ kind: 'Header', header: 'x-api-key', scheme: '' }], forwarded: false },
    keys: [keysId],
    identityToHeaders: [],
    ...given,
  };
}
