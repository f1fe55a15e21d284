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
  #tried: readonly EndpointPool[] = none;
  #tries = 0;
  #repeats = 0;
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
    const takesKept = isFirst && !this.switches;
    const connection = takesKept ? pool.take(isIdempotent(this.method) ? 'Safe' : 'Unsafe') : null;
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
