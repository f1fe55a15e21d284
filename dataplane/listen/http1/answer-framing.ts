import { chunkedLength, noContent, untilCloseLength } from '#dataplane/http/framing.ts';
import { answerHeadText } from '#dataplane/proxy/head-text.ts';
import { switchHop } from '#dataplane/proxy/upgrade.ts';
import type { Protocol } from '#dataplane/http/message.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { ContentLength } from '#dataplane/http/framing.ts';

/** The head of an answer as HTTP/1.x frames it. */
export interface FramedAnswer {
  readonly status: number;
  readonly fields: Fields;
  readonly length: ContentLength;
  /** What Content-Length says where there is no content (HEAD, 304), or -1. */
  readonly declaredLength: number;
}

/** HTTP/1.0 knows no chunks, and to HTTP/1.1 an answer without length need not cost the connection. */
export function framedLength(length: ContentLength, protocol: Protocol): ContentLength {
  if (length !== chunkedLength && length !== untilCloseLength) return length;
  return protocol === 'HTTP/1.1' ? chunkedLength : untilCloseLength;
}

/** The head as text. `fate` tells what becomes of the connection: `Close`, or kept for a client of that protocol. */
export function answerText(answer: FramedAnswer, fate: 'Close' | Protocol): string {
  const { status, fields, length, declaredLength } = answer;
  let hop = '';
  if (fate === 'Close') hop = 'Connection: close\r\n';
  else if (fate === 'HTTP/1.0') hop = 'Connection: keep-alive\r\n';
  if (length === noContent && declaredLength >= 0 && status !== 204)
    hop += `Content-Length: ${declaredLength}\r\n`;
  return answerHeadText(status, fields, { length, hop });
}

/** An interim answer (1xx) as text. */
export function interimText(status: number, fields: Fields): string {
  return answerHeadText(status, fields, { length: noContent, hop: '' });
}

/** The head of a 101 to `protocol` as text. */
export function switchText(fields: Fields, protocol: string): string {
  return answerHeadText(101, fields, { length: noContent, hop: switchHop(protocol) });
}
