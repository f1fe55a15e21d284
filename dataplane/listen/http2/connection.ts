import { isFull } from '#dataplane/http/message-writer.ts';
import { lend } from '#dataplane/http/lent-memory.ts';
import { Session } from '#dataplane/h2/session.ts';
import { ownEnd } from '#dataplane/http/channel.ts';
import { HostMemo } from '#dataplane/http/target.ts';
import { ClientLines } from '#dataplane/proxy/forwarded.ts';
import { errorCodes } from '#dataplane/h2/error-code.ts';
import { Clock } from '../clock.ts';
import { Leaving } from '../http1/leaving.ts';
import { decodeRequest, fitsLength } from './request.ts';
import { Http2ServerStream } from './stream.ts';
import type { ClientConnection } from '../client-connection.ts';
import type { Limits } from '../limits.ts';
import type { ConnectionHome, ConnectionSurroundings } from '../surroundings.ts';
import type { AnswerHeads } from './answer-head.ts';
import type { StreamHome } from './stream.ts';
import type { RequestBlock } from '#dataplane/h2/header-block.ts';
import type { SessionHost } from '#dataplane/h2/session.ts';
import type { H2Stream, StreamEvents } from '#dataplane/h2/stream.ts';
import type { ConnectionEnd } from '#dataplane/http/address.ts';
import type { Client } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { Socket } from 'node:net';

/** Streams of a connection while memory or time are short. */
const savingStreamsMax = 10;

/**
 * Open: takes requests. Ending: the client knows that none will be taken any more, those under way go on. Linger: we
 * have ended our side, and read on for a while so that the client gets to see what we said. Closed.
 */
type Phase = 'Open' | 'Ending' | 'Linger' | 'Closed';

/** Socket: the client takes nothing of what we send. Head: the preface, or a head, is not whole. Streams have times of their own. */
type Wait = 'Socket' | 'Head' | 'Streams' | 'Requests';

/**
 * A client's HTTP/2 connection, from its preface on: joins a session to a socket, and makes an exchange of each
 * stream. RFC 9113, with RFC 8441 for WebSocket; no push, no priorities.
 */
export class Http2Connection implements ClientConnection, SessionHost, StreamHome {
  readonly client: Client;
  readonly clientLines: ClientLines;
  readonly port: number;
  readonly heads: AnswerHeads;
  readonly sinceMs: number;

  readonly #around: ConnectionSurroundings;
  readonly #home: ConnectionHome;
  readonly #socket: Socket;
  readonly #session: Session;
  readonly #leaving: Leaving;
  readonly #hosts = new HostMemo();
  #streams = noStreams;
  #phase: Phase = 'Open';
  #requests = 0;
  #announced = false;
  #waitsFor: Wait = 'Head';
  /** The stream whose head it waits for, when it has begun. */
  #head = 0;
  readonly #clock: Clock;

