import { ChunkedDecoder } from '#dataplane/http/chunked-decoder.ts';
import {
  chunkedLength,
  decodeContentLength,
  decodeTransferEncoding,
  listHas,
  noContent,
  untilCloseLength,
} from '#dataplane/http/framing.ts';
import { framingFields } from '#dataplane/http/framing-fields.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { ContentLength } from '#dataplane/http/framing.ts';
import type { FramingFields } from '#dataplane/http/framing-fields.ts';
import type { HeadScanner } from '#dataplane/http/head-scanner.ts';
import type { ReceivedResponse } from '#dataplane/http/received.ts';

/** Is told, in order: any interim heads, one final head, data, one end. */
export interface ResponseParserEvents {
  responseHead(response: ReceivedResponse): void;
  contentData(data: Buffer): void;
  responseEnd(trailers: Fields | null): void;
}

type State = 'Head' | 'Length' | 'Chunks' | 'UntilClose' | 'Ended';

/** A backend that sends more interim answers than this for one request is not sane. */
const interimHeadsMax = 20;

/**
 * Octets in, answers out: the client's half of HTTP/1.x framing (RFC 9112 sections 4, 6 and 7), as strict as the
 * server's. What it refuses leaves the connection unusable.
 */
export class ResponseParser {
  /** What was wrong, after -1 from {@link parse}. */
  fault = '';
  /** Whether any octet of the answer has come. */
  touched = false;

  readonly #scanner: HeadScanner;
  readonly #events: ResponseParserEvents;
  #state: State = 'Ended';
  #method = '';
  #remaining = 0;
  #interimHeads = 0;
  #chunks: ChunkedDecoder | null = null;
  #held: Buffer | null = null;

  constructor(scanner: HeadScanner, events: ResponseParserEvents) {
    this.#scanner = scanner;
    this.#events = events;
  }

  get ended(): boolean {
    return this.#state === 'Ended';
  }

  /** Makes ready for the answer to a request of `method`. */
  expect(method: string): void {
    this.#state = 'Head';
    this.#method = method;
    this.#interimHeads = 0;
    this.#chunks = null;
    this.touched = false;
  }

