import { chunkedLength, noContent, untilCloseLength } from '#dataplane/http/framing.ts';
import { answerHeadText } from '#dataplane/proxy/head-text.ts';
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
export function framedLength(length: ContentLength, minor: 0 | 1): ContentLength {
  if (length !== chunkedLength && length !== untilCloseLength) return length;
  return minor === 1 ? chunkedLength : untilCloseLength;
}

/** The head as text. `fate` tells what becomes of the connection: `Close`, or kept for a client of that minor version. */
export function answerText(answer: FramedAnswer, fate: 'Close' | 0 | 1): string {
  const { status, fields, length, declaredLength } = answer;
  let hop = '';
  if (fate === 'Close') hop = 'Connection: close\r\n';
  else if (fate === 0) hop = 'Connection: keep-alive\r\n';
  if (length === noContent && declaredLength >= 0 && status !== 204)
    hop += `Content-Length: ${declaredLength}\r\n`;
  return answerHeadText(status, fields, { length, hop });
}
