// THE CONTRACT between the planes: what a data plane is told, as plain frozen data. Knows neither Kubernetes
// nor sockets. A snapshot is a set of resources by id; equal content has equal bytes and an equal version.
import type { AddressList } from './address-list.ts';
import type { Authentication } from './authentication.ts';
import type { KeySet } from './key-set.ts';
import type { Ban } from './ban.ts';
import type { Certificate, TicketSecret } from './certificate.ts';
import type { ClientSettings } from './client-settings.ts';
import type { Cluster, EndpointGroup, Endpoints } from './cluster.ts';
import type { CredentialSet } from './credential-set.ts';
import type { Fleet } from './fleet.ts';
import type { ResourceId } from './ids.ts';
import type { Listener } from './listener.ts';
import type { LoginSecret } from './open-id-connect.ts';
import type { Plan } from './plan.ts';
import type { Protection } from './protection.ts';
import type { RateLimit, RateLimitStore } from './rate-limit.ts';
import type { TokenRevocations } from './token-revocations.ts';
import type { Route } from './route.ts';
import type { ServerNames } from './server-names.ts';
import type { SessionSecret } from './sessions.ts';
import type { StreamRoute } from './stream-route.ts';

/** One thing a data plane is told; frozen. */
export type Resource =
  | Listener
  | ClientSettings
  | Protection
  | AddressList
  | Ban
  | Route
  | StreamRoute
  | Cluster
  | Endpoints
  | EndpointGroup
  | Certificate
  | ServerNames
  | TicketSecret
  | SessionSecret
  | LoginSecret
  | Authentication
  | KeySet
  | CredentialSet
  | TokenRevocations
  | RateLimit
  | Plan
  | RateLimitStore
  | Fleet;

/** The resources of one Gateway by their ids. */
export type ResourceSet = ReadonlyMap<ResourceId, Resource>;

/**
 * How new a snapshot is: what its maker knew of each kind of object it takes into account. Comparable within one
 * `lineage` (the cluster's identity) only; see order.ts for which may follow which.
 */
export interface Order {
  readonly lineage: string;
  readonly kinds: Readonly<Record<string, Position>>;
}

/** What was known of the objects of one kind. */
export interface Position {
  /** The resource version up to which every change has been seen, decimal. */
  readonly seen: string;
  /** A digest of the objects: equal objects have equal digests, whoever saw them and by whichever way. */
  readonly state: string;
}

/** One Gateway's resources at one moment. */
export interface Snapshot {
  /** Hash over the ids and hashes of all resources. */
  readonly version: string;
  readonly order: Order;
  readonly resources: ResourceSet;
}
