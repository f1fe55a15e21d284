// Where requests carry credentials: read from the request as it came, removed from what is forwarded.
import { removeAliases, removeField } from '#dataplane/http/aliases.ts';
import { onlyCookie, removeCookie } from '#dataplane/http/cookies.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import { nameOctets } from '#dataplane/http/octets.ts';
import type { ForwardedHead, RequestHead } from '#dataplane/http/message.ts';
import type { CredentialPlaces, CredentialSource } from '#snapshot/authentication.ts';
import { inQuery, withoutParameter } from './query.ts';

/**
 * The credential of the first of `sources` that has one; null where none has, undefined where one has several, of
 * which nobody knows which the backend would go by.
 */
export function credentialIn(
  sources: readonly CredentialSource[],
  request: Pick<RequestHead, 'fields' | 'query'>,
): string | null | undefined {
  for (const source of sources) {
    const found = readCredential(source, request);
    if (found !== null) return found;
  }
  return null;
}

/** All places that `ways` look at, each once. */
export function placesOf(ways: readonly CredentialPlaces[]): readonly CredentialSource[] {
  const places = new Map<string, CredentialSource>();
  for (const source of ways.flatMap(({ sources }) => sources)) places.set(nameOf(source), source);
  return [...places.values()];
}

/** The field that goes on to the backend of a request that was let in by what stands in one of these places; null for none. */
export function forwardedField(
  { sources, forwarded }: CredentialPlaces,
  request: RequestHead,
): string | null {
  if (!forwarded) return null;
  const [first, ...more] = sources;
  const read = more.length === 0 ? first : sources.find((source) => readCredential(source, request) !== null);
  return read?.kind === 'Header' ? read.header : null;
}

/** Names the place where the request carries what `sources` are read for; null for none. */
export function placeRead({ sources }: CredentialPlaces, request: RequestHead): string | null {
  const read = sources.find((source) => readCredential(source, request) !== null);
  return read === undefined ? null : nameOf(read);
}

/** Takes what stands in `places` out of what is forwarded, all but the field `kept`. */
export function removeCredentials(
  places: readonly CredentialSource[],
  forwarded: ForwardedHead,
  kept: string | null,
): void {
  for (const place of places) {
    switch (place.kind) {
      case 'Header':
        if (place.header === kept) removeAliases(forwarded.fields, place.header);
        else removeField(forwarded.fields, place.header);
        break;
      case 'Cookie':
        removeCookie(forwarded.fields, place.cookie);
        break;
      case 'Query':
        forwarded.query = withoutParameter(forwarded.query, place.parameter);
        break;
      default:
        place satisfies never;
    }
  }
}

function nameOf(source: CredentialSource): string {
  switch (source.kind) {
    case 'Header':
      return `header ${source.header}`;
    case 'Cookie':
      return `cookie ${source.cookie}`;
    case 'Query':
      return `parameter ${source.parameter}`;
    default:
      return source satisfies never;
  }
}

function readCredential(
  source: CredentialSource,
  { fields, query }: Pick<RequestHead, 'fields' | 'query'>,
): string | null | undefined {
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

/**
 * Null for another scheme (RFC 9110 section 11.4: of any case, and one space or more behind it). What else ends the
 * scheme, as a tab, is part of the credential, which is then none: some backends would read what is behind it.
 */
function behindScheme(value: string, scheme: string): string | null {
  if (value.length > scheme.length && nameOctets[value.charCodeAt(scheme.length)] !== 0) return null;
  if (value.slice(0, scheme.length).toLowerCase() !== scheme) return null;
  let at = scheme.length;
  while (value.charCodeAt(at) === space) at += 1;
  return value.slice(at);
}

const space = 0x20;
