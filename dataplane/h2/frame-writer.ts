import { frameBytesMax, frameFlags, frameHeadBytes, frameTypes } from './frame.ts';

/** Octets of a batch's memory at first, and of what may be made ready for the next after a large one. */
const batchBytesMin = 256;
const batchBytesMax = 65_536;
/** Memory that it costs more to make than to keep for a while. */
const reusedBytesMin = 8_192;
/** Dynamic Table Size Update to 0 (RFC 7541 section 6.3). */
const noTable = 0x20;
const noMemory = Buffer.alloc(0);

/**
 * Writes frames one behind the other into a batch, which is handed over whole: one write a turn for all streams.
 * What is given is copied. Knows neither windows nor states of streams: who calls has asked them.
 */
export class FrameWriter {
  #memory: Buffer = noMemory;
  /** That of the batch before. */
  #handedOver: Buffer = noMemory;
  #size = 0;
  #nextBytes = batchBytesMin;
  #saysNoTable = false;
  /** Where the last frame of the batch begins. */
  #lastAt = 0;

  /** Octets in the batch. */
  get size(): number {
    return this.#size;
  }

  /** The batch, which is the caller's from now on; null when it is empty. */
  take(): Buffer | null {
    const size = this.#size;
    if (size === 0) return null;
    const memory = this.#memory;
    this.#handedOver = memory;
    this.#memory = noMemory;
    this.#size = 0;
    this.#nextBytes = Math.min(Math.max(size + (size >> 2), batchBytesMin), batchBytesMax);
    return memory.length === size ? memory : memory.subarray(0, size);
  }

  /** Nobody needs the octets of the batch that was taken last any more: `Reuse` its memory, or `Drop` it. */
  release(memory: 'Reuse' | 'Drop'): void {
    const handedOver = this.#handedOver;
    this.#handedOver = noMemory;
    // a small one is a part of memory that others use, too
    if (memory === 'Reuse' && this.#size === 0 && handedOver.length >= reusedBytesMin)
      this.#memory = handedOver;
  }

  /**
   * To be called when the peer's SETTINGS_HEADER_TABLE_SIZE is below 4,096: the next header block then begins by
   * saying that no table is used, which the peer waits for (RFC 7541 section 4.2; nghttp2 fails without).
   */
  sayNoTable(): void {
    this.#saysNoTable = true;
  }

  /** HEADERS and as many CONTINUATIONs as `block` needs. */
  headers(streamId: number, block: Buffer, end: boolean): void {
    const prefix = this.#saysNoTable ? 1 : 0;
    const first = Math.min(block.length, frameBytesMax - prefix);
    const isWhole = first === block.length;
    const flags = (end ? frameFlags.endStream : 0) | (isWhole ? frameFlags.endHeaders : 0);
    let at = this.#begin(first + prefix, frameTypes.headers, flags, streamId);
    if (prefix === 1) {
      this.#saysNoTable = false;
      at = this.#octet(at, noTable);
    }
    this.#copy(block, 0, first, at);
    if (!isWhole) this.#continuations(streamId, block, first);
  }

  /** One DATA frame for each 16,384 octets; one without octets when there are none. */
  data(streamId: number, payload: Buffer, end: boolean): void {
    this.#reserve(payload.length + frameHeadBytes * (1 + Math.floor(payload.length / frameBytesMax)));
    let from = 0;
    do {
      const to = Math.min(payload.length, from + frameBytesMax);
      const flags = end && to === payload.length ? frameFlags.endStream : 0;
      this.#copy(payload, from, to, this.#begin(to - from, frameTypes.data, flags, streamId));
      from = to;
    } while (from < payload.length);
  }

  /** Lets the last frame end its stream, if that is a DATA frame of this one and still here; whether it was. */
  endWithLast(streamId: number): boolean {
    const memory = this.#memory;
    const at = this.#lastAt;
    if (this.#size === 0 || memory[at + 3] !== frameTypes.data) return false;
    if (memory.readUInt32BE(at + 5) !== streamId) return false;
    memory[at + 4] = (memory[at + 4] ?? 0) | frameFlags.endStream;
    return true;
  }

  /** RST_STREAM. */
  reset(streamId: number, code: number): void {
    this.#number(code, this.#begin(4, frameTypes.resetStream, 0, streamId));
  }

  /** GOAWAY without debug data. */
  goAway(lastStreamId: number, code: number): void {
    const at = this.#begin(8, frameTypes.goAway, 0, 0);
    this.#number(code, this.#number(lastStreamId, at));
  }

  /** SETTINGS; pairs of id (`settingIds`) and value. */
  settings(list: readonly (readonly [id: number, value: number])[]): void {
    let at = this.#begin(list.length * 6, frameTypes.settings, 0, 0);
    for (const [id, value] of list)
      at = this.#number(value, this.#octet(this.#octet(at, id >>> 8), id & 0xff));
  }

  settingsAck(): void {
    this.#begin(0, frameTypes.settings, frameFlags.ack, 0);
  }

  /** PING; `payload` has eight octets. */
  ping(payload: Buffer, ack: boolean): void {
    const at = this.#begin(8, frameTypes.ping, ack ? frameFlags.ack : 0, 0);
    this.#copy(payload, 0, 8, at);
  }

  /** WINDOW_UPDATE; stream 0 is the connection. */
  windowUpdate(streamId: number, by: number): void {
    this.#number(by, this.#begin(4, frameTypes.windowUpdate, 0, streamId));
  }

  /** Octets that are no frame: the client's preface. */
  raw(octets: Buffer): void {
    const at = this.#grow(octets.length);
    this.#copy(octets, 0, octets.length, at);
  }

  #continuations(streamId: number, block: Buffer, start: number): void {
    let from = start;
    while (from < block.length) {
      const to = Math.min(block.length, from + frameBytesMax);
      const flags = to === block.length ? frameFlags.endHeaders : 0;
      this.#copy(block, from, to, this.#begin(to - from, frameTypes.continuation, flags, streamId));
      from = to;
    }
  }

  /** Writes a frame's head and makes room for its payload; where that begins. */
  #begin(length: number, type: number, flags: number, streamId: number): number {
    const at = this.#grow(frameHeadBytes + length);
    this.#lastAt = at;
    const memory = this.#memory;
    memory[at] = length >>> 16;
    memory[at + 1] = length >>> 8;
    memory[at + 2] = length;
    memory[at + 3] = type;
    memory[at + 4] = flags;
    return this.#number(streamId, at + 5);
  }

  /** Takes room for `count` octets; where they begin. */
  #grow(count: number): number {
    const at = this.#size;
    this.#reserve(count);
    this.#size = at + count;
    return at;
  }

  /** Makes room for `count` octets more. */
  #reserve(count: number): void {
    const size = this.#size + count;
    if (size <= this.#memory.length) return;
    const larger = Buffer.allocUnsafe(Math.max(size, this.#memory.length * 2, this.#nextBytes));
    this.#memory.copy(larger, 0, 0, this.#size);
    this.#memory = larger;
  }

  #octet(at: number, value: number): number {
    this.#memory[at] = value;
    return at + 1;
  }

  #number(value: number, at: number): number {
    const memory = this.#memory;
    memory[at] = value >>> 24;
    memory[at + 1] = value >>> 16;
    memory[at + 2] = value >>> 8;
    memory[at + 3] = value;
    return at + 4;
  }

  #copy(from: Buffer, start: number, end: number, at: number): void {
    from.copy(this.#memory, at, start, end);
  }
}