  /** Takes octets. Returns how far it came: their end, or less when the answer ended before; -1 when malformed. */
  parse(bytes: Buffer): number {
    let at = 0;
    this.touched = true;
    while (at < bytes.length && this.#state !== 'Ended') {
      if (this.#state === 'Head') at = this.#parseHead(bytes, at);
      else if (this.#state === 'Length') at = this.#parseLength(bytes, at);
      else if (this.#state === 'Chunks') at = this.#parseChunks(bytes, at);
      else {
        this.#events.contentData(at === 0 ? bytes : bytes.subarray(at));
        at = bytes.length;
      }
      if (at === -1) return -1;
    }
    return at;
  }

  /** The backend has ended the connection: whether that was the proper end of the answer, which then is told. */
  finish(): boolean {
    if (this.#state !== 'UntilClose') return false;
    this.#state = 'Ended';
    this.#events.responseEnd(null);
    return true;
  }

  #parseHead(bytes: Buffer, from: number): number {
    const held = this.#held;
    const octets = held === null ? bytes : Buffer.concat([held, bytes.subarray(from)]);
    const origin = held === null ? from : 0;
    const outcome = this.#scanner.scanHead(octets, origin);
    if (outcome === 'Incomplete') {
      this.#held = held === null ? Buffer.from(octets.subarray(origin)) : octets;
      return bytes.length;
    }
    this.#held = null;
    if (outcome !== 'Complete')
      return this.#fail(outcome === 'Malformed' ? this.#scanner.fault : 'head too large');
    const end = this.#scanner.end - origin + from - (held?.length ?? 0);
    const text = this.#scanner.text(octets);
    const fields = this.#scanner.fieldsOf(text);
    const statusLine = decodeStatusLine(text, this.#scanner.startLineEnd - origin);
    if (statusLine === -1) return this.#fail('status line');
    return this.#begin(statusLine % 1000, statusLine >= 1000, fields) ? end : -1;
  }

  #begin(status: number, isVersion11: boolean, fields: Fields): boolean {
    const framing = framingFields(this.#scanner, fields);
    const length = this.#contentLength(status, isVersion11, framing);
    if (length === null) return false;
    const persistent = isVersion11 && !listHas(framing.connection, 'close');
    const declaredLength = framing.lengths === 1 ? (decodeContentLength(framing.length) ?? -1) : -1;
    const { connection: connectionOptions, keepAlive, upgrade } = framing;
    if (status < 200 && status !== 101) {
      // HTTP/1.0 knows no interim answers: what follows one would be anybody's guess.
      if (!isVersion11) return this.#fail('an interim answer of HTTP/1.0') !== -1;
      this.#interimHeads += 1;
      if (this.#interimHeads > interimHeadsMax) return this.#fail('too many interim answers') !== -1;
    } else {
      this.#setState(length);
    }
    this.#events.responseHead({
      status,
      fields,
      length,
      declaredLength,
      persistent,
      connectionOptions,
      keepAlive,
      upgrade,
    });
    if (status >= 200 && this.#state === 'Ended') this.#events.responseEnd(null);
    return true;
  }

  #setState(length: ContentLength): void {
    if (length === noContent || length === 0) {
      this.#state = 'Ended';
    } else if (length === chunkedLength) {
      this.#state = 'Chunks';
      this.#chunks = new ChunkedDecoder(this.#scanner);
    } else if (length === untilCloseLength) {
      this.#state = 'UntilClose';
    } else {
      this.#state = 'Length';
      this.#remaining = length;
    }
  }

  /** RFC 9112 section 6.3; null for what it forbids. */
  #contentLength(status: number, isVersion11: boolean, framing: FramingFields): ContentLength | null {
    const { transferEncoding, lengths } = framing;
    if (transferEncoding !== null && lengths > 0)
      return this.#refuse('Content-Length beside Transfer-Encoding');
    if (lengths > 1) return this.#refuse('two Content-Lengths');
    const length = lengths === 1 ? decodeContentLength(framing.length) : noContent;
    if (length === null) return this.#refuse('Content-Length');
    if (this.#method === 'HEAD' || status < 200 || status === 204 || status === 304) return noContent;
    if (transferEncoding === null) return lengths === 1 ? length : untilCloseLength;
    if (!isVersion11) return this.#refuse('Transfer-Encoding in HTTP/1.0');
    return decodeTransferEncoding(transferEncoding) === 'Chunked'
      ? chunkedLength
      : this.#refuse('Transfer-Encoding');
  }

  #parseLength(bytes: Buffer, from: number): number {
    const end = Math.min(bytes.length, from + this.#remaining);
    this.#remaining -= end - from;
    if (this.#remaining === 0) this.#state = 'Ended';
    this.#events.contentData(from === 0 && end === bytes.length ? bytes : bytes.subarray(from, end));
    if (this.#remaining === 0) this.#events.responseEnd(null);
    return end;
  }

  #parseChunks(bytes: Buffer, from: number): number {
    const chunks = this.#chunks;
    if (chunks === null) return -1;
    const end = chunks.decode(bytes, from, this.#events);
    if (end === -1) return this.#fail(chunks.fault);
    if (chunks.done) {
      this.#state = 'Ended';
      this.#events.responseEnd(chunks.trailers);
    }
    return end;
  }

  #refuse(fault: string): null {
    this.fault = fault;
    return null;
  }

  #fail(fault: string): -1 {
    this.fault = fault;
    this.#held = null;
    return -1;
  }
}

/** The status, plus 1000 for HTTP/1.1; -1 for what is no status line (RFC 9112 section 4). */
function decodeStatusLine(text: string, lineLength: number): number {
  const isVersion11 = text.startsWith('HTTP/1.1 ');
  if (!isVersion11 && !text.startsWith('HTTP/1.0 ')) return -1;
  if (lineLength > 12 && text.charCodeAt(12) !== 0x20) return -1;
  const status = lineLength < 12 ? null : threeDigits(text, 9);
  if (status === null || status < 100 || status > 599) return -1;
  return isVersion11 ? status + 1000 : status;
}

function threeDigits(text: string, from: number): number | null {
  let number = 0;
  for (let at = from; at < from + 3; at += 1) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return null;
    number = number * 10 + digit;
  }
  return number;
}
