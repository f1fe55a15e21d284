// What is signed (RFC 9421 section 2): made of the request as the gateway has understood it, and of nothing else.
import { serializeInnerList, serializeItem } from 'structured-headers';
import type { Exchange } from '#dataplane/http/exchange.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import { dictionaryIn, type MessageSignature, type SignedComponent } from './message-signatures.ts';

/** What a signature was made of, in ASCII, or why there is no such text. */
export type SignatureBase =
  | { readonly kind: 'Base'; readonly text: string }
  | { readonly kind: 'None'; readonly detail: string };

/**
 * The signature base of `signature` over a request (section 2.5). Method, path, query and authority are those that the
 * listener has read and that routes match on, so a path must be signed as it is normalised. Of the parameters of
 * components `name` (of `@query-param`), `key` and `bs` are read; `sf`, `req` and `tr` are refused, and so are components
 * that requests do not have.
 */
export function signatureBase(
  exchange: Pick<Exchange, 'request' | 'client'>,
  { components, input }: Pick<MessageSignature, 'components' | 'input'>,
): SignatureBase {
  const lines: string[] = [];
  for (const component of components) {
    const value = valueOf(exchange, component);
    if (value === null || !/^[\t\x20-\x7e]*$/u.test(value)) {
      const { identifier } = component;
      return { kind: 'None', detail: `covers ${identifier}, which the request does not have in one form` };
    }
    lines.push(`${component.identifier}: ${value}`);
  }
  lines.push(`"@signature-params": ${input}`);
  return { kind: 'Base', text: lines.join('\n') };
}

function valueOf(
  exchange: Pick<Exchange, 'request' | 'client'>,
  { name, parameters }: SignedComponent,
): string | null {
  if (!name.startsWith('@')) return fieldValue(exchange.request.fields, name, parameters);
  if (name === '@query-param') return queryParameter(exchange.request.query, parameters);
  return parameters.size === 0 ? derived(exchange, name) : null;
}

function derived({ request, client }: Pick<Exchange, 'request' | 'client'>, name: string): string | null {
  const { method, path, query } = request;
  const scheme = client.secure ? 'https' : 'http';
  switch (name) {
    case '@method':
      return method;
    case '@scheme':
      return scheme;
    case '@authority':
      return authorityOf(request.authority, scheme);
    case '@path':
      return path;
    case '@query':
      return `?${query ?? ''}`;
    case '@target-uri':
      return `${scheme}://${authorityOf(request.authority, scheme)}${path}${query === null ? '' : `?${query}`}`;
    default:
      // of answers, or dependent on the version of HTTP (`@request-target`)
      return null;
  }
}

/** In lower case, without the port that the scheme has by itself (RFC 9110 section 4.2.3). */
function authorityOf(authority: string, scheme: 'http' | 'https'): string {
  const usual = scheme === 'https' ? ':443' : ':80';
  const lower = authority.toLowerCase();
  return lower.endsWith(usual) ? lower.slice(0, -usual.length) : lower;
}

/** Section 2.1. */
function fieldValue(fields: Fields, name: string, parameters: SignedComponent['parameters']): string | null {
  if (parameters.size > 1) return null;
  const [[parameter, value] = ['', true]] = parameters;
  switch (parameter) {
    case '':
      return linesOf(fields, name)?.join(', ') ?? null;
    case 'bs':
      return value === true ? (linesOf(fields, name)?.map(octetsOf).join(', ') ?? null) : null;
    case 'key':
      return typeof value === 'string' ? memberOf(fields.joined(name) ?? '', value) : null;
    default:
      return null;
  }
}

function linesOf(fields: Fields, name: string): readonly string[] | null {
  const lines: string[] = [];
  for (let line = 0; line < fields.size; line += 1) {
    if (fields.nameAt(line) === name) lines.push(fields.valueAt(line).replaceAll(/^[ \t]+|[ \t]+$/gu, ''));
  }
  return lines.length === 0 ? null : lines;
}

function octetsOf(line: string): string {
  return `:${Buffer.from(line, 'latin1').toString('base64')}:`;
}

/** Section 2.1.2. */
function memberOf(text: string, key: string): string | null {
  const member = dictionaryIn(text)?.get(key);
  if (member === undefined) return null;
  const [value, parameters] = member;
  return Array.isArray(value) ? serializeInnerList([value, parameters]) : serializeItem([value, parameters]);
}

/** Section 2.2.8: of a parameter that is there once. */
function queryParameter(query: string | null, parameters: SignedComponent['parameters']): string | null {
  const name = parameters.get('name');
  if (typeof name !== 'string' || parameters.size !== 1) return null;
  // the sign in front keeps `?` a part of the first name
  const values = [...new URLSearchParams(`&${query ?? ''}`)].filter(([one]) => encoded(one) === name);
  const [[, value] = [], ...more] = values;
  return value === undefined || more.length > 0 ? null : encoded(value);
}

/** The percent-encode set of application/x-www-form-urlencoded (URL standard), with `%20` for blanks. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()~]/gu,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
