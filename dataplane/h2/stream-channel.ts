import { errorCodes } from './error-code.ts';
import type { EarlyContent } from '#dataplane/http/early-content.ts';
import type { H2Stream, StreamEvents } from './stream.ts';
import type { Channel, ChannelEvents } from '#dataplane/http/channel.ts';

/** One stream of HTTP/2 as a channel (RFC 8441 section 5): DATA both ways, END_STREAM for each side's end. */
export class StreamChannel implements Channel, StreamEvents {
  readonly #stream: H2Stream;
  readonly #early: EarlyContent;
  readonly #closed: () => void;
  #events: ChannelEvents | null = null;
  #paused = false;
  /** The peer sends no more, and that has not been told. */
  #ends: boolean;
  /** Nobody wants what still comes. */
  #closing = false;
  /** The stream is over; told once all that came of it has been. */
  #gone: boolean;
  #told = false;

  /** `early`: what has come already; `ended`: and nothing more will. `closed` is called when the stream is over. */
  constructor(stream: H2Stream, early: EarlyContent, of: { ended: boolean; closed: () => void }) {
    this.#stream = stream;
    this.#early = early;
    this.#ends = of.ended;
    this.#closed = of.closed;
    this.#gone = stream.isClosed;
    stream.isTunnel = true;
    stream.events = this;
  }

  open(events: ChannelEvents): void {
    this.#events = events;
    this.#goOn();
  }

  write(data: Buffer): boolean {
    return this.#stream.data(data);
  }

  end(): void {
    this.#stream.end(null);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#goOn();
  }

  /** What waits goes out first; then whatever still comes is of no use. */
  close(): void {
    const stream = this.#stream;
    this.#discard();
    if (stream.localEnded) stream.reset(errorCodes.noError);
    stream.isTunnel = false;
    stream.end(null);
  }

  reset(): void {
    this.#discard();
    this.#stream.reset(errorCodes.cancel);
  }

  /** What waits for the peer's windows may wait long: it goes with the stream. */
  abort(): void {
    this.reset();
  }

  get unsent(): number {
    return this.#stream.unsent;
  }

  // ---- the stream's side

  streamHead(): void {}

  streamData(data: Buffer): void {
    if (this.#closing) {
      this.#stream.credit(data.length);
      return;
    }
    if (this.#events === null || this.#paused || this.#early.size > 0) {
      this.#early.push(data);
      return;
    }
    this.#events.channelData(data);
    this.#stream.credit(data.length);
  }

  streamEnd(): void {
    this.#ends = !this.#closing;
    this.#goOn();
  }

  streamFlush(): void {}

  streamReady(): void {
    this.#events?.channelReady();
  }

  streamReset(): void {
    this.#early.clear();
    this.#ends = false;
  }

  streamClosed(): void {
    this.#gone = true;
    this.#closed();
    this.#goOn();
  }

  #discard(): void {
    this.#closing = true;
    this.#ends = false;
    const octets = this.#early.size;
    this.#early.clear();
    this.#stream.credit(octets);
    this.#goOn();
  }

  /** Tells what has come early, then what the peer has done since. */
  #goOn(): void {
    const events = this.#events;
    if (events === null || this.#told) return;
    if (!this.#paused && this.#early.size > 0) {
      const data = this.#early.take();
      events.channelData(data);
      this.#stream.credit(data.length);
    }
    if (!this.#paused && this.#ends) {
      this.#ends = false;
      events.channelEnd();
    }
    if (!this.#gone || this.#told || this.#ends || this.#early.size > 0) return;
    this.#told = true;
    events.channelClosed();
  }
}
