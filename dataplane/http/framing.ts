// How the content of a message is delimited (RFC 9112 section 6), for both sides and both directions.

/**
 * The length of a message's content: octets where it is known, {@link chunkedLength} where chunks tell,
 * {@link untilCloseLength} where the end of the connection tells. 0 and "none" are the same on the wire that
 * is written, except that a request without content has no Content-Length: that is {@link noContent}.
 */
export type ContentLength = number;

export const noContent = -1;
export const chunkedLength = -2;
export const untilCloseLength = -3;

/** Digits only, and few enough to be exact (RFC 9110 section 8.6); null for all else. */
export function decodeContentLength(value: string): number | null {
  const digits = value.length;
  if (digits === 0 || digits > 15) return null;
  let length = 0;
  for (let at = 0; at < digits; at += 1) {
    const digit = value.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return null;
    length = length * 10 + digit;
  }
  return length;
}

/** What a Transfer-Encoding value (all lines joined) comes to; only `chunked`, once, is understood. */
export function decodeTransferEncoding(value: string): 'Chunked' | 'Unknown' | 'Malformed' {
  if (value === 'chunked') return 'Chunked';
  const codings = value.split(',').map((coding) => trimWhitespace(coding).toLowerCase());
  if (codings.some((coding) => !/^[!#$%&'*+\-.^_`|~0-9a-z]+$/u.test(coding))) return 'Malformed';
  if (codings.some((coding) => coding !== 'chunked')) return 'Unknown';
  return codings.length === 1 ? 'Chunked' : 'Malformed';
}

/** Whether `token` (lower case) is one of the comma-separated tokens of `list`, in any case. */
export function listHas(list: string, token: string): boolean {
  if (list.length === token.length) return list === token || list.toLowerCase() === token;
  if (list.length < token.length) return false;
  if (!list.includes(',')) return trimWhitespace(list).toLowerCase() === token;
  return list.split(',').some((member) => trimWhitespace(member).toLowerCase() === token);
}

/** Without the optional whitespace around it: SP and HTAB, and nothing else that trim() would take. */
export function trimWhitespace(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return from === 0 && to === text.length ? text : text.slice(from, to);
}

function isBlank(octet: number): boolean {
  return octet === 0x20 || octet === 0x09;
}
