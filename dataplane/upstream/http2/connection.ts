import { isFull } from '#dataplane/http/message-writer.ts';
import { BlockSection } from '#dataplane/h2/header-block.ts';
import { Session } from '#dataplane/h2/session.ts';
import { openUntilMs } from '../surroundings.ts';
import { Http2Exchange } from './exchange.ts';
import type { ReadBuffer } from '../read-buffer.ts';
import type { RequestHeads } from './request-head.ts';
import type { ConnectionTerms, Swept } from '../surroundings.ts';
import type { H2Fault } from '#dataplane/h2/error-code.ts';
import type { SessionHost, SessionSettings } from '#dataplane/h2/session.ts';
import type { H2Stream, StreamEvents } from '#dataplane/h2/stream.ts';
import type { Socket } from 'node:net';

/** What an answer may be ahead of its client. */
const streamWindowBytes = 64 * 1024;
/** Of a backend that is busy, not hostile: it must not cost its clients the connection. */
const resetsPerSecondMax = 1_000;
const controlFramesPerSecondMax = 10_000;
const continuationsMax = 16;
/** The strictest of the servers that are widely used, Netty, ends a connection with more than 200 in 30 s. */
const ownResets = { atOnce: 50, perSecond: 5, waitMsMax: 10_000 };

/** Whose connection it is. */
export interface Http2Home {
  readonly terms: ConnectionTerms;
  /** Whether an idle connection is in the way of others, of the same cluster. */
  readonly yieldsIdle: boolean;
  /** The backend's SETTINGS have come: it takes requests. */
  settled(connection: Http2Connection): void;
  /** It carries nothing any more, and stays. */
  idled(): void;
  /** A stream has ended, or the backend takes more at once. */
  eased(connection: Http2Connection): void;
  /** It is no more. `detail` tells why. */
  gone(connection: Http2Connection, detail: string): void;
}

/**
 * A connection to an endpoint by HTTP/2: many exchanges at once, each a stream. Takes no more of them once the backend
 * says that it goes, or when it is too old, and ends with the last.
 */
export class Http2Connection implements SessionHost, Swept {
  /** Requests it has carried. */
  served = 0;

  readonly #home: Http2Home;
  readonly #socket: Socket;
  readonly #session: Session;
  readonly #openUntilMs: number;
  readonly #settleByMs: number;
  #idleSinceMs: number;
  /** When octets came last. */
  #heardMs: number;
  /** When it is given up unless octets come. */
  #heardByMs = Number.POSITIVE_INFINITY;
  #isSettled = false;
  #isLeaving = false;
  #isGone = false;
  /** When what is still to be sent is given up; it is gone then. */
  #cutMs = Number.POSITIVE_INFINITY;
  #detail = 'the connection is gone';
  /** Octets of the read under way are still needed when it is over. */
  #keepsRead = false;

