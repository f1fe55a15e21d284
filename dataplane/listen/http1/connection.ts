import { isFull, MessageWriter } from '#dataplane/http/message-writer.ts';
import { chunkedLength, noContent, untilCloseLength } from '#dataplane/http/framing.ts';
import { ownEnd, SocketChannel } from '#dataplane/http/channel.ts';
import { lend } from '#dataplane/http/lent-memory.ts';
import { fieldLines } from '#dataplane/http/field-lines.ts';
import { ClientLines } from '#dataplane/proxy/forwarded.ts';
import { Clock } from '../clock.ts';
import { answerText, framedLength, interimText, switchText } from './answer-framing.ts';
import { Intake } from './intake.ts';
import { Leaving } from './leaving.ts';
import { ContentPace } from '../content-pace.ts';
import { RequestParser } from './request-parser.ts';
import type { ClientConnection } from '../client-connection.ts';
import type { ConnectionHome, ConnectionSurroundings } from '../surroundings.ts';
import type { Phase } from './phase.ts';
import type { RequestEvents } from './request-parser.ts';
import type { ConnectionEnd } from '#dataplane/http/address.ts';
import type { Channel } from '#dataplane/http/channel.ts';
import type { Client } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { ContentLength } from '#dataplane/http/framing.ts';
import type { ReceivedRequest } from '#dataplane/http/received.ts';
import type { Downstream, RunningExchange } from '#dataplane/proxy/downstream.ts';
import type { TunnelTimes } from '#dataplane/proxy/tunnel.ts';
import type { Socket } from 'node:net';

/**
 * A client's HTTP/1.x connection: one exchange at a time, answers in the order of requests (RFC 9112 section 9.3).
 *
 * Hot path: no closure, promise or timer for a request; octets that come too early are kept and reading stops.
 */
export class ServerConnection implements ClientConnection, RequestEvents, Downstream {
  readonly client: Client;
  readonly clientLines: ClientLines;
  readonly port: number;
  readonly sinceMs: number;

  readonly #around: ConnectionSurroundings;
  readonly #home: ConnectionHome;
  readonly #socket: Socket;
  readonly #parser: RequestParser;
  readonly #writer: MessageWriter;
  readonly #intake: Intake;
  readonly #leaving: Leaving;
  readonly #clock: Clock;
  readonly #pace = new ContentPace();
  #phase: Phase = 'Head';
  #exchange: RunningExchange | null = null;
  #request: ReceivedRequest | null = null;
  #requests = 0;
  #advancing = false;
  #wanted = false;
  #hasContinued = false;
  #contentBytes = 0;
  #answerLength: ContentLength = noContent;
  #closeAfterAnswer = false;
  /** The time for a head runs: from its first octet. */
  #inHead = false;
  #draining = false;

