import { ReceiveWindow, windowBytesMax } from './flow.ts';
import type { Outflow, WaitingStream } from './flow.ts';
import type { ResponseBlock } from './header-block.ts';
import type { Fields } from '#dataplane/http/fields.ts';

/** Is told what comes on one stream: heads, data, one end, or a reset; and when it is over. */
export interface StreamEvents {
  /** Client role: the head of an answer, interim ones included. `ended`: the answer is whole. */
  streamHead(head: ResponseBlock, ended: boolean): void;
  /** Content, a view of what was given to `Session.receive`. Whoever has taken it gives it back by {@link H2Stream.credit}. */
  streamData(data: Buffer): void;
  streamEnd(trailers: Fields | null): void;
  /** All that this read brought has been told. */
  streamFlush(): void;
  /** Data is taken again. */
  streamReady(): void;
  /**
   * The stream is gone: reset by the peer or for its fault, or with its connection. `actedOn` false: the peer has
   * not looked at it (REFUSED_STREAM, or above the last stream of its GOAWAY), so that it may be sent again.
   */
  streamReset(code: number, actedOn: boolean): void;
  /** It is over, whoever ended it; the last that is told. */
  streamClosed(): void;
}

/** What a stream needs of the session it belongs to. */
export interface StreamOwner {
  readonly outflow: Outflow;
  /** Content was taken: the connection's window gets it back. */
  returned(octets: number): void;
  /** A head, or content, has been written. */
  sent(): void;
  /** Our side is whole. */
  localEnded(stream: H2Stream): void;
  /** We give the stream up. */
  abandoned(stream: H2Stream, code: number): void;
}

/** The least room that is made for content which waits. */
const keptBytesMin = 1024;

/**
 * One stream of an HTTP/2 connection (RFC 9113 section 5). Ends when both sides have ended, or by a reset; what is
 * asked of it after that does nothing.
 */
export class H2Stream implements WaitingStream {
  readonly id: number;
  /** Who hears of it; null until the host has said so. */
  events: StreamEvents | null = null;
  /** What the peer has ended. */
  remoteEnded = false;
  /** Each side ends on its own, as tunnels do: our end does not make the peer's of no use. */
  isTunnel = false;
  /** A head that is not an interim one has come. */
  hasHead = false;
  /** Data of the read under way was told. */
  touched = false;
  /** What the peer takes on this stream; negative when it has made its windows smaller. */
  sendWindow: number;

  readonly #owner: StreamOwner;
  readonly #incoming: ReceiveWindow;
  /** Told, and not credited yet. */
  #owed = 0;
  #kept: Buffer = nothing;
  #keptFrom = 0;
  #keptTo = 0;
  #ending = false;
  #trailers: Buffer | null = null;
  #localEnded = false;
  #closed = false;

  constructor(id: number, owner: StreamOwner, windowBytes: number) {
    this.id = id;
    this.#owner = owner;
    this.#incoming = new ReceiveWindow(windowBytes);
    this.sendWindow = owner.outflow.streamWindow;
  }

  /** Content that waits for a window or the transport. */
  get unsent(): number {
    return this.#keptTo - this.#keptFrom;
  }

