import { errorCodes, type H2Fault } from './error-code.ts';
import { clientPreface, frameFlags, frameHeadBytes, frameTypes } from './frame.ts';

/** Who hears of the frames, in order. */
export interface FrameEvents {
  /**
   * One whole frame, whose length, stream and place the reader has checked: what is left to check is its content.
   * Types above CONTINUATION are unknown ones, to be ignored. `payload` is a view of what was read, or the only
   * one of memory of its own: nobody overwrites it who does not overwrite what was read.
   */
  frame(type: number, flags: number, streamId: number, payload: Buffer): void;
}

const noOctets = Buffer.alloc(0);
const preface = Buffer.from(clientPreface, 'latin1');

/** Where a frame of a type may stand. */
const onStream = 1;
const onConnection = 2;

/** By type: stream or connection, PUSH_PROMISE nowhere as we never allow it; how many octets its payload has. */
const places = Uint8Array.of(1, 1, 1, 1, 2, 0, 2, 2, 3, 1);
const lengthsMin = Uint32Array.of(0, 0, 5, 4, 0, 0, 8, 8, 4, 0);
const anyLength = 0xff_ffff;
const lengthsMax = Uint32Array.of(
  anyLength,
  anyLength,
  5,
  4,
  anyLength,
  anyLength,
  8,
  anyLength,
  4,
  anyLength,
);

/**
 * Cuts octets into frames (RFC 9113 section 4) and checks what can be told from a frame's head: length, stream or
 * connection, and that nothing comes between the parts of a header block (section 4.3). Every fault is one of the
 * connection, also PRIORITY of a wrong length: a stream's own error would let a peer have streams reset at will.
 *
 * Hot path: a frame that is whole in what was read is a view of it; only one that two reads share is copied, into
 * memory that grows with what has come, not with what was announced.
 */
export class FrameReader {
  readonly #frameBytesMax: number;
  readonly #events: FrameEvents;
  /** Octets of the preface seen; all of them when none is expected. */
  #prefaceSeen: number;
  /** Stream whose header block goes on; 0 for none. */
  #blockOf = 0;
  #isStopped = false;
  /** The begin of a frame whose end has not come, and how much of it. */
  #part: Buffer | null = null;
  #partBytes = 0;

  /** `begins`: whether the peer is a client, whose preface comes first (RFC 9113 section 3.4). */
  constructor(frameBytesMax: number, events: FrameEvents, begins: 'Preface' | 'Frames' = 'Frames') {
    this.#frameBytesMax = frameBytesMax;
    this.#events = events;
    this.#prefaceSeen = begins === 'Preface' ? 0 : preface.length;
  }

  /** Octets kept of a frame whose end has not come. */
  get buffered(): number {
    return this.#partBytes;
  }

  /** The stream whose header block has begun and not ended; 0 for none. */
  get blockUnderWay(): number {
    return this.#blockOf;
  }

