import { forwardedTrailers } from './forwarded.ts';
import type { Downstream } from './downstream.ts';
import type { Channel } from '#dataplane/http/channel.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { ReceivedResponse } from '#dataplane/http/received.ts';
import type { SentRequest } from '#dataplane/upstream/sent-request.ts';
import type { UpstreamCluster } from '#dataplane/upstream/cluster.ts';
import type { ResponseEvents, UpstreamConnection } from '#dataplane/upstream/http1/connection.ts';
import type { ConnectEvents, Connecting, EndpointPool } from '#dataplane/upstream/endpoint-pool.ts';

/** Is told how a forwarded request fares; the answer's own events come as {@link ResponseEvents} tells them. */
export interface ForwardEvents {
  /** A new attempt begins: its own time starts. */
  attemptBegins(): void;
  interimHead(response: ReceivedResponse): void;
  responseHead(response: ReceivedResponse): void;
  responseSwitched(response: ReceivedResponse): void;
  responseData(data: Buffer): void;
  responseEnd(trailers: Fields | null): void;
  responseFlush(): void;
  /** It cannot be, or was not, answered. */
  forwardFailed(failure: Failure): void;
}

/** Tries for one request, at as many endpoints where there are so many. */
const triesMax = 5;
/** Times it is sent again: each may cost another backend, if it is the request that kills them. */
const repeatsMax = 2;

/**
 * The backend's side of one exchange: picks an endpoint and a connection, sends the request on, and tries again
 * where that cannot do harm. A connection that could not be opened: another endpoint, whatever the method. One that
 * died before an octet of its answer: another endpoint, or once more the only one there is, when the request may be
 * repeated (RFC 9110 section 9.2.2). All within the time that the exchange has.
 */
export class Forwarding implements ResponseEvents, ConnectEvents {
  /** Requests sent to a backend. */
  attempts = 0;

  readonly #request: SentRequest;
  readonly #cluster: UpstreamCluster;
  readonly #downstream: Downstream;
  readonly #events: ForwardEvents;
  #pool: EndpointPool | null = null;
  #connection: UpstreamConnection | null = null;
  #connecting: Connecting | null = null;
  #tried: readonly EndpointPool[] = none;
  #tries = 0;
  #repeats = 0;
  #contentSent = false;
  #contentEnded = false;

  constructor(request: SentRequest, cluster: UpstreamCluster, downstream: Downstream, events: ForwardEvents) {
    this.#request = request;
    this.#cluster = cluster;
    this.#downstream = downstream;
    this.#events = events;
  }

  /** The endpoint of the present or last attempt. */
  get endpoint(): string | null {
    return this.#pool?.name ?? null;
  }

  /** Begins. `contentEnded`: the request is whole already. */
  start(contentEnded: boolean): void {
    this.#contentEnded = contentEnded;
    this.#attempt(this.#cluster.pick(none));
  }

  contentData(data: Buffer): void {
    this.#contentSent = true;
    if (this.#connection?.data(data) === false) this.#downstream.hold();
  }

  contentFlush(): void {
    if (!this.#contentEnded && this.#connection?.flush() === false) this.#downstream.hold();
  }

  contentEnd(trailers: Fields | null): void {
    this.#contentEnded = true;
    const { fields } = this.#request.head;
    this.#connection?.end(trailers === null ? null : forwardedTrailers(trailers, fields));
  }

  /** The client is slow, or no longer. */
  pause(): void {
    this.#connection?.pause();
  }

  resume(): void {
    this.#connection?.resume();
  }

  /** Gives the request up; nothing more is told. */
  abort(): void {
    this.#connecting?.abort();
    this.#connection?.abort();
    this.#connecting = null;
    this.#connection = null;
  }

  /** After a switch: what comes and goes then; null when the connection is gone. */
  takeOver(): Channel | null {
    const connection = this.#connection;
    this.#connection = null;
    return connection?.takeOver() ?? null;
  }

  connected(connection: UpstreamConnection): void {
    this.#connecting = null;
    this.#send(connection);
  }

  connectFailed(detail: string): void {
    this.#connecting = null;
    const failed = this.#pool;
    const next = this.#another();
    if (next !== null && !this.#tried.includes(next)) this.#attempt(next);
    else this.#events.forwardFailed({ kind: 'ConnectFailed', detail: `${failed?.name}: ${detail}` });
  }

  interimHead(response: ReceivedResponse): void {
    this.#events.interimHead(response);
  }

  responseHead(response: ReceivedResponse): void {
    this.#events.responseHead(response);
  }

  responseSwitched(response: ReceivedResponse): void {
    this.#events.responseSwitched(response);
  }

  /** Content of the answer. */
  answerData(data: Buffer): void {
    this.#events.responseData(data);
  }

  responseEnd(trailers: Fields | null): void {
    this.#connection = null;
    this.#events.responseEnd(trailers);
  }

  responseFlush(): void {
    this.#events.responseFlush();
  }

  responseFailed(failure: Failure, untouched: boolean): void {
    this.#connection = null;
    const next = untouched && this.#repeats < repeatsMax && this.#isRepeatable() ? this.#another() : null;
    if (next === null || (this.#repeats > 0 && this.#tried.includes(next))) {
      this.#events.forwardFailed(failure);
      return;
    }
    this.#repeats += 1;
    this.#attempt(next);
  }

  keepsData(): boolean {
    return this.#downstream.keepsData();
  }

  requestReady(): void {
    if (!this.#contentEnded) this.#downstream.want();
  }

  /** Where to try again after a failure: at an endpoint not tried yet, if there is one. Null after enough tries. */
  #another(): EndpointPool | null {
    if (this.#pool !== null) this.#tried = [...this.#tried, this.#pool];
    return this.#tries < triesMax ? this.#cluster.pick(this.#tried) : null;
  }

  #attempt(pool: EndpointPool | null): void {
    if (pool === null) {
      this.#events.forwardFailed({ kind: 'NoEndpoint' });
      return;
    }
    const isFirst = this.#tries === 0;
    // content that comes while there is no connection would have nowhere to go
    if (!isFirst && !this.#contentEnded) this.#downstream.hold();
    this.#pool = pool;
    this.#tries += 1;
    this.#events.attemptBegins();
    // after a failure only a new connection tells whether the endpoint is there
    const switches = this.#request.upgrade !== '';
    const takesKept = isFirst && !switches;
    const connection = takesKept ? pool.take(this.#isIdempotent ? 'Safe' : 'Unsafe') : null;
    if (connection === null) this.#connecting = pool.connect(this, switches ? 'Stream' : 'Http');
    else this.#send(connection);
  }

  #send(connection: UpstreamConnection): void {
    this.attempts += 1;
    this.#connection = connection;
    connection.begin(this.#request, this);
    if (this.#contentEnded) connection.end(null);
    else this.#downstream.want();
  }

  /** Nothing of its content is gone, and either it may be repeated or it cannot have been acted on. */
  #isRepeatable(): boolean {
    if (this.#contentSent) return false;
    return this.#isIdempotent || !this.#contentEnded;
  }

  get #isIdempotent(): boolean {
    return isIdempotent(this.#request.head.method);
  }
}

const none: readonly EndpointPool[] = [];

/** RFC 9110 section 9.2.2. */
function isIdempotent(method: string): boolean {
  switch (method) {
    case 'GET':
    case 'HEAD':
    case 'OPTIONS':
    case 'PUT':
    case 'DELETE':
      return true;
    default:
      return false;
  }
}
