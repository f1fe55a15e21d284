import { joinedBytesMax, MessageWriter } from '#dataplane/http/message-writer.ts';
import { SocketChannel } from '#dataplane/http/channel.ts';
import { fieldLines } from '#dataplane/http/field-lines.ts';
import { openUntilMs } from '../surroundings.ts';
import { webSocketAccept } from '../web-socket-key.ts';
import { ResponseParser } from './response-parser.ts';
import type { Stalled } from '../connection-room.ts';
import type { ReadBuffer } from '../read-buffer.ts';
import type { Http1Pool } from './pool.ts';
import type { Channel } from '#dataplane/http/channel.ts';
import type { SentRequest } from '../sent-request.ts';
import type { ResponseEvents, UpstreamExchange } from '../upstream-exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { ReceivedResponse } from '#dataplane/http/received.ts';
import type { ResponseParserEvents } from './response-parser.ts';
import type { Socket } from 'node:net';

/**
 * A connection to an endpoint: one request and its answer at a time. It goes back to its pool by itself when both
 * have ended exactly, and is closed in every other case.
 */
export class UpstreamConnection implements UpstreamExchange, ResponseParserEvents, Stalled {
  readonly pool: Http1Pool;
  readonly socket: Socket;
  /** Requests it has carried before the present one. */
  served = 0;
  /** By the coarse clock: when it became idle, how long it may be so, and when it is too old for another request. */
  idleSinceMs = 0;
  idleUntilMs = 0;
  readonly openUntilMs: number;
  stalledSinceMs = 0;
  /** How long it may be idle by what the backend says. */
  idleMsMax = Number.POSITIVE_INFINITY;

  readonly #parser: ResponseParser;
  readonly #writer: MessageWriter;
  readonly #buffer: ReadBuffer | null;
  #user: ResponseEvents | null = null;
  #requestEnded = true;
  #persistent = true;
  #paused = false;
  #closed = false;
  #switched: ReceivedResponse | null = null;
  /** What a 101 must show, when the key was not the client's. */
  #accept: string | null = null;
  /** What came behind the head of a 101. */
  #early: Buffer | null = null;
  #ended = false;
  #trailers: Fields | null = null;
  #keepAlive = '';

