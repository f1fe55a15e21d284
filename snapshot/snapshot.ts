// THE CONTRACT between the planes: what a data plane is told, as plain frozen data. Knows neither Kubernetes
// nor sockets. A snapshot is a set of resources by id; equal content has equal bytes and an equal version.
import type { Authentication, KeySet } from './authentication.ts';
import type { Certificate } from './certificate.ts';
import type { Cluster, Endpoints } from './cluster.ts';
import type { ResourceId } from './ids.ts';
import type { Listener } from './listener.ts';
import type { Fleet, RateLimit, RateLimitStore } from './rate-limit.ts';
import type { Route } from './route.ts';

export type Resource =
  | Listener
  | Route
  | Cluster
  | Endpoints
  | Certificate
  | Authentication
  | KeySet
  | RateLimit
  | RateLimitStore
  | Fleet;

/** The resources of one Gateway by their ids. */
export type ResourceSet = ReadonlyMap<ResourceId, Resource>;

/**
 * How new a snapshot is: the high-water mark of the Kubernetes resource versions its maker had seen, decimal.
 * A data plane never goes back to a lower one of the same `lineage` (the cluster's identity).
 */
export interface Order {
  readonly lineage: string;
  readonly mark: string;
}

/** One Gateway's resources at one moment. */
export interface Snapshot {
  /** Hash over the ids and hashes of all resources. */
  readonly version: string;
  readonly order: Order;
  readonly resources: ResourceSet;
}
