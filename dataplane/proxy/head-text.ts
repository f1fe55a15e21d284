// Heads as text: the only place where what was parsed becomes octets again. Hop-by-hop fields and framing are
// written from what we know, never from fields, whatever a filter or a peer has put there.
import { chunkedLength, noContent, untilCloseLength } from '#dataplane/http/framing.ts';
import { fieldLines } from '#dataplane/http/field-lines.ts';
import { reasonOf } from './reason.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { ContentLength } from '#dataplane/http/framing.ts';
import type { ForwardedHead } from '#dataplane/http/message.ts';

/** Status lines by status, with their line end. */
const statusLines: readonly string[] = Array.from(
  { length: 600 },
  (_, status) => `HTTP/1.1 ${status} ${reasonOf(status)}\r\n`,
);

/** The head of a request to a backend. `hop` is what Connection, Upgrade and TE lines it needs, with line ends. */
export function requestHeadText(head: ForwardedHead, length: ContentLength, hop: string): string {
  const query = head.query === null ? '' : `?${head.query}`;
  return `${head.method} ${head.path}${query} HTTP/1.1\r\nHost: ${head.authority}\r\n${fieldLines(head.fields)}${
    hop
  }${framingLine(length)}\r\n`;
}

/** The head of an answer to a client. `hop` as for requests; `length` as it is framed to this client. */
export function answerHeadText(
  status: number,
  fields: Fields,
  framing: { length: ContentLength; hop: string },
): string {
  const statusLine = statusLines[status] ?? `HTTP/1.1 ${status} \r\n`;
  return `${statusLine}${fieldLines(fields)}${framing.hop}${framingLine(framing.length)}\r\n`;
}

function framingLine(length: ContentLength): string {
  if (length >= 0) return `Content-Length: ${length}\r\n`;
  switch (length) {
    case chunkedLength:
      return 'Transfer-Encoding: chunked\r\n';
    case noContent:
    case untilCloseLength:
      return '';
    default:
      return '';
  }
}
