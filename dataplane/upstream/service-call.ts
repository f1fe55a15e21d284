// Questions that filters have: by the same endpoints, connections and breakers as requests to backends.
import { fieldLines } from '#dataplane/http/field-lines.ts';
import { noContent } from '#dataplane/http/framing.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import { isGrpc } from '#dataplane/http/grpc.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { ReceivedResponse } from '#dataplane/http/received.ts';
import type { CallLimits, ServiceAnswer, ServiceRequest } from '#dataplane/http/service-call.ts';
import { noHash } from './balance/balancer.ts';
import type { UpstreamCluster } from './cluster.ts';
import type { UpstreamEndpoint } from './endpoint.ts';
import type { Outcome } from './health/endpoint-health.ts';
import type { SentRequest } from './sent-request.ts';
import type { Blame, Caller, ConnectEvents, Connecting } from './transport.ts';
import type { Reached, ResponseEvents, UpstreamExchange } from './upstream-exchange.ts';

/** Endpoints that are asked, one after the other, where one takes no connection or says that it has done nothing. */
const triesMax = 2;

/** So much content is given to a connection at a time. */
const pieceBytes = 128 * 1024;

/** Asks an endpoint of `cluster`. Settles within its time, and never rejects. */
export function callService(
  cluster: UpstreamCluster,
  request: ServiceRequest,
  limits: CallLimits,
): Promise<ServiceAnswer> {
  if (!cluster.began()) return Promise.resolve(failed('too many requests to it are under way'));
  const { promise, resolve } = Promise.withResolvers<ServiceAnswer>();
  new ServiceCall(cluster, request, limits, resolve).start();
  return promise.finally(() => cluster.ended());
}

function failed(detail: string): ServiceAnswer {
  return { kind: 'Failed', detail };
}

const nobody: Caller = {
  source: { address: '127.0.0.1', port: 0 },
  destination: { address: '127.0.0.1', port: 0 },
};

class ServiceCall implements ConnectEvents, ResponseEvents {
  readonly caller = nobody;
  readonly #cluster: UpstreamCluster;
  readonly #request: ServiceRequest;
  readonly #sent: SentRequest;
  readonly #answerBytesMax: number;
  readonly #timer: NodeJS.Timeout;
  readonly #tried: UpstreamEndpoint[] = [];
  readonly #chunks: Buffer[] = [];
  #tell: ((answer: ServiceAnswer) => void) | null;
  #endpoint: UpstreamEndpoint | null = null;
  #connecting: Connecting | null = null;
  #exchange: UpstreamExchange | null = null;
  /** Content that follows; null once the request is whole. */
  #unsent: Buffer[] | null = null;
  #response: ReceivedResponse | null = null;
  #bytes = 0;

  constructor(
    cluster: UpstreamCluster,
    request: ServiceRequest,
    { timeoutMs, answerBytesMax }: CallLimits,
    tell: (answer: ServiceAnswer) => void,
  ) {
    this.#cluster = cluster;
    this.#request = request;
    this.#sent = sentRequest(request);
    this.#answerBytesMax = answerBytesMax;
    this.#tell = tell;
    this.#timer = setTimeout(() => this.#giveUp('it did not answer in time', 'TimedOut'), timeoutMs);
  }

  start(): void {
    const endpoint = this.#cluster.pick(noHash, this.#tried);
    if (endpoint === null || this.#tried.includes(endpoint)) {
      this.#over(failed(endpoint === null ? 'it has no endpoint ready' : 'it cannot be reached'));
      return;
    }
    this.#tried.push(endpoint);
    this.#endpoint = endpoint;
    endpoint.load += 1;
    const exchange = endpoint.transport.take('Once', this);
    if (exchange !== null) this.#send(exchange);
    else if (this.#cluster.breaker.enter('Pending')) {
      this.#connecting = endpoint.transport.connect(this, 'Once', this);
    } else {
      this.#leave(null);
      this.#over(failed('too many connections to it are waited for'));
    }
  }

  connected(exchange: UpstreamExchange): void {
    this.#waitNoMore();
    this.#send(exchange);
  }

  connectFailed(failure: Failure, blame: Blame): void {
    this.#waitNoMore();
    this.#leave(blame === 'Endpoint' ? 'ConnectFailed' : null);
    this.#again(failure.kind);
  }

