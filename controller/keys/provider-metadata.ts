import type { ProviderMetadata } from '#controller/translate/input.ts';

const urlCharactersMax = 2048;

/** What a configuration tells that logins need; null where it lacks that. Who is asked there is looked at by others. */
export function providerIn(configuration: Readonly<Record<string, unknown>>): ProviderMetadata | null {
  const authorizationEndpoint = urlIn(configuration['authorization_endpoint']);
  const tokenEndpoint = urlIn(configuration['token_endpoint']);
  if (authorizationEndpoint === '' || tokenEndpoint === '') return null;
  return Object.freeze({
    authorizationEndpoint,
    tokenEndpoint,
    userinfoEndpoint: urlIn(configuration['userinfo_endpoint']),
    endSessionEndpoint: urlIn(configuration['end_session_endpoint']),
    tellsIssuer: configuration['authorization_response_iss_parameter_supported'] === true,
  });
}

/** What {@link providerIn} gave and was written down; null for what it cannot have given. */
export function keptProvider(kept: Readonly<Record<string, unknown>>): ProviderMetadata | null {
  return providerIn({
    authorization_endpoint: kept['authorizationEndpoint'],
    token_endpoint: kept['tokenEndpoint'],
    userinfo_endpoint: kept['userinfoEndpoint'],
    end_session_endpoint: kept['endSessionEndpoint'],
    authorization_response_iss_parameter_supported: kept['tellsIssuer'],
  });
}

/** As a URL is spelt, so that nothing in it can end a field; `''` for what is none, or no place on the web. */
function urlIn(value: unknown): string {
  if (typeof value !== 'string' || value.length > urlCharactersMax) return '';
  const url = URL.parse(value);
  const isPlace =
    url !== null && ['https:', 'http:'].includes(url.protocol) && url.username === '' && url.hash === '';
  return isPlace ? url.href : '';
}