  /** Takes a connected socket; `buffer`: what it is read into, null when it is a stream. */
  constructor(pool: Http1Pool, socket: Socket, buffer: ReadBuffer | null) {
    const { around } = pool.terms;
    this.pool = pool;
    this.socket = socket;
    this.openUntilMs = openUntilMs(pool.terms);
    this.#parser = new ResponseParser(around.scanner, this);
    this.#writer = new MessageWriter(socket, around.memory.blocks);
    this.#buffer = buffer;
    if (buffer === null) socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    else buffer.reader = (count) => this.#onRead(buffer, count);
    socket.on('error', () => {});
    socket.on('drain', () => this.#user?.requestReady());
    socket.on('end', () => this.#onEnd());
    socket.on('close', () => {
      this.#fail({ kind: 'BackendClosed', detail: 'the connection is gone' });
      buffer?.end();
    });
  }

  get buffered(): number {
    return this.socket.readableLength + this.socket.writableLength;
  }

  begin(request: SentRequest, user: ResponseEvents): void {
    this.#user = user;
    this.#requestEnded = false;
    this.#persistent = true;
    this.#switched = null;
    if (request.webSocketKey !== null) this.#accept = webSocketAccept(request.webSocketKey);
    this.#parser.expect(request.head.method);
    this.#writer.begin(request.text(), request.length);
  }

  data(data: Buffer): boolean {
    return this.#writer.data(data);
  }

  end(trailers: Fields | null): void {
    this.#requestEnded = true;
    this.#writer.end(trailers === null ? '' : fieldLines(trailers));
    this.#writer.flush();
  }

  flush(): boolean {
    return this.#writer.flush();
  }

  pause(): void {
    if (this.#paused || this.#closed) return;
    this.#paused = true;
    this.socket.pause();
    const { room, around } = this.pool.terms;
    this.stalledSinceMs = around.nowMs;
    room.stalls(this);
  }

  resume(): void {
    if (!this.#paused || this.#closed) return;
    this.#paused = false;
    this.#releaseHeld();
    this.socket.resume();
    this.pool.terms.room.stallsNot(this);
  }

  /** The client takes nothing, and somebody else waits for the connection. */
  giveUp(): void {
    this.#fail({ kind: 'ClientGone' });
  }

  abort(): void {
    this.#releaseHeld();
    this.#user = null;
    this.#close();
  }

  /** After a 101: the connection is the caller's alone. */
  takeOver(): Channel {
    this.#user = null;
    this.#closed = true;
    this.pool.gone(this);
    return new SocketChannel(this.socket, this.#early, this.pool.terms.around.memory.blocks);
  }

  responseHead(response: ReceivedResponse): void {
    if (response.status === 101) {
      this.#switched = response;
      return;
    }
    if (response.status < 200) {
      this.#user?.interimHead(response);
      return;
    }
    this.#persistent = response.persistent;
    if (response.keepAlive !== this.#keepAlive) this.#readKeepAlive(response.keepAlive);
    this.#user?.responseHead(response);
  }

  contentData(data: Buffer): void {
    this.#user?.answerData(data);
  }

  responseEnd(trailers: Fields | null): void {
    this.#ended = true;
    this.#trailers = trailers;
  }

  #releaseHeld(): void {
    if (this.#user?.keepsData() === false) this.#buffer?.release();
  }

  #onRead(buffer: ReadBuffer, count: number): void {
    const user = this.#user;
    this.#onData(buffer.bytes.subarray(0, count));
    const kept = count > joinedBytesMax && user !== null && user.keepsData();
    buffer.next(count, { kept, idle: this.#user === null, rests: this.#paused });
  }

  #onData(chunk: Buffer): void {
    if (this.#closed) return;
    if (this.#user === null) {
      // surplus octets: an answer to nothing must not become the answer to the next request
      this.#close();
      return;
    }
    const end = this.#parser.parse(chunk);
    if (end === -1) {
      this.#fail({ kind: 'MalformedResponse', detail: this.#parser.fault });
    } else if (this.#ended) {
      this.#finish(end === chunk.length);
    } else if (this.#switched !== null) {
      this.#early = chunk.subarray(end);
      this.#tellSwitch(this.#switched);
    } else {
      this.#user?.responseFlush();
    }
  }

  #tellSwitch(response: ReceivedResponse): void {
    const { fields } = response;
    if (this.#accept !== null) {
      if (fields.only('sec-websocket-accept') !== this.#accept) {
        this.#fail({ kind: 'MalformedResponse', detail: '101 to another key' });
        return;
      }
      fields.remove('sec-websocket-accept');
    }
    this.#user?.responseSwitched(response);
  }

  /** The answer is whole: only a connection on which both messages have ended exactly serves another exchange. */
  #finish(exactly: boolean): void {
    const user = this.#user;
    const trailers = this.#trailers;
    this.#user = null;
    this.#ended = false;
    this.#trailers = null;
    this.served += 1;
    this.resume();
    if (exactly && this.#requestEnded && this.#persistent && !this.#closed) this.pool.giveBack(this);
    else this.#close();
    user?.responseEnd(trailers);
  }

  #onEnd(): void {
    if (this.#user !== null && this.#parser.finish()) this.#finish(false);
    else this.#fail({ kind: 'BackendClosed', detail: 'the backend ended the connection' });
  }

  #fail(failure: Failure): void {
    const user = this.#user;
    this.#user = null;
    this.#close();
    user?.responseFailed(failure, this.#parser.touched ? 'Answering' : 'Unanswered');
  }

  /** `Keep-Alive: timeout=5` is a promise we had better not stretch: the last second of it is left alone. */
  #readKeepAlive(value: string): void {
    this.#keepAlive = value;
    const seconds = /(?:^|[,\s])timeout=(?<seconds>[0-9]{1,6})(?:$|[,\s])/u.exec(value)?.groups?.['seconds'];
    this.idleMsMax =
      seconds === undefined ? Number.POSITIVE_INFINITY : Math.max(0, Number(seconds) * 1000 - 1000);
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.pool.terms.room.stallsNot(this);
    this.socket.destroy();
    this.pool.gone(this);
  }
}
