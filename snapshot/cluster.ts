import type { HealthCheck, OutlierDetection } from './cluster-health.ts';
import type { ResourceId } from './ids.ts';

/**
 * A port of a Service to which requests are balanced, and how. Its endpoints are a resource of their own, which
 * several clusters may share: each has its own connections and its own word on how they fare.
 */
export interface Cluster extends ClusterSettings {
  readonly kind: 'Cluster';
  readonly id: ResourceId;
  /** `<namespace>/<service>:<port>`: a label in metrics and logs. */
  readonly name: string;
  /** The resource that holds its endpoints; absent from the snapshot means none. */
  readonly endpoints: ResourceId;
}

/** How a cluster's endpoints are called. Without any policy: `clusterDefaults`. */
export interface ClusterSettings {
  /** HTTP2 in the clear is by prior knowledge (h2c), over TLS by ALPN. */
  readonly protocol: 'HTTP1' | 'HTTP2';
  /** Null: in the clear. */
  readonly tls: ClusterTls | null;
  /** The header of the PROXY protocol that begins each connection; null for none. */
  readonly proxyProtocol: 'V1' | 'V2' | null;
  readonly balance: Balance;
  /** A new endpoint's share grows for so long; 0 for the whole share at once. */
  readonly slowStartMs: number;
  /** Null: endpoints are never ejected for how they answer. */
  readonly outlier: OutlierDetection | null;
  /** Null: endpoints are not asked. */
  readonly check: HealthCheck | null;
  readonly breaker: Breaker;
  readonly connections: BackendConnections;
  readonly budget: RetryBudget;
  /** Its one endpoint, where that is outside the cluster; null: its endpoints are a resource. */
  readonly outside: OutsideAddress | null;
}

/**
 * A host that a user has named, resolved by data planes. No connection leads to an address that is not public, but to
 * those of the networks that the operator trusts (CIDR).
 */
export interface OutsideAddress {
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly trusted: readonly string[];
}

/** TLS to the backends. */
export interface ClusterTls {
  /** Sent as SNI, and what the certificate must name unless `subjectAltNames` is not empty. */
  readonly hostname: string;
  /** The certificate must hold one of these. */
  readonly subjectAltNames: readonly { readonly type: 'Hostname' | 'URI'; readonly value: string }[];
  /** PEM; null for those of the system. */
  readonly authorities: string | null;
  /** What the data plane shows when asked. */
  readonly clientCertificate: ResourceId | null;
}

/** LeastRequest: by turn, and another when that one has clearly less to do. */
export type Balance =
  | { readonly kind: 'RoundRobin' }
  | { readonly kind: 'LeastRequest' }
  | { readonly kind: 'ConsistentHash'; readonly by: HashSource };

/** What of a request is hashed; names of headers are lower case. */
export type HashSource =
  | { readonly kind: 'ClientAddress' }
  | { readonly kind: 'Header'; readonly name: string }
  | { readonly kind: 'Cookie'; readonly name: string };

/** What one data plane has under way at most, over all endpoints of the cluster; 0 for no limit. */
export interface Breaker {
  readonly connectionsMax: number;
  /** Requests that wait for a connection. */
  readonly pendingMax: number;
  readonly requestsMax: number;
  readonly retriesMax: number;
}

/** How connections to the endpoints are kept. */
export interface BackendConnections {
  readonly connectTimeoutMs: number;
  /** An unused one is closed after so long. */
  readonly idleMs: number;
  /** None takes a request when it is older; 0 for no limit. */
  readonly ageMsMax: number;
  /** None takes more requests; 0 for no limit. */
  readonly requestsMax: number;
  /** Requests at once on one connection of HTTP/2. */
  readonly streamsMax: number;
}

/** Retries may be so many percent of the requests of the interval, and always so many a second. */
export interface RetryBudget {
  readonly percent: number;
  readonly intervalMs: number;
  readonly retriesPerSecondMin: number;
}

/** Where a cluster's requests can go. Moves far more often than all else, so it has a road of its own. */
export interface Endpoints {
  readonly kind: 'Endpoints';
  readonly id: ResourceId;
  /** Sorted by address, then port; no doubles. */
  readonly endpoints: readonly Endpoint[];
}

/** More endpoints of an Endpoints resource: of thousands a few move, and the others need not be told again. */
export interface EndpointGroup {
  readonly kind: 'EndpointGroup';
  readonly id: ResourceId;
  /** The Endpoints they belong to, which may be told again in other groups. */
  readonly of: ResourceId;
  /** Sorted by address, then port; no doubles. */
  readonly endpoints: readonly Endpoint[];
}

/** `Terminating` ones (still serving) are used only while none is `Ready`. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
  readonly state: 'Ready' | 'Terminating';
  /** Zones and nodes whose clients should use it (hints of its EndpointSlice), sorted; empty for no hint. */
  readonly forZones: readonly string[];
  readonly forNodes: readonly string[];
}
