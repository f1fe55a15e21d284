// Edits of field lines (Gateway API RequestHeaderModifier, ResponseHeaderModifier).
import type { Exchange, RequestFilter } from '#dataplane/http/exchange.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import { trimWhitespace } from '#dataplane/http/framing.ts';
import type { ResponseHead } from '#dataplane/http/message.ts';
import { isValueText } from '#dataplane/http/octets.ts';
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

/** Whether `text` goes over the wire as one field value and arrives the same: octets only, no controls, no blanks around it. */
export function isFieldValue(text: string): boolean {
  return isValueText(text) && trimWhitespace(text) === text;
}
