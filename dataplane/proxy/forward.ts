import { fieldLines } from './head-text.ts';
import { forwardedTrailers } from './forwarded.ts';
import type { Downstream } from './downstream.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { ContentLength } from '#dataplane/http/framing.ts';
import type { ReceivedResponse } from '#dataplane/http/received.ts';
import type { UpstreamCluster } from '#dataplane/upstream/cluster.ts';
import type { ResponseEvents, UpstreamConnection } from '#dataplane/upstream/connection.ts';
import type { ConnectEvents, Connecting, EndpointPool } from '#dataplane/upstream/endpoint-pool.ts';

/** Is told how a forwarded request fares; the answer's own events come as {@link ResponseEvents} tells them. */
export interface ForwardEvents {
  /** A new attempt begins: its own time starts. */
  attemptBegins(): void;
  interimHead(response: ReceivedResponse): void;
  responseHead(response: ReceivedResponse): void;
  responseSwitched(response: ReceivedResponse, rest: Buffer): void;
  responseData(data: Buffer): void;
  responseEnd(trailers: Fields | null): void;
  responseFlush(): void;
  /** It cannot be, or was not, answered. */
  forwardFailed(failure: Failure): void;
}

/** What is to be forwarded. */
export interface Outgoing {
  /** The head as text, with its empty line. */
  readonly head: string;
  readonly fields: Fields;
  readonly method: string;
  readonly length: ContentLength;
  /** It offers to leave HTTP: takes a connection of its own, that can become a tunnel. */
  readonly switches: boolean;
}

/** Endpoints tried for one request. */
const attemptsMax = 3;

/**
 * The backend's side of one exchange: picks an endpoint and a connection, sends the request on, and tries again
 * where that cannot do harm. A connection that could not be opened: another endpoint, whatever the method. One that
 * died before an octet of its answer: once more, when the request may be repeated (RFC 9110 section 9.2.2).
 */
export class Forwarding implements ResponseEvents, ConnectEvents {
  readonly head: string;
  readonly method: string;
  readonly length: ContentLength;
  readonly switches: boolean;
  /** Requests sent to a backend. */
  attempts = 0;

  readonly #fields: Fields;
  readonly #cluster: UpstreamCluster;
  readonly #downstream: Downstream;
  readonly #events: ForwardEvents;
  #pool: EndpointPool | null = null;
  #connection: UpstreamConnection | null = null;
  #connecting: Connecting | null = null;
  #tries = 0;
  #hasRetried = false;
  #contentSent = false;
  #contentEnded = false;

  constructor(outgoing: Outgoing, cluster: UpstreamCluster, downstream: Downstream, events: ForwardEvents) {
    this.head = outgoing.head;
    this.method = outgoing.method;
    this.length = outgoing.length;
    this.switches = outgoing.switches;
    this.#fields = outgoing.fields;
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
    this.#attempt(null);
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
    this.#connection?.end(trailers === null ? '' : fieldLines(forwardedTrailers(trailers, this.#fields)));
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

  /** After a 101: the connection leaves HTTP. */
  takeConnection(): UpstreamConnection | null {
    const connection = this.#connection;
    this.#connection = null;
    return connection;
  }

  connected(connection: UpstreamConnection): void {
    this.#connecting = null;
    this.#send(connection);
  }

  connectFailed(detail: string): void {
    this.#connecting = null;
    const failed = this.#pool;
    if (this.#tries < attemptsMax && this.#cluster.pick(failed) !== failed) this.#attempt(failed);
    else this.#events.forwardFailed({ kind: 'ConnectFailed', detail: `${failed?.name}: ${detail}` });
  }

  interimHead(response: ReceivedResponse): void {
    this.#events.interimHead(response);
  }

  responseHead(response: ReceivedResponse): void {
    this.#events.responseHead(response);
  }

  responseSwitched(response: ReceivedResponse, rest: Buffer): void {
    this.#events.responseSwitched(response, rest);
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
    if (untouched && !this.#hasRetried && this.#isRepeatable()) {
      this.#hasRetried = true;
      this.#attempt(this.#pool);
      return;
    }
    this.#events.forwardFailed(failure);
  }

  keepsData(): boolean {
    return this.#downstream.keepsData();
  }

  requestReady(): void {
    if (!this.#contentEnded) this.#downstream.want();
  }

  /** Tries the endpoint whose turn it is. After a failure at `failed`, another one or at least a new connection. */
  #attempt(failed: EndpointPool | null): void {
    // content that comes while there is no connection would have nowhere to go
    if (failed !== null && !this.#contentEnded) this.#downstream.hold();
    const pool = this.#cluster.pick(failed);
    this.#pool = pool ?? this.#pool;
    if (pool === null) {
      this.#events.forwardFailed({ kind: 'NoEndpoint' });
      return;
    }
    this.#tries += 1;
    this.#events.attemptBegins();
    const connection =
      pool === failed || this.switches ? null : pool.take(isIdempotent(this.method) ? 'Safe' : 'Unsafe');
    if (connection === null) this.#connecting = pool.connect(this, this.switches ? 'Stream' : 'Http');
    else this.#send(connection);
  }

  #send(connection: UpstreamConnection): void {
    this.attempts += 1;
    this.#connection = connection;
    connection.begin(this, this);
    if (this.#contentEnded) connection.end('');
    else this.#downstream.want();
  }

  /** Nothing of its content is gone, and either it may be repeated or it cannot have been acted on. */
  #isRepeatable(): boolean {
    if (this.#contentSent) return false;
    return isIdempotent(this.method) || !this.#contentEnded;
  }
}

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
