// Where requests carry credentials: read from the request as it came, removed from what is forwarded.
import { removeFields } from '#dataplane/http/aliases.ts';
import { onlyCookie, removeCookie } from '#dataplane/http/cookies.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { ForwardedHead, RequestHead } from '#dataplane/http/message.ts';
import type { CredentialPlaces, CredentialSource } from '#snapshot/authentication.ts';

/**
 * The credential of the first of `sources` that has one; null where none has, undefined where one has several, of
 * which nobody knows which the backend would go by.
 */
export function credentialIn(
  sources: readonly CredentialSource[],
  request: RequestHead,
): string | null | undefined {
  for (const source of sources) {
    const found = readCredential(source, request);
    if (found !== null) return found;
  }
  return null;
}

/** The places of which backends get nothing: cookies and queries always, for what is in them ends up in logs. */
export function removedSources({ sources, forwarded }: CredentialPlaces): readonly CredentialSource[] {
  return sources.filter(({ kind }) => kind !== 'Header' || !forwarded);
}

/** Takes what `sources` may hold out of what is forwarded. */
export function removeCredentials(sources: readonly CredentialSource[], forwarded: ForwardedHead): void {
  for (const source of sources) {
    switch (source.kind) {
      case 'Header':
        removeFields(forwarded.fields, [source.header]);
        break;
      case 'Cookie':
        removeCookie(forwarded.fields, source.cookie);
        break;
      case 'Query':
        forwarded.query = withoutParameter(forwarded.query, source.parameter);
        break;
      default:
        source satisfies never;
    }
  }
}

function readCredential(source: CredentialSource, { fields, query }: RequestHead): string | null | undefined {
  switch (source.kind) {
    case 'Header':
      return inHeader(fields, source.header, source.scheme);
    case 'Cookie':
      return onlyCookie(fields, source.cookie);
    case 'Query':
      return inQuery(query, source.parameter);
    default:
      return source satisfies never;
  }
}

function inHeader(fields: Fields, header: string, scheme: string): string | null | undefined {
  const value = fields.only(header);
  if (value === null || value === undefined || scheme === '') return value;
  return behindScheme(value, scheme);
}

/** Null for another scheme (RFC 9110 section 11.4: of any case, and one space or more behind it). */
function behindScheme(value: string, scheme: string): string | null {
  if (value.length > scheme.length && value.charCodeAt(scheme.length) !== space) return null;
  if (value.slice(0, scheme.length).toLowerCase() !== scheme) return null;
  let at = scheme.length;
  while (value.charCodeAt(at) === space) at += 1;
  return value.slice(at);
}

const space = 0x20;

function inQuery(query: string | null, parameter: string): string | null | undefined {
  if (query === null) return null;
  const values = new URLSearchParams(query).getAll(parameter);
  return values.length > 1 ? undefined : (values[0] ?? null);
}

/** `query` without the parameters that are read under this name; the others stay as they were spelt. */
function withoutParameter(query: string | null, parameter: string): string | null {
  if (query === null) return null;
  const kept = query.split('&').filter((pair) => !new URLSearchParams(pair).has(parameter));
  return kept.length === 0 ? null : kept.join('&');
}