  get localEnded(): boolean {
    return this.#localEnded;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Octets the peer may have sent before it hears of a reset. */
  get mayCome(): number {
    return this.#incoming.left;
  }

  /** Sends a head: any number of interim ones, then one. `block` is an encoder's; `ended`: nothing follows. */
  head(block: Buffer, ended: boolean): void {
    if (this.#closed || this.#ending) return;
    const { outflow } = this.#owner;
    outflow.writer.headers(this.id, block, ended);
    this.#owner.sent();
    outflow.wrote();
    if (!ended) return;
    this.#ending = true;
    this.#end();
  }

  /** Content; copied. False when some of it waits: more should wait for `streamReady`. */
  data(data: Buffer): boolean {
    if (this.#closed || this.#ending) return true;
    let sent = 0;
    if (this.unsent === 0 && this.#owner.outflow.isClear) {
      while (sent < data.length) {
        const octets = this.#sendFrame(sent === 0 ? data : data.subarray(sent), false);
        if (octets === 0) break;
        sent += octets;
      }
    }
    if (sent < data.length) this.#keep(sent === 0 ? data : data.subarray(sent));
    return this.unsent === 0;
  }

  /** Our side is whole, with these trailers (an encoder's block) if there are some. */
  end(trailers: Buffer | null): void {
    if (this.#closed || this.#ending) return;
    this.#ending = true;
    this.#trailers = trailers;
    if (this.unsent === 0) this.#writeEnd();
  }

  /** Gives `octets` of content back to both windows: they have gone on, or are thrown away. */
  credit(octets: number): void {
    if (this.#closed) return;
    const given = Math.min(octets, this.#owed);
    this.#owed -= given;
    this.#owner.returned(given);
    const announced = this.#incoming.give(given);
    if (announced === 0 || this.remoteEnded) return;
    const { outflow } = this.#owner;
    outflow.writer.windowUpdate(this.id, announced);
    outflow.wrote();
  }

  /** Gives the stream up (RST_STREAM). */
  reset(code: number): void {
    if (!this.#closed) this.#owner.abandoned(this, code);
  }

  // ---- the session's side

  /** Content of `octets` with its padding has come; false when the window did not allow it. */
  takes(octets: number): boolean {
    if (!this.#incoming.takes(octets)) return false;
    this.#owed += octets;
    return true;
  }

  /** The peer takes more, or, after its SETTINGS, less; false when that is more than a window can be. */
  widen(octets: number): boolean {
    this.sendWindow += octets;
    if (this.sendWindow > windowBytesMax) return false;
    if (this.sendWindow > 0 && this.unsent > 0) this.#owner.outflow.wait(this);
    return true;
  }

  sendWaiting(): boolean {
    const waiting = this.#kept.subarray(this.#keptFrom, this.#keptTo);
    this.#keptFrom += this.#sendFrame(waiting, this.#ending && this.#trailers === null);
    if (this.unsent > 0) return this.sendWindow > 0;
    this.#kept = nothing;
    this.#keptFrom = 0;
    this.#keptTo = 0;
    if (!this.#ending) this.events?.streamReady();
    else if (this.#trailers === null) this.#end();
    else this.#writeEnd();
    return false;
  }

  /** It is over: what waits is dropped. How much the connection's window still misses of what came. */
  close(): number {
    this.#closed = true;
    this.#owner.outflow.leave(this);
    this.#kept = nothing;
    this.#keptFrom = 0;
    this.#keptTo = 0;
    const owed = this.#owed;
    this.#owed = 0;
    return owed;
  }

  /** Sends as much of `data` as one frame and the windows take; how much that was. `last`: ends our side with it. */
  #sendFrame(data: Buffer, last: boolean): number {
    const { outflow } = this.#owner;
    if (!outflow.isOpen) return 0;
    const octets = Math.min(data.length, this.sendWindow, outflow.window, outflow.frameBytesMax);
    if (octets <= 0) return 0;
    const isWhole = octets === data.length;
    outflow.writer.data(this.id, isWhole ? data : data.subarray(0, octets), last && isWhole);
    this.sendWindow -= octets;
    outflow.window -= octets;
    this.#owner.sent();
    outflow.wrote();
    return octets;
  }

  #keep(data: Buffer): void {
    const { unsent } = this;
    if (this.#kept.length - this.#keptTo < data.length) {
      // nearly always one piece comes, and no more until it has gone
      const bytes = unsent === 0 ? data.length : (unsent + data.length) * 2;
      const room = Buffer.allocUnsafe(Math.max(keptBytesMin, bytes));
      this.#kept.copy(room, 0, this.#keptFrom, this.#keptTo);
      this.#kept = room;
      this.#keptFrom = 0;
      this.#keptTo = unsent;
    }
    data.copy(this.#kept, this.#keptTo);
    this.#keptTo += data.length;
    if (this.sendWindow > 0) this.#owner.outflow.wait(this);
  }

  #writeEnd(): void {
    const { outflow } = this.#owner;
    if (this.#trailers !== null) outflow.writer.headers(this.id, this.#trailers, true);
    else if (!outflow.writer.endWithLast(this.id)) outflow.writer.data(this.id, nothing, true);
    outflow.wrote();
    this.#end();
  }

  #end(): void {
    this.#localEnded = true;
    this.#owner.localEnded(this);
  }
}

const nothing = Buffer.alloc(0);
