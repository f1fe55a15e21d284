import assert from 'node:assert';
import { EarlyContent } from '#dataplane/http/early-content.ts';
import { joinedBytesMax } from '#dataplane/http/message-writer.ts';
import { errorCodes } from '#dataplane/h2/error-code.ts';
import { StreamChannel } from '#dataplane/h2/stream-channel.ts';
import { chunkedLength, listHas, noContent } from '#dataplane/http/framing.ts';
import { webSocketAccept } from '../web-socket-key.ts';
import type { Http2Connection } from './connection.ts';
import type { SentRequest } from '../sent-request.ts';
import type { Reached, ResponseEvents, UpstreamExchange } from '../upstream-exchange.ts';
import type { ResponseBlock } from '#dataplane/h2/header-block.ts';
import type { H2Stream, StreamEvents } from '#dataplane/h2/stream.ts';
import type { Channel } from '#dataplane/http/channel.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { ContentLength } from '#dataplane/http/framing.ts';
import type { ReceivedResponse } from '#dataplane/http/received.ts';

/** A backend that sends more interim answers than this for one request is not sane. */
const interimHeadsMax = 20;

/**
 * One request and its answer as a stream of HTTP/2. What comes while the client is slow is kept here, a stream's
 * window at most; windows are given back when it has gone on, so that backends send at their clients' pace.
 */
export class Http2Exchange implements UpstreamExchange, StreamEvents {
  readonly #connection: Http2Connection;
  #stream: H2Stream | null = null;
  #user: ResponseEvents | null = null;
  #request: SentRequest | null = null;
  #requestEnded = false;
  #begunMs = 0;
  #interimHeads = 0;
  #headCame = false;
  /** Of the content: what was announced, -1 for nothing; and what came. */
  #declared = -1;
  #came = 0;
  #paused = false;
  readonly #kept = new EarlyContent();
  /** The end of the answer, that is told when what is kept has gone on. */
  #end: { readonly trailers: Fields | null } | null = null;

  constructor(connection: Http2Connection) {
    this.#connection = connection;
  }

  get buffered(): number {
    return this.#kept.held + (this.#stream?.unsent ?? 0);
  }

