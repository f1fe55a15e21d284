import { errorCodes } from '#dataplane/h2/error-code.ts';
import { noContent } from '#dataplane/http/framing.ts';
import { Fields } from '#dataplane/http/fields.ts';
import { ContentPace } from '../content-pace.ts';
import { EarlyContent } from '#dataplane/http/early-content.ts';
import { fitsLength } from './request.ts';
import { StreamChannel } from '#dataplane/h2/stream-channel.ts';
import type { AnswerHeads } from './answer-head.ts';
import type { H2Stream, StreamEvents } from '#dataplane/h2/stream.ts';
import type { ConnectionEnd } from '#dataplane/http/address.ts';
import type { Channel } from '#dataplane/http/channel.ts';
import type { Client } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { ContentLength } from '#dataplane/http/framing.ts';
import type { ReceivedRequest } from '#dataplane/http/received.ts';
import type { Downstream, RunningExchange } from '#dataplane/proxy/downstream.ts';
import type { TunnelTimes } from '#dataplane/proxy/tunnel.ts';
import type { ClientLines } from '#dataplane/proxy/forwarded.ts';
import type { Limits } from '../limits.ts';

/** What streams need of their connection. */
export interface StreamHome {
  readonly client: Client;
  readonly clientLines: ClientLines;
  readonly port: number;
  readonly destination: ConnectionEnd;
  readonly heads: AnswerHeads;
  readonly limits: Limits;
  /** Coarse. */
  readonly nowMs: number;
  /** New requests are refused for want of memory or time. */
  readonly sheds: boolean;
  /** What share of its time a client gets. */
  readonly patience: number;
  /** False while other streams' content, which waits for their backends, keeps the client from sending any. */
  readonly takesContent: boolean;
  /** Content of a stream that has come, and is not told yet. */
  arriving(stream: H2Stream): number;
  /** Ends the connection with all that is under way on it. */
  cutConnection(): void;
  /** The stream is over. */
  streamOver(stream: Http2ServerStream): void;
}

/**
 * One request of a client over HTTP/2, and its answer: a stream as the engine's Downstream.
 *
 * Flow control is passed on: content that nobody wants is kept, a stream's window of it at most, and the client may
 * send more only when it has gone on; what the client's windows do not take holds the backend back.
 */
export class Http2ServerStream implements Downstream, StreamEvents {
  readonly client: Client;
  readonly clientLines: ClientLines;
  readonly port: number;

  readonly #home: StreamHome;
  readonly #stream: H2Stream;
  readonly #declared: number;
  readonly #isHead: boolean;
  #exchange: RunningExchange | null = null;
  #early: EarlyContent | null = null;
  #contentBytes = 0;
  #wanted = false;
  /** The client waits for 100 before it sends content. */
  #awaitsContinue = false;
  /** The request is whole, but for what is kept. */
  #ended: boolean;
  #trailers: Fields | null = null;
  /** The head of the answer that has not been sent yet, lest one without content is two frames. */
  #head: Buffer | null = null;
  /** A call of gRPC may be silent as long as a tunnel may. */
  #isCall = false;
  #isTunnel = false;
  #pace: ContentPace | null = null;
  /** Content that had come by the last sweep. */
  #come = 0;
  /** Content of the answer that was given to the stream. */
  #given = 0;
  /** How much of that the client had taken when its time began anew, and how much it had not. */
  #takenThen = 0;
  #unsentThen = 0;
  /** Since when no content has come that is waited for; infinity while none is. */
  #awaitedSinceMs = Number.POSITIVE_INFINITY;
  /** Since when the client has taken less of the answer than it must; infinity while nothing waits for it. */
  stalledSinceMs = Number.POSITIVE_INFINITY;

  /** `declared`: the request's Content-Length, or -1; `ended`: it has no content. */
  constructor(home: StreamHome, stream: H2Stream, of: { declared: number; ended: boolean; isHead: boolean }) {
    this.#home = home;
    this.#stream = stream;
    this.#declared = of.declared;
    this.#ended = of.ended;
    this.#isHead = of.isHead;
    this.client = home.client;
    this.clientLines = home.clientLines;
    this.port = home.port;
  }

  get destination(): ConnectionEnd {
    return this.#home.destination;
  }

  get tunnelTimes(): TunnelTimes {
    return this.#home.limits;
  }