  /** Takes a connected socket and begins to speak; `buffer`: what it is read into, null when it is a stream. */
  constructor(home: Http2Home, socket: Socket, buffer: ReadBuffer | null) {
    const { around, connections } = home.terms;
    const { nowMs } = around;
    this.#home = home;
    this.#socket = socket;
    this.#openUntilMs = openUntilMs(home.terms);
    this.#settleByMs = nowMs + connections.connectTimeoutMs + around.limits.sweepMs;
    this.#idleSinceMs = nowMs;
    this.#heardMs = nowMs;
    this.#session = new Session('Client', sessionSettings(home.terms), this, new BlockSection());
    if (buffer === null) socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    else buffer.reader = (count) => this.#onRead(buffer, count);
    socket.on('drain', () => this.#session.ready());
    socket.on('error', () => {});
    socket.on('end', () => this.#close());
    socket.on('close', () => {
      this.#close();
      around.waiting.delete(this);
      buffer?.end();
    });
    around.waiting.add(this);
    this.#session.start();
    this.#session.flush();
  }

  get heads(): RequestHeads {
    return this.#home.terms.around.requestHeads;
  }

  get scheme(): 'http' | 'https' {
    return this.#home.terms.tls === null ? 'http' : 'https';
  }

  /** Whether it takes one request more. */
  get isOpen(): boolean {
    const { connections } = this.#home.terms;
    return (
      this.#isSettled &&
      !this.#isLeaving &&
      this.#session.takenStreams < connections.streamsMax &&
      this.#session.canRequest
    );
  }

  /** Whether the backend, which has nothing to do here, takes not one request for now. */
  get takesNothing(): boolean {
    return this.#isSettled && !this.#isLeaving && this.#session.peerStreamsMax === 0;
  }

  /** Whether the backend takes requests to leave HTTP (RFC 8441). */
  get takesTunnels(): boolean {
    return this.#session.peerExtendedConnect;
  }

  /** Whether the backend takes the block that `heads` has made last: one too large may cost others the connection. */
  get takesBlock(): boolean {
    return this.heads.listBytes <= this.#session.peerListBytesMax;
  }

  get isIdle(): boolean {
    return this.#session.openStreams === 0;
  }

  /** Why nothing more comes. */
  get detail(): string {
    return this.#detail;
  }

  /** Coarse. */
  get nowMs(): number {
    return this.#home.terms.around.nowMs;
  }

  exchange(): Http2Exchange {
    return new Http2Exchange(this);
  }

  /** Opens a stream; null when it takes none any more. */
  open(block: Buffer, ended: boolean, events: StreamEvents): H2Stream | null {
    const stream = this.#session.request(block, ended, events);
    if (stream === null) return null;
    this.served += 1;
    const { requestsMax } = this.#home.terms.connections;
    if (requestsMax > 0 && this.served >= requestsMax) this.leave();
    return stream;
  }

  /**
   * A request of this time was given up without an answer. A backend that is gone without a word would have all that
   * follow wait in vain, and TCP notices only after a quarter of an hour: one that says nothing to a PING is no more.
   */
  unanswered(sinceMs: number): void {
    const { around, connections } = this.#home.terms;
    if (this.#isGone || this.#heardMs > sinceMs || this.#heardByMs !== Number.POSITIVE_INFINITY) return;
    this.#heardByMs = around.nowMs + connections.connectTimeoutMs + around.limits.sweepMs;
    this.#session.ping();
  }

  /** Takes no more requests, and ends with the last that is under way. */
  leave(): void {
    this.#isLeaving = true;
    if (!this.isIdle || this.#isGone) return;
    this.#session.goAway('Final');
    this.#session.flush();
    this.#close();
  }

  sweep(): void {
    const { around, connections } = this.#home.terms;
    const { nowMs } = around;
    if (this.#isGone) {
      if (nowMs >= this.#cutMs) this.#socket.destroy();
      return;
    }
    if (!this.#isSettled) {
      if (nowMs >= this.#settleByMs) this.#fail('no SETTINGS in time');
      return;
    }
    this.#session.sweep();
    if (nowMs >= this.#heardByMs) this.#fail('the backend says nothing any more');
    else if (nowMs > this.#openUntilMs) this.leave();
    else if (this.isIdle && nowMs > this.#idleSinceMs + connections.idleMs) this.leave();
  }

  #onRead(buffer: ReadBuffer, count: number): void {
    this.#keepsRead = false;
    this.#receive(buffer.bytes.subarray(0, count));
    buffer.next(count, { kept: this.#keepsRead, idle: this.isIdle, rests: false });
  }

  #receive(chunk: Buffer): void {
    this.#heardMs = this.#home.terms.around.nowMs;
    this.#heardByMs = Number.POSITIVE_INFINITY;
    this.#session.receive(chunk);
  }

  // ---- the session's side

  write(octets: Buffer): boolean {
    this.#socket.write(octets);
    return !isFull(this.#socket);
  }

  keepsOctets(): boolean {
    return this.#socket.writableLength > 0;
  }

  streamOpened(): null {
    return null;
  }

  streamRejected(): void {}

  lastStreamClosed(): void {
    this.#idleSinceMs = this.#home.terms.around.nowMs;
    if (this.#isLeaving || this.#home.yieldsIdle) this.leave();
    else this.#home.idled();
  }

  /** Whoever was given octets of the read under way may need them when it is over. */
  keepsRead(): void {
    this.#keepsRead = true;
  }

  /** One of its streams is over. */
  streamOver(): void {
    this.#home.eased(this);
  }

  goneAway(): void {
    this.leave();
  }

  settingsChanged(): void {
    if (this.#isSettled) {
      this.#home.eased(this);
      return;
    }
    this.#isSettled = true;
    this.#home.settled(this);
  }

  sessionFailed({ detail }: H2Fault): void {
    this.#fail(`broken HTTP/2: ${detail}`);
  }

  #fail(detail: string): void {
    this.#detail = detail;
    this.#close();
  }

  #close(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#isLeaving = true;
    this.#session.end();
    this.#socket.destroySoon();
    // a backend that takes nothing any more would keep the socket until TCP gives up
    const { around, connections } = this.#home.terms;
    this.#cutMs = around.nowMs + connections.connectTimeoutMs + around.limits.sweepMs;
    this.#home.gone(this, this.#detail);
  }
}

/**
 * The connection's window takes what all streams' do: clients that read slowly must not stop the others which share
 * their connection.
 */
function sessionSettings({ around, connections }: ConnectionTerms): SessionSettings {
  const { headBytesMax, fieldCountMax } = around.limits;
  return {
    streamsMax: 0,
    streamWindowBytes,
    connectionWindowBytes: streamWindowBytes * Math.max(1, connections.streamsMax),
    listBytesMax: headBytesMax,
    fieldsMax: fieldCountMax,
    resetsPerSecondMax,
    controlFramesPerSecondMax,
    continuationsMax,
    extendedConnect: false,
    ownResets,
  };
}