  /** Begins at once: writes SETTINGS. The octets of the preface are still to be read of `socket`. */
  constructor(around: ConnectionSurroundings, home: ConnectionHome, socket: Socket, client: Client) {
    this.#around = around;
    this.#home = home;
    this.#socket = socket;
    this.client = client;
    this.heads = around.http2.heads;
    this.port = home.port;
    this.sinceMs = around.nowMs;
    this.clientLines = new ClientLines(client, home.port);
    this.#leaving = new Leaving(socket);
    const settings = around.http2.settingsOf(home.limits, home.rules);
    this.#session = new Session('Server', settings, this, around.http2.section);
    this.#clock = new Clock(around);
    this.#clock.start(home.limits.headTimeoutMs);
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    lend(socket, (octets) => this.#onData(octets));
    socket.on('drain', () => this.#onDrain());
    socket.on('end', () => this.#onEnd());
    socket.on('error', () => {});
    socket.on('close', () => this.#onClose());
    this.#session.start();
  }

  get destination(): ConnectionEnd {
    return ownEnd(this.#socket);
  }

  get limits(): Limits {
    return this.#home.limits;
  }

  get nowMs(): number {
    return this.#around.nowMs;
  }

  get sheds(): boolean {
    return this.#around.guard.sheds;
  }

  get patience(): number {
    return this.#around.guard.patience;
  }

  get takesContent(): boolean {
    return this.#session.takesContent;
  }

  arriving(stream: H2Stream): number {
    return this.#session.arriving(stream.id);
  }

  get isIdle(): boolean {
    return this.#session.openStreams === 0 && this.#session.buffered === 0;
  }

  get buffered(): number {
    let octets = this.#session.buffered + this.#socket.writableLength;
    for (const stream of this.#streams) octets += stream.kept;
    return octets;
  }

  get stalledSinceMs(): number {
    if (this.#waitsFor === 'Socket') return this.#clock.sinceMs;
    let sinceMs = Number.POSITIVE_INFINITY;
    for (const stream of this.#streams) sinceMs = Math.min(sinceMs, stream.stalledSinceMs);
    return sinceMs;
  }

  relieve(sinceMs: number): void {
    if (this.#waitsFor === 'Socket') this.destroy();
    else for (const stream of this.#streams) if (stream.stalledSinceMs <= sinceMs) stream.giveUp();
  }

  /** Tells the client to open no more streams here; those on their way are still taken. */
  drain(): void {
    if (this.#phase !== 'Open' || this.#announced) return;
    this.#announced = true;
    this.#session.goAway('Announce');
  }

  /** Takes no more streams, and ends with the last there is. */
  endIdle(): void {
    if (this.#phase === 'Open') {
      this.#phase = 'Ending';
      this.#session.goAway('Final');
    }
    if (this.#phase === 'Ending' && this.#streams.size === 0) this.#linger();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  sweep(nowMs: number): void {
    if (this.#phase === 'Linger') this.#sweepLinger(nowMs);
    if (this.#phase !== 'Open' && this.#phase !== 'Ending') return;
    for (const stream of this.#streams) stream.sweep(nowMs);
    this.#watch();
    if (!this.#clock.isOver(nowMs, this.patience)) return;
    if (this.#waitsFor === 'Socket') {
      this.destroy();
      return;
    }
    this.endIdle();
    if (this.#waitsFor === 'Head') this.#linger();
  }

  /** Notices what the connection waits for, and since when. */
  #watch(): void {
    const waitsFor = this.#whatItWaitsFor();
    const head = this.#session.headUnderWay;
    const isSame = waitsFor === this.#waitsFor && head === this.#head;
    this.#waitsFor = waitsFor;
    this.#head = head;
    if (waitsFor !== 'Socket') this.#leaving.begin();
    else if (this.#leaving.getsOn()) this.#clock.start(this.#home.limits.sendTimeoutMs);
    if (!isSame) this.#clock.start(this.#timeoutOf(waitsFor));
    else if (waitsFor === 'Requests') this.#rest();
  }

  /** Lets go of memory that only streams need. */
  #rest(): void {
    this.#streams = noStreams;
    this.#session.rest();
  }

  #whatItWaitsFor(): Wait {
    const session = this.#session;
    if (isFull(this.#socket)) return 'Socket';
    if (session.headUnderWay !== 0 || !session.isSettled) return 'Head';
    if (this.#streams.size > 0) return 'Streams';
    return session.buffered > 0 ? 'Head' : 'Requests';
  }

  #timeoutOf(waitsFor: Wait): number {
    const { limits } = this.#home;
    switch (waitsFor) {
      case 'Socket':
        return limits.sendTimeoutMs;
      case 'Head':
        return limits.headTimeoutMs;
      case 'Requests':
        return limits.idleTimeoutMs;
      case 'Streams':
        return 0;
      default:
        return waitsFor satisfies never;
    }
  }

  #sweepLinger(nowMs: number): void {
    if (!this.#clock.isOver(nowMs, this.patience)) return;
    if (this.#leaving.getsOn()) this.#clock.start(this.#home.limits.sendTimeoutMs);
    else this.destroy();
  }

  // ---- the socket

  #onData(chunk: Buffer): void {
    if (this.#phase === 'Open' || this.#phase === 'Ending') this.#session.receive(chunk);
    else if (this.#leaving.discard(chunk.length) > this.#home.limits.discardBytesMax) this.destroy();
  }

  #onDrain(): void {
    if (this.#waitsFor === 'Socket') this.#clock.start(this.#home.limits.sendTimeoutMs);
    this.#session.ready();
  }

  /** The client has ended its side: it takes no answers any more. */
  #onEnd(): void {
    this.#session.end();
    this.#socket.destroySoon();
  }

  #onClose(): void {
    this.#phase = 'Closed';
    this.#session.end();
  }

  /** Ends our side and reads on for a moment, lest a reset takes what we said from the client. */
  #linger(): void {
    if (this.#phase === 'Linger' || this.#phase === 'Closed') return;
    this.#phase = 'Linger';
    this.#session.flush();
    this.#session.end();
    this.#leaving.begin();
    this.#clock.start(this.#home.limits.discardTimeoutMs);
    this.#socket.end();
  }

  // ---- the session

  write(octets: Buffer): boolean {
    this.#socket.write(octets);
    return !isFull(this.#socket);
  }

  keepsOctets(): boolean {
    return this.#socket.writableLength > 0;
  }

  streamOpened(stream: H2Stream, head: RequestBlock | 'TooLarge', ended: boolean): StreamEvents | null {
    const { guard } = this.#around;
    if (guard.saves && this.#streams.size >= savingStreamsMax) return null;
    this.#requests += 1;
    const declared = head === 'TooLarge' ? -1 : head.contentLength;
    if (!fitsLength(declared, 0, ended)) {
      this.streamRejected('content of another length');
      stream.reset(errorCodes.protocolError);
      return null;
    }
    const isHead = head !== 'TooLarge' && head.pseudo.method === 'HEAD';
    const downstream = new Http2ServerStream(this, stream, { declared, ended, isHead });
    if (this.#streams === noStreams) this.#streams = new Set();
    this.#streams.add(downstream);
    stream.events = downstream;
    const request = head === 'TooLarge' ? tooLarge : decodeRequest(head, this.#facts(ended));
    if ('kind' in request) this.#around.gateway.refuse(request, downstream);
    else downstream.start(request, this.#around.gateway.exchange(request, downstream));
    if (this.#home.draining) this.drain();
    if (this.#requests >= this.#home.limits.requestsPerConnectionMax) this.endIdle();
    return downstream;
  }

  #facts(ended: boolean): Parameters<typeof decodeRequest>[1] {
    return {
      ended,
      secure: this.client.secure,
      targetBytesMax: this.#home.limits.requestLineBytesMax,
      hosts: this.#hosts,
    };
  }

  streamRejected(detail: string): void {
    this.#around.gateway.reset({ kind: 'MalformedRequest', detail }, this);
  }

  streamOver(stream: Http2ServerStream): void {
    this.#streams.delete(stream);
  }

  cutConnection(): void {
    this.#onClose();
    this.destroy();
  }

  lastStreamClosed(): void {
    if (this.#phase === 'Ending') this.#linger();
  }

  /** A client that goes opens no more streams, and closes when it has its answers. */
  goneAway(): void {}

  settingsChanged(): void {}

  sessionFailed(): void {
    this.#linger();
  }
}

/** For connections without any, which are most: never added to. */
const noStreams = new Set<Http2ServerStream>();
const tooLarge: Failure = { kind: 'HeadTooLarge' };
