import { errorCodes, type H2Fault } from './error-code.ts';
import { frameFlags } from './frame.ts';

/** What a header block may cost before it is whole; both hold for a block and not for a connection. */
export interface AssemblyLimits {
  /** Octets as compressed. */
  readonly blockBytesMax: number;
  /** CONTINUATION frames, empty ones too. */
  readonly continuationsMax: number;
}

const noOctets = Buffer.alloc(0);
const noParts: readonly Buffer[] = [];

/**
 * Puts a header block together from HEADERS and its CONTINUATIONs (RFC 9113 sections 4.3, 6.2, 6.10), which the
 * FrameReader has told in order. A block in one frame, as nearly all are, is not copied. Every fault is one of the
 * connection: a block that is not decoded leaves the two tables of HPACK apart.
 */
export class HeaderAssembler {
  readonly #blockBytesMax: number;
  readonly #continuationsMax: number;

  /** Of the block under way or last assembled: its stream, whether HEADERS ended the stream. */
  streamId = 0;
  endStream = false;
  /** The stream that HEADERS says it depends on; -1 when it says nothing. On itself is a fault of the stream. */
  dependsOn = -1;
  /** The whole block, valid during the frame that ended it; null while more is to come. */
  block: Buffer | null = null;

  #parts: readonly Buffer[] = noParts;
  #bytes = 0;
  #continuations = 0;

  constructor({ blockBytesMax, continuationsMax }: AssemblyLimits) {
    this.#blockBytesMax = blockBytesMax;
    this.#continuationsMax = continuationsMax;
  }

  /** Octets kept of a block that is not whole. */
  get buffered(): number {
    return this.#bytes;
  }

  /** A HEADERS frame. */
  headers(flags: number, streamId: number, payload: Buffer): H2Fault | null {
    this.streamId = streamId;
    this.endStream = (flags & frameFlags.endStream) !== 0;
    this.dependsOn = -1;
    this.block = null;
    let start = 0;
    let end = payload.length;
    if ((flags & frameFlags.padded) !== 0) {
      if (end === 0) return tooShort;
      start = 1;
      end -= payload[0] ?? 0;
    }
    if ((flags & frameFlags.priority) !== 0) {
      if (payload.length < start + 5) return tooShort;
      this.dependsOn = payload.readUInt32BE(start) & 0x7fff_ffff;
      start += 5;
    }
    if (end < start) return badPadding;
    const part = start === 0 && end === payload.length ? payload : payload.subarray(start, end);
    if (part.length > this.#blockBytesMax) return tooLarge;
    if ((flags & frameFlags.endHeaders) === 0) this.#keep(part);
    else this.block = part;
    return null;
  }

  /** A CONTINUATION frame of the block under way. */
  continuation(flags: number, payload: Buffer): H2Fault | null {
    this.#continuations += 1;
    if (this.#continuations > this.#continuationsMax) return tooMany;
    if (this.#bytes + payload.length > this.#blockBytesMax) return tooLarge;
    this.#keep(payload);
    if ((flags & frameFlags.endHeaders) === 0) return null;
    this.block = Buffer.concat(this.#parts, this.#bytes);
    this.#parts = noParts;
    this.#bytes = 0;
    this.#continuations = 0;
    return null;
  }

  #keep(part: Buffer): void {
    if (part.length > 0) this.#parts = [...this.#parts, Buffer.from(part)];
    this.#bytes += part.length;
  }
}

/** The octets of a DATA frame without its padding (RFC 9113 section 6.1); null when there is more padding than frame. */
export function contentOf(flags: number, payload: Buffer): Buffer | null {
  if ((flags & frameFlags.padded) === 0) return payload;
  const padding = payload[0];
  if (padding === undefined || padding >= payload.length) return null;
  return padding === payload.length - 1 ? noOctets : payload.subarray(1, payload.length - padding);
}

const tooShort: H2Fault = { code: errorCodes.frameSizeError, detail: 'HEADERS too short' };
const badPadding: H2Fault = { code: errorCodes.protocolError, detail: 'more padding than frame' };
const tooLarge: H2Fault = { code: errorCodes.enhanceYourCalm, detail: 'header block too large' };
const tooMany: H2Fault = { code: errorCodes.enhanceYourCalm, detail: 'too many CONTINUATIONs' };
