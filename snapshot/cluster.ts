import type { ResourceId } from './ids.ts';

/** A port of a Service to which requests are balanced. Its endpoints are a resource of their own. */
export interface Cluster {
  readonly kind: 'Cluster';
  readonly id: ResourceId;
  /** `<namespace>/<service>:<port>`: a label in metrics and logs. */
  readonly name: string;
  /** The resource that holds its endpoints; absent from the snapshot means none. */
  readonly endpoints: ResourceId;
}

/** Where a cluster's requests can go. Moves far more often than all else, so it has a road of its own. */
export interface Endpoints {
  readonly kind: 'Endpoints';
  readonly id: ResourceId;
  /** Sorted by address, then port; no doubles. */
  readonly endpoints: readonly Endpoint[];
}

/** `Terminating` ones (still serving) are used only while none is `Ready`. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
  readonly state: 'Ready' | 'Terminating';
}
