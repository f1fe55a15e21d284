import { Breaker } from './breaker.ts';
import { CallerPools } from './caller-pools.ts';
import { ClientTls } from './client-tls.ts';
import { ConnectionRoom } from './connection-room.ts';
import { ClusterCounts } from './figures.ts';
import { UpstreamEndpoint } from './endpoint.ts';
import { EndpointListing, noEndpoints } from './listing.ts';
import { OutsideHost } from './outside-host.ts';
import { RetryBudget } from './retry-budget.ts';
import { noHash } from './balance/balancer.ts';
import { balanceTerms, choiceFor, hashKeyFor } from './balance/cluster-balance.ts';
import { SlowStart } from './balance/slow-start.ts';
import { ClusterHealth } from './health/cluster-health.ts';
import { askBy } from './health/probe.ts';
import { probeRoads } from './health/probe-roads.ts';
import { Http1Pool } from './http1/pool.ts';
import { Http2Pool } from './http2/pool.ts';
import type { Outcome } from './health/endpoint-health.ts';
import type { EndpointOwner } from './endpoint.ts';
import type { ConnectionTerms, UpstreamSurroundings } from './surroundings.ts';
import type { Transport } from './transport.ts';
import type { EndpointChoice } from './balance/endpoint-choice.ts';
import type { HashKey } from './balance/hash-key.ts';
import { createAddressRule } from '#snapshot/address-rule.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { Certificate } from '#snapshot/certificate.ts';
import type { BackendConnections, Cluster, Endpoint } from '#snapshot/cluster.ts';
import type { EndpointList } from '#snapshot/endpoint-lists.ts';

/**
 * A backend to which requests are balanced. It outlives runtimes: endpoints and connections stay while rules come
 * and go, and while its own settings change.
 */
export class UpstreamCluster implements EndpointOwner, ConnectionTerms {
  readonly around: UpstreamSurroundings;
  readonly room: ConnectionRoom;
  readonly breaker: Breaker;
  readonly counts = new ClusterCounts();
  /** Copies of requests that are under way here. */
  mirrors = 0;

  #resource: Cluster;
  #certificate: Certificate | null;
  #tls: ClientTls | null;
  #streamTls: ClientTls | null = null;
  #budget: RetryBudget | null = null;
  /** Null until somebody asks for an endpoint: most of ten thousand clusters are never asked here. */
  #parts: Parts | null = null;
  #listed = noEndpoints;
  /** It is swept: something here changes with time. */
  #isAwake = false;
  #isRetired = false;

  /** `certificate`: what it shows to backends that ask; null for none. */
  constructor(resource: Cluster, certificate: Certificate | null, around: UpstreamSurroundings) {
    this.around = around;
    this.#resource = resource;
    this.#certificate = certificate;
    this.breaker = new Breaker(resource.breaker);
    this.room = new ConnectionRoom(this.breaker, around);
    this.#tls = tlsOf(resource, certificate);
  }

  /** `<namespace>/<service>:<port>`: a label. */
  get name(): string {
    return this.#resource.name;
  }

  get connections(): BackendConnections {
    return this.#resource.connections;
  }

