import type { Endpoint } from '#snapshot/cluster.ts';
import type { Hinted } from './balance/nearby.ts';
import { EndpointHealth } from './health/endpoint-health.ts';
import type { Outcome } from './health/endpoint-health.ts';
import type { Listed } from './listing.ts';
import type { OutsideHost } from './outside-host.ts';
import type { ConnectionTerms } from './surroundings.ts';
import type { Destination, Transport } from './transport.ts';

/** Whose endpoint it is, and who hears that something changed by which it is picked. */
export interface EndpointOwner extends ConnectionTerms {
  endpointChanged(): void;
  endpointSettled(endpoint: UpstreamEndpoint, outcome: Outcome): void;
  transportTo(endpoint: UpstreamEndpoint): Transport;
  /** What leads to a host of this name or address; null where that is an address of the cluster's own. */
  outsideHost(host: string): OutsideHost | null;
}

/** `address:port`, by which it is told from all others of its cluster. */
export function endpointName({ address, port }: Pick<Endpoint, 'address' | 'port'>): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** One endpoint of a cluster: who it is, how it fares, and how it is reached. */
export class UpstreamEndpoint implements Hinted, Listed, Destination {
  /** As {@link endpointName} tells it: a label in logs. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  outside: OutsideHost | null;
  forZones: readonly string[];
  forNodes: readonly string[];
  /** Requests under way. */
  load = 0;
  /** It is none of its cluster's any more. */
  hasLeft = false;
  weight = 100;
  doubtful = false;
  healthy = true;
  offered = false;
  told: Listed['told'] = null;
  /** Its cluster's word on it, which sets `healthy`. */
  health = new EndpointHealth(null, this);

  readonly #owner: EndpointOwner;
  /** Null until it is asked for: of ten thousand endpoints a few are, and a request waits until all are made. */
  #transport: Transport | null = null;
  /** By the coarse clock. */
  #doubtfulUntilMs = 0;
  /** It did not take a connection, and has taken none since. */
  #inDoubt = false;

  constructor(endpoint: Endpoint, owner: EndpointOwner) {
    this.address = endpoint.address;
    this.port = endpoint.port;
    this.forZones = endpoint.forZones;
    this.forNodes = endpoint.forNodes;
    this.name = endpointName(endpoint);
    this.#owner = owner;
    this.outside = owner.outsideHost(this.address);
  }

  get transport(): Transport {
    return this.#transport ?? this.#begin();
  }

  /** Connections that there are now. */
  get open(): number {
    return this.#transport?.open ?? 0;
  }

  /** Those of them that nobody uses. */
  get idle(): number {
    return this.#transport?.idle ?? 0;
  }

  /** What connections to it are like has changed: none of before serves a request that begins from now on. */
  reachAnew(): void {
    this.#transport?.retire();
    this.outside = this.#owner.outsideHost(this.address);
    this.#transport = null;
  }

  /** One request finds out whether it is back; the others need not wait for that. */
  approached(): void {
    if (this.#inDoubt) this.doubt();
  }

  doubt(): void {
    const { around, connections } = this.#owner;
    this.#inDoubt = true;
    this.#doubtfulUntilMs = around.nowMs + connections.connectTimeoutMs + around.limits.passOverMs;
    if (this.doubtful) return;
    this.doubtful = true;
    this.#owner.endpointChanged();
  }

  trust(): void {
    this.#inDoubt = false;
    this.#clear();
  }

  /** What became of a request. */
  settled(outcome: Outcome): void {
    this.#owner.endpointSettled(this, outcome);
  }

  sweep(): void {
    if (this.doubtful && this.#doubtfulUntilMs <= this.#owner.around.nowMs) this.#clear();
    this.#transport?.sweep();
  }

  /** It has left: exchanges under way end, and no connection is kept any more. */
  retire(): void {
    this.hasLeft = true;
    this.#transport?.retire();
  }

  #begin(): Transport {
    const transport = this.#owner.transportTo(this);
    this.#transport = transport;
    if (this.hasLeft) transport.retire();
    return transport;
  }

  #clear(): void {
    if (!this.doubtful) return;
    this.doubtful = false;
    this.#owner.endpointChanged();
  }
}
