import { ChunkedDecoder } from '#dataplane/http/chunked-decoder.ts';
import { chunkedLength, noContent } from '#dataplane/http/framing.ts';
import { HostMemo } from '#dataplane/http/target.ts';
import { decodeRequest } from './request-head.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { HeadScanner } from '#dataplane/http/head-scanner.ts';
import type { ReceivedRequest } from '#dataplane/http/received.ts';

/** Is told, in order: one head, data, and one end; or a failure, after which nothing more comes. */
export interface RequestEvents {
  requestHead(request: ReceivedRequest): void;
  contentData(data: Buffer): void;
  requestEnd(trailers: Fields | null): void;
  requestFailed(failure: Failure): void;
}

type State = 'Head' | 'Length' | 'Chunks' | 'Ended' | 'Failed';

/**
 * Octets in, requests out (RFC 9112): the server's half of HTTP/1.x framing. It knows the grammar and its limits,
 * and no policy. It stops after each head and after each request, so that its user says when to go on.
 */
export class RequestParser {
  readonly #scanner: HeadScanner;
  readonly #requestLineBytesMax: number;
  readonly #events: RequestEvents;
  #state: State = 'Head';
  #remaining = 0;
  #chunks: ChunkedDecoder | null = null;
  /** A head that is not whole yet. */
  #held: Buffer | null = null;
  #mayBeEmptyLine = true;
  readonly #hosts = new HostMemo();

  constructor(scanner: HeadScanner, requestLineBytesMax: number, events: RequestEvents) {
    this.#scanner = scanner;
    this.#requestLineBytesMax = requestLineBytesMax;
    this.#events = events;
  }

  /** True between requests when no octet of the next one has come. */
  get atStart(): boolean {
    return this.#state === 'Head' && this.#held === null;
  }

  get ended(): boolean {
    return this.#state === 'Ended';
  }

  get awaitsHead(): boolean {
    return this.#state === 'Head';
  }

  /** Content that is known to be still outstanding; Infinity when only its chunks tell. */
  get remaining(): number {
    if (this.#state === 'Chunks') return Number.POSITIVE_INFINITY;
    return this.#state === 'Length' ? this.#remaining : 0;
  }

  /** Makes ready for the request after one that has ended. */
  next(): void {
    this.#state = 'Head';
    this.#chunks = null;
    this.#mayBeEmptyLine = true;
  }

  /**
   * Takes octets from `from` on: up to the end of a head, the end of a request, or the end of the octets,
   * whichever is first. Returns how far it came; -1 after a failure.
   */
  parse(bytes: Buffer, from: number): number {
    switch (this.#state) {
      case 'Head':
        return this.#parseHead(bytes, from);
      case 'Length':
        return this.#parseLength(bytes, from);
      case 'Chunks':
        return this.#parseChunks(bytes, from);
      case 'Ended':
        return from;
      case 'Failed':
        return -1;
    }
  }

  #parseHead(bytes: Buffer, from: number): number {
    const held = this.#held;
    const octets = held === null ? bytes : Buffer.concat([held, bytes.subarray(from)]);
    const start = this.#skipEmptyLine(octets, held === null ? from : 0);
    if (start === octets.length) {
      this.#held = null;
      return bytes.length;
    }
    const outcome = this.#scanner.scanHead(octets, start);
    const lineLength = this.#scanner.startLineEnd - start;
    if (outcome === 'Incomplete' && lineLength <= this.#requestLineBytesMax) {
      this.#held = held === null ? Buffer.from(octets.subarray(start)) : octets.subarray(start);
      return bytes.length;
    }
    this.#held = null;
    if (lineLength > this.#requestLineBytesMax) return this.#fail({ kind: 'TargetTooLong' });
    if (outcome === 'TooLong' || outcome === 'TooManyFields') return this.#fail({ kind: 'HeadTooLarge' });
    if (outcome !== 'Complete') return this.#fail({ kind: 'MalformedRequest', detail: this.#scanner.fault });
    const end = held === null ? this.#scanner.end : this.#scanner.end - held.length + from;
    const request = decodeRequest(this.#scanner, this.#scanner.text(octets), lineLength, this.#hosts);
    if ('kind' in request) return this.#fail(request);
    this.#begin(request);
    return end;
  }

  /** One empty line before a request is forgiven (RFC 9112 section 2.2). */
  #skipEmptyLine(octets: Buffer, from: number): number {
    if (!this.#mayBeEmptyLine || octets[from] !== 0x0d || octets[from + 1] !== 0x0a) return from;
    this.#mayBeEmptyLine = false;
    return from + 2;
  }

  #begin(request: ReceivedRequest): void {
    const { length } = request;
    if (length === chunkedLength) {
      this.#state = 'Chunks';
      this.#chunks = new ChunkedDecoder(this.#scanner);
    } else if (length === noContent || length === 0) {
      this.#state = 'Ended';
    } else {
      this.#state = 'Length';
      this.#remaining = length;
    }
    this.#events.requestHead(request);
    if (this.#state === 'Ended') this.#events.requestEnd(null);
  }

  #parseLength(bytes: Buffer, from: number): number {
    const end = Math.min(bytes.length, from + this.#remaining);
    if (end === from) return end;
    this.#remaining -= end - from;
    if (this.#remaining === 0) this.#state = 'Ended';
    this.#events.contentData(from === 0 && end === bytes.length ? bytes : bytes.subarray(from, end));
    if (this.#remaining === 0) this.#events.requestEnd(null);
    return end;
  }

  #parseChunks(bytes: Buffer, from: number): number {
    const chunks = this.#chunks;
    if (chunks === null) return -1;
    const end = chunks.decode(bytes, from, this.#events);
    if (end === -1) return this.#fail({ kind: 'MalformedRequest', detail: chunks.fault });
    if (!chunks.done) return end;
    this.#state = 'Ended';
    this.#events.requestEnd(chunks.trailers);
    return end;
  }

  #fail(failure: Failure): -1 {
    this.#state = 'Failed';
    this.#held = null;
    this.#events.requestFailed(failure);
    return -1;
  }
}