  /** Octets of the request that nobody has taken yet, and those that its exchange holds. */
  get kept(): number {
    return (this.#early?.held ?? 0) + (this.#exchange?.buffered ?? 0);
  }

  /** Starts the exchange of `request`. */
  start(request: ReceivedRequest, exchange: RunningExchange): void {
    this.#exchange = exchange;
    this.#awaitsContinue = request.expectsContinue;
    this.#isCall = request.grpc !== null;
    const { bodyBytesMax } = this.#home.limits;
    if (this.#home.sheds) exchange.requestFailed({ kind: 'Overloaded' });
    else if (bodyBytesMax > 0 && request.length > bodyBytesMax)
      exchange.requestFailed({ kind: 'BodyTooLarge' });
    else exchange.start();
  }

  /** Enforces the limits of time, and the least pace of content. */
  sweep(nowMs: number): void {
    if (this.#isTunnel) return;
    const { unsent } = this.#stream;
    if (unsent > 0) {
      this.#sweepAnswer(nowMs, unsent);
      return;
    }
    this.stalledSinceMs = Number.POSITIVE_INFINITY;
    if (this.#wanted && !this.#ended) this.#sweepContent(nowMs);
  }

  #sweepAnswer(nowMs: number, unsent: number): void {
    const { patience, limits } = this.#home;
    const timeoutMs = this.#isCall ? limits.tunnelIdleTimeoutMs : limits.sendTimeoutMs;
    // an octet now and then is not taking it: in its time the client takes as much as the least rate makes, or all
    const least = this.#isCall ? 1 : Math.max(1, (limits.bodyRateMin * timeoutMs * patience) / 1000);
    const taken = this.#given - unsent;
    const due = Math.min(least, this.#unsentThen);
    if (this.stalledSinceMs === Number.POSITIVE_INFINITY || taken - this.#takenThen >= due) {
      this.#takenThen = taken;
      this.#unsentThen = unsent;
      this.stalledSinceMs = nowMs;
    }
    if (this.#isOver(this.stalledSinceMs, timeoutMs)) this.giveUp();
  }

  /** The client does not take its answer. */
  giveUp(): void {
    this.#exchange?.requestFailed({ kind: 'ClientGone' });
    this.#stream.reset(errorCodes.cancel);
  }

  #sweepContent(nowMs: number): void {
    if (!this.#home.takesContent) {
      this.#awaitedSinceMs = nowMs;
      this.#pace?.rest(nowMs);
      return;
    }
    this.#pace?.wait(nowMs);
    const come = this.#contentBytes + this.#home.arriving(this.#stream);
    if (come !== this.#come) {
      this.#pace?.took(come - this.#come);
      this.#come = come;
      this.#awaitedSinceMs = nowMs;
    }
    const { bodyTimeoutMs, tunnelIdleTimeoutMs } = this.#home.limits;
    const isLate = this.#isOver(this.#awaitedSinceMs, this.#isCall ? tunnelIdleTimeoutMs : bodyTimeoutMs);
    if (isLate || this.#pace?.isTooSlow(nowMs, this.#home.limits.bodyRateMin) === true)
      this.#exchange?.requestFailed({ kind: 'ClientTooSlow' });
  }

  #isOver(sinceMs: number, timeoutMs: number): boolean {
    const { nowMs, patience } = this.#home;
    return timeoutMs !== 0 && nowMs >= sinceMs + timeoutMs * patience;
  }

  // ---- the client's side

  streamHead(): void {}

  streamData(data: Buffer): void {
    this.#contentBytes += data.length;
    const { bodyBytesMax } = this.#home.limits;
    if (!fitsLength(this.#declared, this.#contentBytes, false)) this.#malformed();
    else if (bodyBytesMax > 0 && this.#contentBytes > bodyBytesMax)
      this.#exchange?.requestFailed({ kind: 'BodyTooLarge' });
    else if (this.#wanted && this.#early === null) {
      this.#exchange?.contentData(data);
      this.#stream.credit(data.length);
    } else {
      this.#early ??= new EarlyContent();
      this.#early.push(data);
    }
  }

  streamEnd(trailers: Fields | null): void {
    this.#ended = true;
    this.#trailers = trailers;
    if (!fitsLength(this.#declared, this.#contentBytes, true)) this.#malformed();
    else if (trailers !== null && hasUnderscore(trailers)) this.#exchange?.requestFailed(underscored);
    else if (this.#early === null) this.#tellEnd();
  }

  streamFlush(): void {
    if (this.#wanted) this.#exchange?.contentFlush();
  }

  streamReady(): void {
    this.#awaitedSinceMs = Number.POSITIVE_INFINITY;
    this.#exchange?.clientReady();
  }

  streamReset(): void {
    this.#early = null;
    this.#exchange?.requestFailed({ kind: 'ClientGone' });
  }

  streamClosed(): void {
    this.#exchange = null;
    this.#early = null;
    this.#home.streamOver(this);
  }

  #tellEnd(): void {
    this.#awaitedSinceMs = Number.POSITIVE_INFINITY;
    this.#exchange?.contentEnd(this.#trailers);
  }

  /** The content is not as long as was said (RFC 9113 section 8.1.1): no answer. */
  #malformed(): void {
    const exchange = this.#exchange;
    this.#exchange = null;
    this.#stream.reset(errorCodes.protocolError);
    exchange?.requestFailed({ kind: 'MalformedRequest', detail: 'content of another length' });
  }

  // ---- the exchange's side

  want(): void {
    if (this.#exchange === null) return;
    this.#wanted = true;
    if (!this.#ended) {
      this.#awaitedSinceMs = this.#home.nowMs;
      if (!this.#isCall) this.#pace ??= new ContentPace();
      this.#pace?.wait(this.#home.nowMs);
    }
    if (this.#awaitsContinue) {
      this.#awaitsContinue = false;
      if (this.#contentBytes === 0) this.#stream.head(this.#home.heads.plain(100, noFields), false);
    }
    const early = this.#early;
    if (early === null) return;
    const data = early.take();
    this.#early = null;
    this.#exchange.contentData(data);
    this.#stream.credit(data.length);
    if (this.#ended) this.#tellEnd();
    else if (this.#wanted) this.#exchange?.contentFlush();
  }

  hold(): void {
    this.#wanted = false;
    this.#awaitedSinceMs = Number.POSITIVE_INFINITY;
    this.#pace?.rest(this.#home.nowMs);
  }

  inform(status: number, fields: Fields): void {
    this.#stream.head(this.#home.heads.plain(status, fields), false);
  }

  begin(status: number, fields: Fields, length: ContentLength, declaredLength: number): void {
    // a refusal does not know the method
    const sent = this.#isHead ? noContent : length;
    const block = this.#home.heads.answer(status, fields, sent, declaredLength);
    if (sent === noContent || sent === 0) this.#head = block;
    else this.#stream.head(block, false);
  }

  data(data: Buffer): boolean {
    if (this.#isHead) return true;
    this.#given += data.length;
    this.#sendHead();
    return this.#stream.data(data);
  }

  flush(): boolean {
    this.#sendHead();
    return this.#stream.unsent === 0;
  }

  /** What is given is copied at once. */
  keepsData(): boolean {
    return false;
  }

  end(trailers: Fields | null): void {
    this.#exchange = null;
    this.#early = null;
    const block = trailers === null ? null : this.#home.heads.trailers(trailers);
    const head = this.#head;
    if (head !== null && block === null) {
      this.#head = null;
      this.#stream.head(head, true);
      return;
    }
    this.#sendHead();
    this.#stream.end(block);
  }

  cut(failure: Failure): void {
    this.#exchange = null;
    if (failure.kind === 'Flooding') {
      this.#home.cutConnection();
      return;
    }
    const isClients = failure.kind === 'ClientGone' || failure.kind === 'ClientTooSlow';
    this.#stream.reset(isClients ? errorCodes.cancel : errorCodes.internalError);
  }

  switch(fields: Fields): Channel {
    this.#exchange = null;
    this.#isTunnel = true;
    const early = this.#early ?? new EarlyContent();
    this.#early = null;
    const channel = new StreamChannel(this.#stream, early, {
      ended: this.#ended,
      closed: () => this.#home.streamOver(this),
    });
    this.#stream.head(this.#home.heads.plain(200, fields), false);
    return channel;
  }

  #sendHead(): void {
    const head = this.#head;
    if (head === null) return;
    this.#head = null;
    this.#stream.head(head, false);
  }
}

const noFields = new Fields();
/** As in heads: a backend may read it as the field whose name has `-` there. */
const underscored: Failure = { kind: 'MalformedRequest', detail: 'underscore in the name of a trailer' };

function hasUnderscore(fields: Fields): boolean {
  for (let line = 0; line < fields.size; line += 1) if (fields.nameAt(line).includes('_')) return true;
  return false;
}