  get budget(): RetryBudget {
    return (this.#budget ??= new RetryBudget(this.#resource.budget, this.around.nowMs));
  }

  /** Whether it was ever asked for an endpoint, or checks its own. */
  get isUsed(): boolean {
    return this.#parts !== null;
  }

  get speaksHttp2(): boolean {
    return this.#resource.protocol === 'HTTP2';
  }

  /**
   * So many requests are under way that they may have this share (0 to 1) of all connections: who still sends its
   * content should not have one yet. Never with HTTP/2, where a request costs none.
   */
  savesConnections(share: number): boolean {
    const { protocol, breaker } = this.#resource;
    if (protocol === 'HTTP2' || breaker.connectionsMax === 0) return false;
    return this.breaker.held('Request') >= breaker.connectionsMax * share;
  }

  get tls(): ClientTls | null {
    return this.#tls;
  }

  /** For connections whose protocol nobody knows: none is offered by ALPN (RFC 7301). */
  get streamTls(): ClientTls | null {
    const { tls } = this.#resource;
    if (tls === null) return null;
    return (this.#streamTls ??= new ClientTls(tls, this.#certificate, null));
  }

  /** The header that a connection begins with for the client it is opened for; null for none. */
  get proxyProtocol(): 'V1' | 'V2' | null {
    return this.#resource.proxyProtocol;
  }

  /** The endpoints there are now. */
  get endpoints(): Iterable<UpstreamEndpoint> {
    return this.#parts?.listing.endpoints.values() ?? [];
  }

  /**
   * The endpoint for a request that has been at those of `tried` already: one of these only when there is no other;
   * null when there is none at all. Terminating ones only while none is ready. `hash`: of {@link hashOf}.
   */
  pick(hash: number, tried: readonly UpstreamEndpoint[]): UpstreamEndpoint | null {
    return (this.#parts ?? this.#begin()).choice.pick(hash, tried);
  }

  /**
   * The endpoint of this name (`address:port`) for requests that have a reason to go there, also one that ends and
   * serves till then; null when it has left, or is passed over for how it fares.
   */
  usable(name: string): UpstreamEndpoint | null {
    const parts = this.#parts ?? this.#begin();
    if (parts.isFirst) this.#list(parts, Number.POSITIVE_INFINITY);
    const endpoint = parts.listing.endpoints.get(name);
    return endpoint !== undefined && endpoint.healthy && !endpoint.doubtful ? endpoint : null;
  }

  /** What leads a request to the same endpoint again; the same number for all where nothing does. */
  hashOf(fields: Fields, clientAddress: string): number {
    const { hashKey } = this.#parts ?? this.#begin();
    return hashKey === null ? noHash : hashKey.hashOf(fields, clientAddress);
  }

  /** A request begins; false when there are too many already. {@link ended} follows a true one. */
  began(): boolean {
    if (!this.breaker.enter('Request')) return false;
    if (!this.#isAwake) this.#wake();
    this.budget.began();
    return true;
  }

  ended(): void {
    this.breaker.leave('Request');
  }

  /** Takes the present settings and endpoints; what stays as it was keeps its connections. */
  update(resource: Cluster, certificate: Certificate | null, listed: EndpointList): void {
    const isSame = resource === this.#resource && certificate === this.#certificate;
    const isListed = listed === this.#listed;
    this.#listed = listed;
    if (!isSame) this.#configure(resource, certificate);
    if (this.#parts !== null && !(isSame && isListed)) this.#list(this.#parts);
    else if (resource.check !== null) this.#begin();
  }

  /** The data plane runs elsewhere than it knew. */
  moved(): void {
    if (this.#parts !== null) this.endpointChanged();
  }

  /** Nothing refers to it any more: requests that still hold it are served, and no connection is kept. */
  retire(): void {
    this.#isRetired = true;
    this.#parts?.health.close();
    for (const endpoint of this.endpoints) endpoint.retire();
  }

  /** To be called regularly while it is among those that are awake. */
  sweep(): void {
    for (const endpoint of this.endpoints) endpoint.sweep();
    const { nowMs, awake } = this.around;
    this.#parts?.health.sweep(nowMs);
    if (this.#parts !== null) this.#warm(this.#parts);
    this.#budget?.sweep(nowMs);
    this.#parts?.choice.sweep();
    if (!this.#rests()) return;
    this.#isAwake = false;
    awake.delete(this);
  }

  // ---- for its endpoints

  endpointChanged(): void {
    if (!this.#isAwake) this.#wake();
    this.#parts?.choice.changed();
  }

  endpointSettled(endpoint: UpstreamEndpoint, outcome: Outcome): void {
    this.#parts?.health.settled(endpoint, outcome, this.around.nowMs);
  }

  transportTo(endpoint: UpstreamEndpoint): Transport {
    const { proxyProtocol, around } = this;
    if (proxyProtocol === null) return this.#poolTo(endpoint, null);
    const { callersPerEndpointMax } = around.limits;
    return new CallerPools(proxyProtocol, callersPerEndpointMax, (header) => this.#poolTo(endpoint, header));
  }

  outsideHost(host: string): OutsideHost | null {
    const { outside } = this.#resource;
    if (outside === null) return null;
    return new OutsideHost(host, createAddressRule(outside.trusted), this.around.resolve);
  }

  #poolTo(endpoint: UpstreamEndpoint, header: Buffer | null): Transport {
    return this.speaksHttp2 ? new Http2Pool(endpoint, this, header) : new Http1Pool(endpoint, this, header);
  }

  #configure(resource: Cluster, certificate: Certificate | null): void {
    const last = this.#resource;
    const isSameWire =
      certificate === this.#certificate &&
      resource.protocol === last.protocol &&
      resource.proxyProtocol === last.proxyProtocol &&
      isEqual([resource.tls, resource.outside], [last.tls, last.outside]);
    this.#resource = resource;
    this.#certificate = certificate;
    this.breaker.update(resource.breaker);
    this.#budget?.update(resource.budget);
    if (!isSameWire) {
      this.#tls = tlsOf(resource, certificate);
      this.#streamTls = null;
      for (const endpoint of this.endpoints) endpoint.reachAnew();
    }
    this.room.widened();
    const parts = this.#parts;
    if (parts === null) return;
    parts.slowStart = new SlowStart(resource.slowStartMs);
    if (!isEqual(balanceTerms(resource), balanceTerms(last))) {
      parts.hashKey = hashKeyFor(resource);
      parts.choice = choiceFor(resource, this.around);
    }
    if (!isSameWire || !isEqual([resource.outlier, resource.check], [last.outlier, last.check])) {
      parts.health.close();
      parts.health = this.#healthFor(resource);
      for (const endpoint of this.endpoints) parts.health.admit(endpoint, this.around.nowMs);
    }
  }

  /** The first time that somebody asks for an endpoint. */
  #begin(): Parts {
    if (this.#parts !== null) return this.#parts;
    const resource = this.#resource;
    const parts: Parts = {
      listing: new EndpointListing({
        come: (told) => this.#admit(parts, told),
        left: (endpoint) => this.#drop(parts, endpoint),
      }),
      isFirst: true,
      warming: new Map(),
      hashKey: hashKeyFor(resource),
      slowStart: new SlowStart(resource.slowStartMs),
      choice: choiceFor(resource, this.around),
      health: this.#healthFor(resource),
    };
    this.#parts = parts;
    this.#list(parts);
    return parts;
  }

  #wake(): void {
    this.#isAwake = true;
    this.around.awake.add(this);
  }

  /** Whether nothing here changes with time, so that it need not be swept before somebody asks again. */
  #rests(): boolean {
    const { breaker } = this;
    const warming = this.#parts?.warming.size ?? 0;
    if (breaker.held('Connection') > 0 || breaker.held('Request') > 0 || warming > 0) return false;
    if (this.#resource.check !== null && !this.#isRetired) return false;
    for (const { doubtful, healthy } of this.endpoints) if (doubtful || !healthy) return false;
    return true;
  }

  #healthFor({ outlier, check, tls }: Cluster): ClusterHealth<UpstreamEndpoint> {
    const { around } = this;
    return new ClusterHealth<UpstreamEndpoint>(
      { outlier, check },
      {
        ask: (terms) =>
          askBy(terms, probeRoads(this, tls === null ? null : new ClientTls(tls, this.#certificate, 'h2'))),
        random: around.random,
        counts: this.counts,
        changed: () => this.endpointChanged(),
      },
      around.nowMs,
    );
  }

  /** The first endpoints come some at a time, if it need not be certain which of all a request goes to. */
  #list(parts: Parts, firstMax = parts.hashKey === null ? firstAtOnceMax : Number.POSITIVE_INFINITY): void {
    const { listing } = parts;
    parts.isFirst ||= listing.endpoints.size === 0;
    const isWhole = listing.follow(this.#listed, parts.isFirst ? firstMax : Number.POSITIVE_INFINITY);
    if (isWhole) parts.isFirst = false;
    else setImmediate(() => this.#isRetired || this.#list(parts));
    parts.health.listed();
    parts.choice.update(listing.offered);
    if (!this.#isAwake) this.#wake();
  }

  #admit(parts: Parts, told: Endpoint): UpstreamEndpoint {
    const endpoint = new UpstreamEndpoint(told, this);
    parts.health.admit(endpoint, this.around.nowMs);
    if (!parts.isFirst) this.#startSlowly(parts, endpoint);
    return endpoint;
  }

  #drop({ warming, health }: Parts, endpoint: UpstreamEndpoint): void {
    warming.delete(endpoint);
    health.dismiss(endpoint);
    endpoint.retire();
  }

  #startSlowly({ slowStart, warming }: Parts, endpoint: UpstreamEndpoint): void {
    const { nowMs } = this.around;
    endpoint.weight = slowStart.weightAt(nowMs, nowMs);
    if (endpoint.weight >= 100) return;
    warming.set(endpoint, nowMs);
    this.#wake();
  }

  #warm({ slowStart, warming, choice }: Parts): void {
    if (warming.size === 0) return;
    for (const [endpoint, sinceMs] of warming) {
      endpoint.weight = slowStart.weightAt(sinceMs, this.around.nowMs);
      if (endpoint.weight >= 100) warming.delete(endpoint);
    }
    choice.changed();
  }
}

/** The first request to ten thousand endpoints waits until so many have been made. */
const firstAtOnceMax = 1_000;

/** What a cluster has once somebody has asked it for an endpoint. */
interface Parts {
  readonly listing: EndpointListing<UpstreamEndpoint>;
  /** There was no endpoint before, and not all of the first are there yet: who comes need not start slowly. */
  isFirst: boolean;
  /** Those that have not their whole weight yet, and since when they are there. */
  readonly warming: Map<UpstreamEndpoint, number>;
  hashKey: HashKey | null;
  slowStart: SlowStart;
  choice: EndpointChoice<UpstreamEndpoint>;
  health: ClusterHealth<UpstreamEndpoint>;
}

function tlsOf({ tls, protocol }: Cluster, certificate: Certificate | null): ClientTls | null {
  return tls === null ? null : new ClientTls(tls, certificate, protocol === 'HTTP2' ? 'h2' : 'http/1.1');
}

/** Both come from decoded resources: plain data with its members in the same order. */
function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
