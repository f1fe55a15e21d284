// Edits of field lines (Gateway API RequestHeaderModifier, ResponseHeaderModifier).
import type { Exchange, RequestFilter } from '#dataplane/http/exchange.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import { trimWhitespace } from '#dataplane/http/framing.ts';
import type { ResponseHead } from '#dataplane/http/message.ts';
import { isToken, valueOctets } from '#dataplane/http/octets.ts';
import type { HeaderEdits } from '#snapshot/filter.ts';

/** Changes the head of an answer. */
export interface ResponseHeadersFilter {
  readonly kind: 'ResponseHeaders';
  apply(exchange: Exchange, head: ResponseHead): void;
}

/** Edits the fields that are forwarded. */
export function requestHeaders(edits: HeaderEdits): RequestFilter {
  return {
    kind: 'RequestHeaders',
    ownFields: [...edits.remove, ...edits.set.map(({ name }) => name)],
    apply(exchange) {
      edit(exchange.forwarded.fields, edits);
      return null;
    },
  };
}

/** Edits the fields of the answer. */
export function responseHeaders(edits: HeaderEdits): ResponseHeadersFilter {
  return {
    kind: 'ResponseHeaders',
    apply(_exchange, head) {
      edit(head.fields, edits);
    },
  };
}

// An added value is a line of its own: `a, b` to every reader of lists (RFC 9110 section 5.3), and right for
// Set-Cookie too, which is no list.
function edit(fields: Fields, { remove, set, add }: HeaderEdits): void {
  for (const name of remove) fields.remove(name);
  for (const { name, value } of set) fields.set(name, value);
  for (const { name, value } of add) fields.append(name, value);
}

/**
 * Fields that belong to the connection, to framing or to the request's target: the engine alone writes them, so a
 * route cannot (RFC 9110 section 7.6.1, RFC 9112 section 6). Host is changed by a rewrite.
 */
const engineFields: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Why these edits cannot be made: a name that is no lower-case token, one that is the engine's own, or a value that
 * would not be one field value on the wire. Null when they can.
 */
export function problemOfEdits(edits: HeaderEdits): string | null {
  for (const name of edits.remove) {
    if (!isFieldName(name)) return `${JSON.stringify(name)} is not a field name`;
  }
  for (const { name, value } of [...edits.set, ...edits.add]) {
    if (!isFieldName(name)) return `${JSON.stringify(name)} is not a field name`;
    if (engineFields.has(name)) return `the field ${name} cannot be set by a route`;
    if (!isFieldValue(value)) return `the value for ${name} is not a field value`;
  }
  return null;
}

function isFieldName(name: string): boolean {
  return isToken(name) && name === name.toLowerCase();
}

/** Whether `text` goes over the wire as one field value and arrives the same: octets only, no controls, no blanks around it. */
export function isFieldValue(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const octet = text.charCodeAt(at);
    if (octet > 0xff || valueOctets[octet] === 0) return false;
  }
  return trimWhitespace(text) === text;
}
