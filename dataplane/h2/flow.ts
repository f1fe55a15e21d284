// Flow control (RFC 9113 sections 5.2 and 6.9). What comes in: windows that are given back when content has gone on.
// What goes out: one batch of frames a turn of the event loop, and streams that wait for a window or the transport.
import type { FrameWriter } from './frame-writer.ts';

/** The initial window of RFC 9113 section 6.9.2. */
export const defaultWindowBytes = 65_535;
/** The greatest window there may be. */
export const windowBytesMax = 0x7fff_ffff;
/** A batch that has grown to this goes out at once. */
const batchBytesMax = 64 * 1024;
/** Control frames that a peer which reads nothing may have us keep for it. */
const unreadBytesMax = 64 * 1024;

/** Octets the peer may send us: on a connection, or on a stream. */
export class ReceiveWindow {
  readonly #size: number;
  #left: number;
  /** Given back, and not announced yet. */
  #returned = 0;

  constructor(size: number) {
    this.#size = size;
    this.#left = size;
  }

  /** What the peer may still send; what it may have sent before it heard of a reset. */
  get left(): number {
    return this.#left + this.#returned;
  }

  /** The peer may send nothing before it hears that octets were given back. */
  get isUsedUp(): boolean {
    return this.#left <= 0;
  }

  /** Octets have come, padding included; false when they are more than was granted. */
  takes(octets: number): boolean {
    this.#left -= octets;
    return this.#left >= 0;
  }

  /** Gives octets back; how many are to be announced now, 0 while it is not worth a frame. */
  give(octets: number): number {
    this.#returned += octets;
    if (this.#returned * 2 < this.#size) return 0;
    const announced = this.#returned;
    this.#returned = 0;
    this.#left += announced;
    return announced;
  }
}

/** A stream as the outflow sees it: it has content that a window or the transport has not taken yet. */
export interface WaitingStream {
  /** Sends one frame of what waits; whether more waits that its own window would take. */
  sendWaiting(): boolean;
}

/** For connections on which none waits, which are most: never added to. */
const nobody = new Set<WaitingStream>();

function flushScheduled(outflow: Outflow): void {
  outflow.flushScheduled();
}

/** What octets leave by. */
export interface Transport {
  /** Takes one batch of frames; false when it is full, until it says otherwise. */
  write(octets: Buffer): boolean;
  /** Whether octets written are still on their way, so that their memory must be left alone. */
  keepsOctets(): boolean;
}

/**
 * What leaves by one connection. Frames go to one batch, written when a read is over or the turn of the event loop
 * is; streams that wait share the connection's window by turns.
 *
 * Hot path: one write for the answers of all streams of a turn.
 */
export class Outflow {
  readonly writer: FrameWriter;
  /** What the peer takes on the connection. */
  window = defaultWindowBytes;
  /** What the peer takes on a new stream. */
  streamWindow = defaultWindowBytes;
  /** The longest frame that the peer takes. */
  frameBytesMax = 16_384;
  /** Streams that have ended in the batch that the transport does not take yet: they are not over for the peer. */
  endedUnsent = 0;

  /** Whether streams are open, so that more is to be expected. */
  isBusy = false;

  readonly #transport: Transport;
  #waiting = nobody;
  #unread = 0;
  #full = false;
  #held = false;
  #scheduled = false;

  constructor(writer: FrameWriter, transport: Transport) {
    this.writer = writer;
    this.#transport = transport;
  }

  /** Whether content may be sent now: the transport takes it, and nobody is before it. */
  get isClear(): boolean {
    return !this.#full && this.#waiting.size === 0;
  }

  /** Whether the transport takes octets. */
  get isOpen(): boolean {
    return !this.#full;
  }

  /** Octets that wait for the transport. */
  get unsent(): number {
    return this.writer.size;
  }

  /** Nothing goes out until {@link release}: more is about to come. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.flush();
  }

  /** A frame has joined the batch. */
  wrote(): void {
    if (this.writer.size >= batchBytesMax) this.flush();
    else if (!this.#held && !this.#scheduled && !this.#full) {
      this.#scheduled = true;
      setImmediate(flushScheduled, this);
    }
  }

  /** A frame without use to a peer that does not read has joined the batch; false when these are too many. */
  wroteControl(octets: number): boolean {
    this.wrote();
    if (!this.#full) return true;
    this.#unread += octets;
    return this.#unread <= unreadBytesMax;
  }

  /** The turn of the event loop is over. */
  flushScheduled(): void {
    this.#scheduled = false;
    this.flush();
  }

  /** Hands the batch over, if the transport takes octets. */
  flush(): void {
    if (this.#full) return;
    const batch = this.writer.take();
    if (batch === null) return;
    this.endedUnsent = 0;
    this.#unread = 0;
    this.#full = !this.#transport.write(batch);
    this.writer.release(this.isBusy && !this.#transport.keepsOctets() ? 'Reuse' : 'Drop');
  }

  /** Nobody has asked for a while: lets go of what is empty. */
  rest(): void {
    if (this.#waiting.size === 0) this.#waiting = nobody;
  }

  /** Nothing goes out any more. */
  stop(): void {
    this.#full = true;
  }

  /** The transport takes octets again. */
  ready(): void {
    this.#full = false;
    this.flush();
    this.pump();
    this.flush();
  }

  /** A stream has something to send that its own window takes. */
  wait(stream: WaitingStream): void {
    if (this.#waiting === nobody) this.#waiting = new Set();
    this.#waiting.add(stream);
  }

  leave(stream: WaitingStream): void {
    this.#waiting.delete(stream);
  }

  /** Sends what waits, a frame of each stream by turns, as far as the connection's window and the transport go. */
  pump(): void {
    while (this.#waiting.size > 0 && this.window > 0 && !this.#full) {
      for (const stream of this.#waiting) {
        this.#waiting.delete(stream);
        if (stream.sendWaiting()) this.#waiting.add(stream);
        break;
      }
    }
  }
}