  interimHead(): void {}

  responseHead(response: ReceivedResponse): void {
    this.#response = response;
  }

  responseSwitched(): void {
    this.#giveUp('it switched protocols', 'Broken');
  }

  answerData(data: Buffer): void {
    this.#bytes += data.length;
    if (this.#bytes > this.#answerBytesMax) this.#giveUp('its answer is too long', 'Answered');
    // what is told is lent
    else this.#chunks.push(Buffer.from(data));
  }

  responseFlush(): void {}

  responseEnd(trailers: Fields | null): void {
    this.#exchange = null;
    const { status, fields } = this.#response ?? { status: 0, fields: null };
    this.#leave(status >= 500 ? 'ServerError' : 'Answered');
    this.#over(
      fields === null
        ? failed('it did not answer')
        : { kind: 'Answered', status, fields, content: Buffer.concat(this.#chunks), trailers },
    );
  }

  responseFailed(failure: Failure, reached: Reached): void {
    this.#exchange = null;
    this.#leave(reached === 'NotSent' ? null : 'Broken');
    if (reached === 'NotActedOn') this.#again(failure.kind);
    else this.#fail(failure.kind);
  }

  requestReady(): void {
    if (this.#exchange !== null) this.#sendOn(this.#exchange);
  }

  keepsData(): boolean {
    return false;
  }

  #send(exchange: UpstreamExchange): void {
    this.#exchange = exchange;
    this.#unsent = this.#request.content?.flatMap(piecesOf) ?? [];
    exchange.begin(this.#sent, this);
    this.#sendOn(exchange);
  }

  /** What is not taken yet stays here: where it waited to be sent it would be held a second time. */
  #sendOn(exchange: UpstreamExchange): void {
    while (this.#exchange === exchange && this.#unsent !== null) {
      const piece = this.#unsent.shift();
      if (piece === undefined) {
        this.#unsent = null;
        exchange.end(null);
      } else if (!exchange.data(piece)) return;
    }
  }

  #again(detail: string): void {
    if (this.#tell === null) return;
    if (this.#tried.length < triesMax) this.start();
    else this.#over(failed(detail));
  }

  #giveUp(detail: string, outcome: Outcome): void {
    this.#connecting?.abort();
    // no word of a connection that was only waited for
    const isAsked = this.#exchange !== null;
    this.#waitNoMore();
    this.#exchange?.abort();
    this.#exchange = null;
    this.#leave(isAsked ? outcome : null);
    this.#fail(detail);
  }

  #waitNoMore(): void {
    if (this.#connecting === null) return;
    this.#connecting = null;
    this.#cluster.breaker.leave('Pending');
  }

  #leave(outcome: Outcome | null): void {
    const endpoint = this.#endpoint;
    this.#endpoint = null;
    if (endpoint === null) return;
    endpoint.load -= 1;
    if (outcome !== null) endpoint.settled(outcome);
  }

  #fail(detail: string): void {
    const response = this.#response;
    this.#over(response === null ? failed(detail) : { kind: 'Unread', status: response.status, detail });
  }

  #over(answer: ServiceAnswer): void {
    const tell = this.#tell;
    this.#tell = null;
    clearTimeout(this.#timer);
    tell?.(answer);
  }
}

function piecesOf(part: Buffer): readonly Buffer[] {
  const count = Math.ceil(part.length / pieceBytes);
  return Array.from({ length: count }, (_, at) => part.subarray(at * pieceBytes, (at + 1) * pieceBytes));
}

function sentRequest({ method, path, query, authority, fields, content }: ServiceRequest): SentRequest {
  const length = content?.reduce((sum, part) => sum + part.length, 0) ?? noContent;
  const line = `${method} ${path}${query === null ? '' : `?${query}`} HTTP/1.1\r\nHost: ${authority}\r\n`;
  const framing = length === noContent ? '' : `Content-Length: ${length}\r\n`;
  return {
    head: { method, path, query, authority, fields },
    length,
    upgrade: '',
    webSocketKey: null,
    takesTrailers: isGrpc(fields.get('content-type')),
    text: () => `${line}${fieldLines(fields)}${framing}\r\n`,
  };
}
