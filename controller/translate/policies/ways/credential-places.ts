import type { CredentialSource as Told } from '#crds/credential-source.ts';
import type { CredentialPlaces, CredentialSource } from '#snapshot/authentication.ts';

/** Where a way in looks for its credential, as its policy tells it. */
export function credentialPlaces({
  sources,
  credential,
}: {
  readonly sources: readonly Told[];
  readonly credential: 'Forward' | 'Remove';
}): CredentialPlaces {
  return { sources: sources.map(sourceOf), forwarded: credential === 'Forward' };
}

function sourceOf(told: Told): CredentialSource {
  switch (told.type) {
    case 'Header': {
      const { name, scheme = '' } = told.header;
      return { kind: 'Header', header: name.toLowerCase(), scheme: scheme.toLowerCase() };
    }
    case 'Cookie':
      return { kind: 'Cookie', cookie: told.cookie.name };
    case 'Query':
      return { kind: 'Query', parameter: told.query.name };
    default:
      return told satisfies never;
  }
}