  begin(request: SentRequest, user: ResponseEvents): void {
    this.#user = user;
    this.#request = request;
    this.#begunMs = this.#connection.nowMs;
    const { heads, scheme } = this.#connection;
    const isTunnel = isWebSocket(request);
    const ended = !isTunnel && (request.length === noContent || request.length === 0);
    const block = isTunnel ? heads.webSocket(request, scheme) : heads.request(request, scheme);
    this.#requestEnded = ended;
    if (!this.#connection.takesBlock) {
      this.#failSoon({ kind: 'HeadTooLarge' }, 'NotSent');
      return;
    }
    this.#stream = this.#connection.open(block, ended, this);
    if (this.#stream !== null) return;
    this.#failSoon({ kind: 'BackendClosed', detail: 'the connection takes no more requests' }, 'NotActedOn');
  }

  data(data: Buffer): boolean {
    return this.#stream?.data(data) ?? true;
  }

  end(trailers: Fields | null): void {
    if (this.#requestEnded || this.#isTunnel) return;
    this.#requestEnded = true;
    const block = trailers === null ? null : this.#connection.heads.trailers(trailers);
    if (block === null || this.#connection.takesBlock) {
      this.#stream?.end(block);
      return;
    }
    this.#kept.clear();
    this.#stream?.reset(errorCodes.cancel);
    this.#failSoon({ kind: 'HeadTooLarge' }, this.#headCame ? 'Answering' : 'NotSent');
  }

  flush(): boolean {
    return (this.#stream?.unsent ?? 0) === 0;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#kept.size === 0 && this.#end === null) return;
    if (this.#kept.size > 0) this.#pass(this.#kept.take());
    if (this.#end !== null && this.#kept.size === 0) this.#finish(this.#end);
    else this.#user?.responseFlush();
  }

  abort(): void {
    if (this.#requestEnded && !this.#headCame) this.#connection.unanswered(this.#begunMs);
    this.#user = null;
    this.#kept.clear();
    this.#stream?.reset(errorCodes.cancel);
  }

  takeOver(): Channel {
    const stream = this.#stream;
    assert(stream !== null, 'no stream has been left');
    this.#user = null;
    const closed = (): void => this.#connection.streamOver();
    return new StreamChannel(stream, this.#kept, { ended: this.#end !== null, closed });
  }

  // ---- the stream's side

  streamHead(head: ResponseBlock, ended: boolean): void {
    if (head.status < 200) {
      this.#interimHeads += 1;
      if (this.#interimHeads > interimHeadsMax) this.#malformed('too many interim answers');
      else this.#user?.interimHead(receivedOf(head, noContent));
      return;
    }
    this.#headCame = true;
    if (this.#isTunnel && head.status < 300) {
      this.#user?.responseSwitched(switchedOf(head, this.#request));
      return;
    }
    const length = this.#lengthOf(head, ended);
    this.#declared = length === noContent ? 0 : head.contentLength;
    if (ended && length > 0) {
      this.#malformed('content shorter than announced');
      return;
    }
    this.#user?.responseHead(receivedOf(head, length));
    if (ended) this.#finish({ trailers: null });
  }

  streamData(data: Buffer): void {
    this.#came += data.length;
    if (this.#declared !== -1 && this.#came > this.#declared) {
      this.#malformed('content longer than announced');
      return;
    }
    if (this.#paused || this.#kept.size > 0) this.#kept.push(data);
    else this.#pass(data);
  }

  streamEnd(trailers: Fields | null): void {
    if (this.#declared > this.#came) this.#malformed('content shorter than announced');
    else this.#finish({ trailers });
  }

  streamFlush(): void {
    if (!this.#paused) this.#user?.responseFlush();
  }

  streamReady(): void {
    this.#user?.requestReady();
  }

  streamReset(code: number, actedOn: boolean): void {
    if (this.#end !== null) return;
    this.#kept.clear();
    const detail = code === errorCodes.cancel ? this.#connection.detail : `reset by the backend: ${code}`;
    this.#take()?.responseFailed({ kind: 'BackendClosed', detail }, this.#reached(actedOn));
  }

  streamClosed(): void {
    this.#connection.streamOver();
  }

  // ---- the answer

  get #isTunnel(): boolean {
    return this.#request !== null && isWebSocket(this.#request);
  }

  #pass(data: Buffer): void {
    const user = this.#user;
    user?.answerData(data);
    if (data.length > joinedBytesMax && user?.keepsData() === true) this.#connection.keepsRead();
    this.#stream?.credit(data.length);
  }

  /** The answer is whole. A request that is not is of no use to anybody any more. */
  #finish(end: { readonly trailers: Fields | null }): void {
    if (this.#kept.size > 0) {
      this.#end = end;
      return;
    }
    const user = this.#take();
    if (!this.#requestEnded) this.#stream?.reset(errorCodes.cancel);
    user?.responseEnd(end.trailers);
  }

  /** Whatever a backend says when it gives up: an answer that has begun was acted on. */
  #reached(actedOn: boolean): Reached {
    if (this.#headCame) return 'Answering';
    return actedOn || this.#interimHeads > 0 ? 'Unanswered' : 'NotActedOn';
  }

  #malformed(detail: string): void {
    const user = this.#take();
    this.#kept.clear();
    this.#stream?.reset(errorCodes.protocolError);
    user?.responseFailed({ kind: 'MalformedResponse', detail }, 'Answering');
  }

  /** Never at once: who begins, or ends, has not been told that it has. */
  #failSoon(failure: Failure, reached: Reached): void {
    process.nextTick(() => this.#take()?.responseFailed(failure, reached));
  }

  /** The user, who hears nothing more from here. */
  #take(): ResponseEvents | null {
    const user = this.#user;
    this.#user = null;
    return user;
  }

  /** RFC 9110 section 6.4.1, and where nothing follows the head. */
  #lengthOf({ status, contentLength }: ResponseBlock, ended: boolean): ContentLength {
    if (this.#request?.head.method === 'HEAD' || status === 204 || status === 304) return noContent;
    if (contentLength !== -1) return contentLength;
    return ended ? 0 : chunkedLength;
  }
}

function receivedOf(
  { status, fields, contentLength }: ResponseBlock,
  length: ContentLength,
): ReceivedResponse {
  return {
    status,
    fields,
    length,
    declaredLength: contentLength,
    persistent: true,
    connectionOptions: '',
    keepAlive: '',
    upgrade: '',
  };
}

/** As HTTP/1.1 would have it: a client that sent a key is to be shown that it was understood (RFC 6455 section 4.2.2). */
function switchedOf(head: ResponseBlock, request: SentRequest | null): ReceivedResponse {
  const key = request?.head.fields.get('sec-websocket-key');
  if (key !== undefined) head.fields.set('sec-websocket-accept', webSocketAccept(key));
  return { ...receivedOf(head, noContent), status: 101, upgrade: 'websocket' };
}

/** The one protocol to which HTTP/2 can be left; others are offers that a server may pass over. */
function isWebSocket({ upgrade }: SentRequest): boolean {
  return upgrade !== '' && listHas(upgrade, 'websocket');
}
