import type { Channel } from '#dataplane/http/channel.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { ReceivedResponse } from '#dataplane/http/received.ts';
import type { UpstreamCluster } from '#dataplane/upstream/cluster.ts';
import type { UpstreamEndpoint } from '#dataplane/upstream/endpoint.ts';
import type { Outcome } from '#dataplane/upstream/health/endpoint-health.ts';
import type { SentRequest } from '#dataplane/upstream/sent-request.ts';
import type { Blame, ConnectEvents, Connecting, Seeker } from '#dataplane/upstream/transport.ts';
import type {
  Purpose,
  Reached,
  ResponseEvents,
  UpstreamExchange,
} from '#dataplane/upstream/upstream-exchange.ts';

/** Who makes an attempt, and hears how it fares. */
export interface AttemptOwner extends Seeker {
  readonly cluster: UpstreamCluster;
  readonly request: SentRequest;
  /** There is a connection, and the head is on it: now the content. */
  attemptSends(attempt: Attempt): void;
  attemptUnconnected(attempt: Attempt, failure: Failure, blame: Blame): void;
  interimHead(attempt: Attempt, response: ReceivedResponse): void;
  responseHead(attempt: Attempt, response: ReceivedResponse): void;
  responseSwitched(attempt: Attempt, response: ReceivedResponse): void;
  responseData(attempt: Attempt, data: Buffer): void;
  responseFlush(attempt: Attempt): void;
  responseEnd(attempt: Attempt, trailers: Fields | null): void;
  responseFailed(attempt: Attempt, failure: Failure, reached: Reached): void;
  requestReady(attempt: Attempt): void;
  keepsData(): boolean;
}

/**
 * One try at a request: an endpoint, a connection to it, the request on it and its answer. Counts as the endpoint's
 * load until it is over, and then tells the endpoint what became of it.
 */
export class Attempt implements ResponseEvents, ConnectEvents {
  readonly endpoint: UpstreamEndpoint;
  /** Null when nobody cares any more. */
  #owner: AttemptOwner | null;
  #exchange: UpstreamExchange | null = null;
  #connecting: Connecting | null = null;
  #status = 0;
  #isOver = false;

  constructor(endpoint: UpstreamEndpoint, owner: AttemptOwner) {
    this.endpoint = endpoint;
    this.#owner = owner;
    endpoint.load += 1;
  }

  /** Whether the request is on its way to the endpoint. */
  get isSending(): boolean {
    return this.#exchange !== null;
  }

  /** Octets of the request and its answer that are held. */
  get buffered(): number {
    return this.#exchange?.buffered ?? 0;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Begins. `Kept`: by a connection that is open already, if there is one. */
  start(purpose: Purpose, connection: 'Kept' | 'New'): void {
    const { transport } = this.endpoint;
    const owner = this.#owner;
    if (owner === null) return;
    const exchange = connection === 'Kept' ? transport.take(purpose, owner) : null;
    if (exchange !== null) {
      this.#send(exchange);
    } else if (owner.cluster.breaker.enter('Pending')) {
      this.#connecting = transport.connect(this, purpose, owner);
    } else {
      this.#unconnected({ kind: 'Overloaded' }, 'Nobody');
    }
  }

  data(data: Buffer): boolean {
    return this.#exchange?.data(data) ?? true;
  }

  end(trailers: Fields | null): void {
    this.#exchange?.end(trailers);
  }

  flush(): boolean {
    return this.#exchange?.flush() ?? true;
  }

  pause(): void {
    this.#exchange?.pause();
  }

  resume(): void {
    this.#exchange?.resume();
  }

  /** Gives it up; its owner hears nothing more. `outcome`: what it says of the endpoint, null for nothing. */
  abort(outcome: Outcome | null): void {
    this.#connecting?.abort();
    this.#waitNoMore();
    // that it asks whether its octets are still needed is the last that its owner hears
    this.#exchange?.abort();
    this.#exchange = null;
    this.#owner = null;
    this.#over(outcome);
  }

  /**
   * Gives up an answer whose head has come, for another attempt. If the rest has come with the head, its connection
   * serves on; else it is closed, since nobody would watch how long the rest takes.
   */
  drop(): void {
    this.#owner = null;
  }

  /** After a switch: what comes and goes then; null when the connection is gone. It is load until {@link abort}. */
  takeOver(): Channel | null {
    const exchange = this.#exchange;
    this.#exchange = null;
    return exchange?.takeOver() ?? null;
  }

  connected(exchange: UpstreamExchange): void {
    this.#waitNoMore();
    this.#send(exchange);
  }

  connectFailed(failure: Failure, blame: Blame): void {
    this.#waitNoMore();
    this.#unconnected(failure, blame);
  }

  interimHead(response: ReceivedResponse): void {
    this.#owner?.interimHead(this, response);
  }

  responseHead(response: ReceivedResponse): void {
    this.#status = response.status;
    this.#owner?.responseHead(this, response);
  }

  responseSwitched(response: ReceivedResponse): void {
    this.#status = response.status;
    this.#owner?.responseSwitched(this, response);
  }

  answerData(data: Buffer): void {
    this.#owner?.responseData(this, data);
  }

  responseFlush(): void {
    if (this.#owner === null) this.abort(this.#answered);
    else this.#owner.responseFlush(this);
  }

  responseEnd(trailers: Fields | null): void {
    this.#exchange = null;
    this.#over(this.#answered);
    this.#owner?.responseEnd(this, trailers);
  }

  responseFailed(failure: Failure, reached: Reached): void {
    this.#exchange = null;
    if (failure.kind === 'ClientGone') this.#over(this.#answered);
    else this.#over(reached === 'NotSent' ? null : 'Broken');
    this.#owner?.responseFailed(this, failure, reached);
  }

  requestReady(): void {
    this.#owner?.requestReady(this);
  }

  keepsData(): boolean {
    return this.#owner?.keepsData() ?? true;
  }

  get #answered(): Outcome {
    return this.#status >= 500 ? 'ServerError' : 'Answered';
  }

  #send(exchange: UpstreamExchange): void {
    const owner = this.#owner;
    if (owner === null) return;
    this.#exchange = exchange;
    exchange.begin(owner.request, this);
    owner.attemptSends(this);
  }

  #unconnected(failure: Failure, blame: Blame): void {
    this.#over(blame === 'Endpoint' ? 'ConnectFailed' : null);
    this.#owner?.attemptUnconnected(this, failure, blame);
  }

  #waitNoMore(): void {
    if (this.#connecting === null) return;
    this.#connecting = null;
    this.#owner?.cluster.breaker.leave('Pending');
  }

  #over(outcome: Outcome | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.endpoint.load -= 1;
    if (outcome !== null) this.endpoint.settled(outcome);
  }
}
