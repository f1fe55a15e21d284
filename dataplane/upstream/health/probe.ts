// How an endpoint is asked whether it is well: by a connection of its own, and a request on it as the check says.
// What comes of the answer is for others to say.
import { Fields } from '#dataplane/http/fields.ts';
import { noContent } from '#dataplane/http/framing.ts';
import { Dial } from '../dial.ts';
import { grpcHealthRequest, isServing } from './grpc-health.ts';
import type { ReceivedResponse } from '#dataplane/http/received.ts';
import type { HealthCheck, HttpHealthCheck } from '#snapshot/cluster-health.ts';
import type { ClientTls } from '../client-tls.ts';
import type { SentRequest } from '../sent-request.ts';
import type { UpstreamSurroundings } from '../surroundings.ts';
import type { ConnectEvents, Connecting, Destination } from '../transport.ts';
import type { Purpose, ResponseEvents, UpstreamExchange } from '../upstream-exchange.ts';
import type { Ask, Probe } from './prober.ts';

/** Someone who is asked. */
export interface Asked {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly outside: Destination['outside'];
}

/** How endpoints are reached for their checks: by connections that nothing else uses and no limit counts. */
export interface ProbeRoads {
  readonly around: UpstreamSurroundings;
  readonly tls: ClientTls | null;
  /** What connections begin with; null for nothing. */
  readonly header: Buffer | null;
  /** Ways for HTTP checks as requests go; for gRPC by HTTP/2. */
  roadTo(to: Destination, check: 'HTTP' | 'GRPC'): Road;
}

/** A transport for one exchange that is nobody's. */
export interface Road {
  connect(events: ConnectEvents, purpose: Purpose): Connecting;
  retire(): void;
}

/** Asks once, by the terms of `check`. */
export function askBy(check: HealthCheck, roads: ProbeRoads): Ask<Asked> {
  switch (check.kind) {
    case 'TCP':
      return (endpoint, told) => {
        const terms = { tls: roads.tls, header: roads.header, timeoutMs: check.timeoutMs, memory: null };
        return new Dial(unmoved(endpoint), roads.around, terms, {
          dialed(socket) {
            socket.on('error', () => {});
            socket.destroy();
            told(true);
          },
          dialFailed: () => told(false),
        });
      };
    case 'HTTP':
      return (endpoint, told) => {
        const isGood = (response: ReceivedResponse): boolean => check.codes.includes(response.status);
        const road = roads.roadTo(unmoved(endpoint), 'HTTP');
        return new RequestProbe(road, httpRequest(check, endpoint), { isGood, content: null }, told);
      };
    case 'GRPC':
      return (endpoint, told) => {
        const isGood = (response: ReceivedResponse): boolean => response.status === 200;
        const road = roads.roadTo(unmoved(endpoint), 'GRPC');
        const request = grpcHealthRequest(check, endpoint.name);
        return new RequestProbe(road, request, { isGood, content: isServing }, told);
      };
  }
}

/** What a check finds out is said by itself, and moves no request at once. */
function unmoved({ address, port, outside }: Asked): Destination {
  const nothing = (): void => {};
  return { address, port, outside, approached: nothing, doubt: nothing, trust: nothing };
}

function httpRequest({ path, host }: HttpHealthCheck, { name }: Asked): ProbeRequest {
  const authority = host === '' ? name : host;
  const fields = new Fields();
  fields.append('user-agent', 'turnpike', 'User-Agent');
  const [before = '/', query = null] = path.split(/\?(?<query>.*)/su, 2);
  return {
    head: { method: 'GET', path: before, query, authority, fields },
    length: noContent,
    upgrade: '',
    webSocketKey: null,
    takesTrailers: false,
    text: () => `GET ${path} HTTP/1.1\r\nHost: ${authority}\r\nUser-Agent: turnpike\r\n\r\n`,
    content: null,
  };
}

/** A request with all its content. */
export interface ProbeRequest extends SentRequest {
  readonly content: Buffer | null;
}

/** Which answer is good: by its head, and by its content if that is asked for. */
interface Expectation {
  readonly isGood: (response: ReceivedResponse) => boolean;
  readonly content: ((content: Buffer) => boolean) | null;
}

/** The most content of an answer that is looked at. */
const contentBytesMax = 1024;

/** One request by a connection of its own. */
class RequestProbe implements Probe, ConnectEvents, ResponseEvents {
  readonly #request: ProbeRequest;
  readonly #expectation: Expectation;
  readonly #connecting: Connecting;
  #told: ((isGood: boolean) => void) | null;
  #exchange: UpstreamExchange | null = null;
  #content = Buffer.alloc(0);

  constructor(road: Road, request: ProbeRequest, expectation: Expectation, told: (isGood: boolean) => void) {
    this.#request = request;
    this.#expectation = expectation;
    this.#told = told;
    this.#connecting = road.connect(this, 'Idempotent');
    // nothing of it is kept for later
    road.retire();
  }

  abort(): void {
    this.#told = null;
    if (this.#exchange === null) this.#connecting.abort();
    else this.#exchange.abort();
    this.#exchange = null;
  }

  connected(exchange: UpstreamExchange): void {
    this.#exchange = exchange;
    exchange.begin(this.#request, this);
    if (this.#request.content !== null) exchange.data(this.#request.content);
    exchange.end(null);
  }

  connectFailed(): void {
    this.#tell(false);
  }

  interimHead(): void {}

  responseHead(response: ReceivedResponse): void {
    if (!this.#expectation.isGood(response)) this.#tell(false);
    else if (this.#expectation.content === null) this.#tell(true);
  }

  responseSwitched(): void {
    this.#tell(false);
  }

  answerData(data: Buffer): void {
    if (this.#content.length + data.length > contentBytesMax) this.#tell(false);
    else this.#content = Buffer.concat([this.#content, data]);
  }

  responseEnd(): void {
    this.#exchange = null;
    this.#tell(this.#expectation.content?.(this.#content) === true);
  }

  responseFlush(): void {}

  responseFailed(): void {
    this.#exchange = null;
    this.#tell(false);
  }

  requestReady(): void {}

  keepsData(): boolean {
    return false;
  }

  #tell(isGood: boolean): void {
    const told = this.#told;
    this.#told = null;
    this.#exchange?.abort();
    this.#exchange = null;
    told?.(isGood);
  }
}