  constructor(around: ConnectionSurroundings, home: ConnectionHome, socket: Socket, client: Client) {
    this.#around = around;
    this.#home = home;
    this.#socket = socket;
    this.client = client;
    this.port = home.port;
    this.sinceMs = around.nowMs;
    this.clientLines = new ClientLines(client, home.port);
    this.#parser = new RequestParser(home.scanner, home.limits.requestLineBytesMax, this);
    this.#writer = new MessageWriter(socket, null);
    this.#intake = new Intake(socket);
    this.#leaving = new Leaving(socket);
    this.#clock = new Clock(around);
    this.#clock.start(home.limits.firstByteTimeoutMs);
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    lend(socket, (octets) => this.#onData(octets));
    socket.on('drain', () => this.#onDrain());
    socket.on('end', () => this.#onEnd());
    socket.on('error', () => {});
    socket.on('close', () => this.#onClose());
  }

  /** Between requests, with nothing of the next one here. */
  get isIdle(): boolean {
    return this.#phase === 'Head' && this.#parser.atStart && this.#intake.held === null;
  }

  get destination(): ConnectionEnd {
    return ownEnd(this.#socket);
  }

  get tunnelTimes(): TunnelTimes {
    return this.#home.limits;
  }

  get buffered(): number {
    return this.#intake.buffered + this.#socket.writableLength + (this.#exchange?.buffered ?? 0);
  }

  get stalledSinceMs(): number {
    return isFull(this.#socket) ? this.#clock.sinceMs : Number.POSITIVE_INFINITY;
  }

  drain(): void {
    this.#draining = true;
  }

  endIdle(): void {
    if (this.isIdle) this.#linger();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  sweep(nowMs: number): void {
    if (this.#phase === 'Exchange') {
      if (this.#pace.isTooSlow(nowMs, this.#home.limits.bodyRateMin)) this.#fail({ kind: 'ClientTooSlow' });
      else if (!this.#intake.probe(nowMs)) this.#fail({ kind: 'ClientGone' });
    }
    if (!this.#clock.isOver(nowMs, this.#around.guard.patience)) return;
    if (this.#phase === 'Head') {
      if (isFull(this.#socket)) this.destroy();
      else if (this.#parser.atStart) this.#linger();
      else this.requestFailed({ kind: 'ClientTooSlow' });
    } else if (this.#phase === 'Exchange') {
      if (isFull(this.#socket)) this.#fail({ kind: 'ClientGone' });
      else if (this.#wanted && !this.#parser.ended) this.#fail({ kind: 'ClientTooSlow' });
    } else if (this.#phase === 'Discard' || this.#phase === 'Linger') {
      if (this.#leaving.getsOn()) this.#clock.start(this.#home.limits.sendTimeoutMs);
      else this.destroy();
    }
  }

  /** What comes may be lent: nobody keeps it beyond the call, but for a copy of what comes too early. */
  #onData(chunk: Buffer): void {
    if (this.#phase === 'Linger') this.#discard(chunk.length);
    else if (this.#phase === 'Tunnel' || this.#phase === 'Closed') return;
    else if (this.#intake.held !== null) this.#intake.append(this.#around.memory.kept(chunk));
    else this.#advance(chunk);
  }

  /** Takes octets as far as the phase allows and keeps the rest. */
  #advance(bytes: Buffer): void {
    this.#advancing = true;
    let at = 0;
    while (at < bytes.length && this.#takesOctets()) {
      at = this.#parser.parse(bytes, at);
      if (at === -1) break;
    }
    this.#advancing = false;
    if (at === -1 || this.#phase === 'Linger' || this.#phase === 'Closed') {
      this.#intake.held = null;
      return;
    }
    if (at < bytes.length) this.#intake.hold(this.#around.memory.kept(bytes.subarray(at)));
    else this.#release();
    if (this.#wanted) this.#exchange?.contentFlush();
  }

  #takesOctets(): boolean {
    // who takes no answers gets no more of them: else requests in one piece would fill our memory
    if (this.#phase === 'Head') return !isFull(this.#socket);
    if (this.#parser.ended) return false;
    return this.#phase === 'Exchange' ? this.#wanted : this.#phase === 'Discard';
  }

  #release(): void {
    this.#intake.held = null;
    if (this.#phase === 'Head' && !this.#inHead && !this.#parser.atStart) {
      this.#inHead = true;
      this.#clock.start(this.#home.limits.headTimeoutMs);
    }
    if (this.#phase !== 'Exchange' || this.#wanted || this.#parser.ended) this.#intake.resume();
  }

  /** Goes on with what was kept, when something has changed. */
  #goOn(): void {
    if (this.#advancing || this.#phase === 'Tunnel') return;
    this.#advance(this.#intake.octets);
  }

  requestHead(request: ReceivedRequest): void {
    this.#phase = 'Exchange';
    this.#clock.stop();
    this.#request = request;
    this.#requests += 1;
    this.#wanted = false;
    this.#hasContinued = false;
    this.#contentBytes = 0;
    this.#pace.begin();
    const { bodyBytesMax } = this.#home.limits;
    this.#exchange = this.#around.gateway.exchange(request, this);
    if (this.#around.guard.sheds) this.#exchange.requestFailed({ kind: 'Overloaded' });
    else if (bodyBytesMax > 0 && request.length > bodyBytesMax)
      this.#exchange.requestFailed({ kind: 'BodyTooLarge' });
    else this.#exchange.start();
  }

  contentData(data: Buffer): void {
    if (this.#phase === 'Discard') {
      this.#discard(data.length);
      return;
    }
    const { bodyBytesMax, bodyTimeoutMs } = this.#home.limits;
    this.#contentBytes += data.length;
    if (bodyBytesMax > 0 && this.#contentBytes > bodyBytesMax) {
      this.#fail({ kind: 'BodyTooLarge' });
      return;
    }
    this.#clock.start(bodyTimeoutMs);
    this.#pace.took(data.length);
    this.#exchange?.contentData(data);
  }

  requestEnd(trailers: Fields | null): void {
    if (this.#phase === 'Exchange') {
      this.#clock.stop();
      this.#pace.rest(this.#around.nowMs);
      this.#exchange?.contentEnd(trailers);
    } else if (this.#phase === 'Discard') this.#nextRequest();
  }

  requestFailed(failure: Failure): void {
    if (this.#phase === 'Head') {
      this.#phase = 'Exchange';
      this.#request = null;
      this.#around.gateway.refuse(failure, this);
    } else if (this.#phase === 'Discard') this.#linger();
    else this.#fail(failure);
  }

  /** Ends the exchange under way by the client's fault. */
  #fail(failure: Failure): void {
    this.#closeAfterAnswer = true;
    this.#exchange?.requestFailed(failure);
  }

  // ---- the exchange's side

  want(): void {
    if (this.#phase !== 'Exchange') return;
    this.#wanted = true;
    if (!this.#parser.ended) this.#pace.wait(this.#around.nowMs);
    this.#clock.start(this.#home.limits.bodyTimeoutMs);
    if (this.#request?.expectsContinue === true && !this.#hasContinued) {
      this.#hasContinued = true;
      if (this.#intake.held === null) this.#socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1');
    }
    this.#goOn();
  }

  hold(): void {
    if (this.#phase !== 'Exchange') return;
    this.#wanted = false;
    // who sends without taking what comes back is held back for that, and not waited for without end
    if (isFull(this.#socket)) this.#clock.start(this.#home.limits.sendTimeoutMs);
    else this.#clock.stop();
    this.#pace.rest(this.#around.nowMs);
    this.#intake.pause();
  }

  inform(status: number, fields: Fields): void {
    if (this.#request?.protocol !== 'HTTP/1.1') return;
    this.#socket.write(interimText(status, fields), 'latin1');
  }

  begin(status: number, fields: Fields, length: ContentLength, declaredLength: number): void {
    const protocol = this.#request?.protocol ?? 'HTTP/1.1';
    const framed = framedLength(length, protocol);
    const isKept = this.#isKept(framed);
    this.#closeAfterAnswer = !isKept;
    this.#answerLength = framed;
    const answer = { status, fields, length: framed, declaredLength };
    this.#writer.begin(answerText(answer, isKept ? protocol : 'Close'), framed);
  }

  #isKept(framed: ContentLength): boolean {
    const request = this.#request;
    const { limits } = this.#home;
    if (request === null || !request.persistent || this.#closeAfterAnswer || framed === untilCloseLength)
      return false;
    if (this.#draining || this.#home.draining || this.#around.guard.saves) return false;
    if (this.#requests >= limits.requestsPerConnectionMax) return false;
    if (this.#parser.ended) return true;
    // a client that still waits for 100 may or may not send its content now: nobody could tell it from a request
    if (request.expectsContinue && !this.#hasContinued) return false;
    return this.#parser.remaining <= limits.discardBytesMax;
  }

  data(data: Buffer): boolean {
    return this.#isTaken(this.#writer.data(data));
  }

  flush(): boolean {
    return this.#isTaken(this.#writer.flush());
  }

  keepsData(): boolean {
    return this.#writer.keepsData;
  }

  #isTaken(taken: boolean): boolean {
    if (!taken) this.#clock.start(this.#home.limits.sendTimeoutMs);
    return taken;
  }

  end(trailers: Fields | null): void {
    const isChunked = this.#answerLength === chunkedLength;
    this.#writer.end(trailers === null || !isChunked ? '' : fieldLines(trailers));
    this.#writer.flush();
    this.#exchange = null;
    this.#wanted = false;
    if (this.#closeAfterAnswer) this.#linger();
    else if (this.#parser.ended) this.#nextRequest();
    else this.#beginDiscard();
  }

  cut(): void {
    this.#exchange = null;
    this.#phase = 'Closed';
    // without a length, an orderly end would make a cut answer look whole
    if (this.#answerLength === untilCloseLength && !this.client.secure) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  switch(fields: Fields, protocol: string): Channel {
    this.#phase = 'Tunnel';
    this.#exchange = null;
    this.#socket.write(switchText(fields, protocol), 'latin1');
    return new SocketChannel(this.#socket, this.#intake.take(), this.#around.memory.blocks);
  }

  // ---- after the answer

  #nextRequest(): void {
    this.#phase = 'Head';
    this.#request = null;
    this.#answerLength = noContent;
    this.#parser.next();
    this.#inHead = false;
    this.#awaitRequest();
    if (this.#intake.held !== null || this.#intake.isPaused) this.#goOn();
  }

  /** The time between requests runs from when the answer before has left us. */
  #awaitRequest(): void {
    const { idleTimeoutMs, sendTimeoutMs } = this.#home.limits;
    this.#clock.start(isFull(this.#socket) ? sendTimeoutMs : idleTimeoutMs);
  }

  #beginDiscard(): void {
    this.#phase = 'Discard';
    this.#leaving.begin();
    this.#clock.start(this.#home.limits.discardTimeoutMs);
    this.#goOn();
  }

  #discard(count: number): void {
    if (this.#leaving.discard(count) > this.#home.limits.discardBytesMax) this.destroy();
  }

  /** Ends our side and reads on for a moment, lest a reset takes the answer from the client (RFC 9112 section 9.6). */
  #linger(): void {
    this.#phase = 'Linger';
    this.#intake.held = null;
    this.#leaving.begin();
    this.#clock.start(this.#home.limits.discardTimeoutMs);
    this.#socket.end();
    this.#intake.resume();
    if (this.#socket.readableEnded) this.#socket.destroySoon();
  }

  #onDrain(): void {
    if (this.#phase === 'Head' && this.#parser.atStart) {
      this.#awaitRequest();
      this.#goOn();
    }
    if (this.#phase !== 'Exchange') return;
    if (this.#wanted) this.#clock.start(this.#home.limits.bodyTimeoutMs);
    else this.#clock.stop();
    this.#exchange?.clientReady();
  }

  /** The client has ended its side: it takes no answer any more, as most servers read it. */
  #onEnd(): void {
    if (this.#phase === 'Exchange') this.#fail({ kind: 'ClientGone' });
    else this.#socket.destroySoon();
  }

  #onClose(): void {
    if (this.#phase === 'Tunnel') return;
    const isAnswering = this.#phase === 'Exchange';
    this.#phase = 'Closed';
    if (isAnswering) this.#exchange?.requestFailed({ kind: 'ClientGone' });
  }
}