  /** The stream of a DATA frame whose end has not come; 0 for none. */
  get partialDataOf(): number {
    const part = this.#part;
    if (part === null || this.#partBytes <= frameHeadBytes || part[3] !== frameTypes.data) return 0;
    return streamIdAt(part, 5);
  }

  /** Tells no more frames, not even those of the read under way. */
  stop(): void {
    this.#isStopped = true;
    this.#dropPart();
  }

  /** Tells the frames that end in `bytes`. After a fault, and after {@link stop}, nothing is told. */
  read(bytes: Buffer): H2Fault | null {
    if (this.#isStopped) return null;
    let at = 0;
    if (this.#prefaceSeen < preface.length) {
      at = this.#readPreface(bytes);
      if (at === -1) return this.#fault(errorCodes.protocolError, 'no preface');
    }
    if (this.#part !== null) {
      at = this.#readPart(this.#part, bytes, at);
      if (at === -1) return this.#fault(this.#code, this.#detail);
    }
    while (bytes.length - at >= frameHeadBytes) {
      if (this.#isStopped) return null;
      const end = this.#endOf(bytes, at);
      if (end === -1) return this.#fault(this.#code, this.#detail);
      if (end > bytes.length) break;
      this.#tell(bytes, at, end);
      at = end;
    }
    if (at < bytes.length && !this.#isStopped) this.#keep(bytes, at);
    return null;
  }

  /** What {@link #endOf} found wrong. */
  #code = 0;
  #detail = '';

  #readPreface(bytes: Buffer): number {
    const seen = this.#prefaceSeen;
    const count = Math.min(bytes.length, preface.length - seen);
    for (let at = 0; at < count; at += 1) {
      if (bytes[at] !== preface[seen + at]) return -1;
    }
    this.#prefaceSeen = seen + count;
    return count;
  }

  /** Goes on with a frame of which `part` has come; where in `bytes` it ends, or -1 for a fault. */
  #readPart(part: Buffer, bytes: Buffer, from: number): number {
    let at = from;
    let held = part;
    if (this.#partBytes < frameHeadBytes) {
      at = this.#fill(held, bytes, at, frameHeadBytes);
      if (this.#partBytes < frameHeadBytes) return at;
    }
    const end = this.#endOf(held, 0);
    if (end === -1) return -1;
    held = this.#roomFor(held, Math.min(end, this.#partBytes + bytes.length - at), end);
    at = this.#fill(held, bytes, at, end);
    if (this.#partBytes === end) {
      this.#dropPart();
      this.#tell(held, 0, end);
    }
    return at;
  }

  #fill(part: Buffer, bytes: Buffer, from: number, wanted: number): number {
    const count = Math.min(bytes.length - from, wanted - this.#partBytes);
    bytes.copy(part, this.#partBytes, from, from + count);
    this.#partBytes += count;
    return from + count;
  }

  #keep(bytes: Buffer, from: number): void {
    const count = bytes.length - from;
    const part = Buffer.allocUnsafe(Math.max(count, frameHeadBytes));
    bytes.copy(part, 0, from);
    this.#part = part;
    this.#partBytes = count;
  }

  /** `part`, or a larger copy, with room for `needed` octets of a frame of `end`. */
  #roomFor(part: Buffer, needed: number, end: number): Buffer {
    if (part.length >= needed) return part;
    const larger = Buffer.allocUnsafe(Math.min(end, Math.max(needed, part.length * 2)));
    part.copy(larger, 0, 0, this.#partBytes);
    this.#part = larger;
    return larger;
  }

  #dropPart(): void {
    this.#part = null;
    this.#partBytes = 0;
  }

  /** Where the frame ends whose head stands at `at`; -1 when the head is wrong. */
  #endOf(bytes: Buffer, at: number): number {
    const length = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const type = bytes[at + 3] ?? 0;
    const streamId = streamIdAt(bytes, at + 5);
    if (length > this.#frameBytesMax) return this.#wrong(errorCodes.frameSizeError, 'frame too long');
    if (type === frameTypes.continuation || this.#blockOf !== 0) {
      if (type !== frameTypes.continuation || this.#blockOf === 0 || streamId !== this.#blockOf)
        return this.#wrong(errorCodes.protocolError, 'header block out of order');
    }
    if (type <= frameTypes.continuation && !this.#fits(type, bytes[at + 4] ?? 0, streamId, length)) return -1;
    return at + frameHeadBytes + length;
  }

  /** Whether a frame of a known type may stand on this stream and have this length. */
  #fits(type: number, flags: number, streamId: number, length: number): boolean {
    const place = streamId === 0 ? onConnection : onStream;
    if (((places[type] ?? 0) & place) === 0) {
      this.#wrong(errorCodes.protocolError, `frame of type ${type} on stream ${streamId}`);
      return false;
    }
    const fits =
      length >= (lengthsMin[type] ?? 0) &&
      length <= (lengthsMax[type] ?? 0) &&
      (type !== frameTypes.settings || isSettingsLength(length, flags));
    if (!fits) this.#wrong(errorCodes.frameSizeError, `frame of type ${type} with ${length} octets`);
    return fits;
  }

  #tell(bytes: Buffer, at: number, end: number): void {
    const type = bytes[at + 3] ?? 0;
    const flags = bytes[at + 4] ?? 0;
    const streamId = streamIdAt(bytes, at + 5);
    if (type === frameTypes.headers || type === frameTypes.continuation)
      this.#blockOf = (flags & frameFlags.endHeaders) === 0 ? streamId : 0;
    const start = at + frameHeadBytes;
    this.#events.frame(type, flags, streamId, start === end ? noOctets : bytes.subarray(start, end));
  }

  #wrong(code: number, detail: string): -1 {
    this.#code = code;
    this.#detail = detail;
    return -1;
  }

  #fault(code: number, detail: string): H2Fault {
    this.stop();
    return { code, detail };
  }
}

function streamIdAt(bytes: Buffer, at: number): number {
  return (
    (((bytes[at] ?? 0) & 0x7f) << 24) |
    ((bytes[at + 1] ?? 0) << 16) |
    ((bytes[at + 2] ?? 0) << 8) |
    (bytes[at + 3] ?? 0)
  );
}

function isSettingsLength(length: number, flags: number): boolean {
  return (flags & frameFlags.ack) === 0 ? length % 6 === 0 : length === 0;
}
