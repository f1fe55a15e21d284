// The backends' side of the data plane: clusters, their endpoints, and the connections to them. Owns all of it over
// swaps of the runtime, so that a change of routes costs no connection. Knows nothing of routes and rules.
import { HeadScanner } from '#dataplane/http/head-scanner.ts';
import { UpstreamCluster } from './cluster.ts';
import { defaultUpstreamLimits } from './limits.ts';
import type { Connecting, PoolSurroundings } from './endpoint-pool.ts';
import type { UpstreamLimits } from './limits.ts';
import type { Cluster, Endpoints } from '#snapshot/cluster.ts';
import type { ResourceId } from '#snapshot/ids.ts';

/** All clusters a data plane knows. */
export interface Upstreams {
  /**
   * Takes the clusters and endpoints there are now. What stays keeps its connections; what has left serves
   * the requests that hold it and keeps no connection.
   */
  apply(clusters: readonly Cluster[], endpoints: ReadonlyMap<ResourceId, Endpoints>): void;
  /** The cluster, the same object for as long as it is in what was applied; null for an unknown one. */
  cluster(id: ResourceId): UpstreamCluster | null;
  /** The connections there are now to the endpoints of each cluster. */
  connections(): readonly ClusterConnections[];
  /** Closes idle connections and stops the sweep; exchanges under way go on. */
  close(): void;
}

/** `open` counts idle ones too. */
export interface ClusterConnections {
  readonly cluster: string;
  readonly open: number;
  readonly idle: number;
}

export interface UpstreamOptions {
  readonly limits?: Partial<UpstreamLimits>;
  /** Monotonic, milliseconds. */
  readonly now?: () => number;
  /** 0 to 1. */
  readonly random?: () => number;
}

/** Begins without clusters. Its timer alone keeps no process alive. */
export function createUpstreams(options: UpstreamOptions = {}): Upstreams {
  const limits = { ...defaultUpstreamLimits, ...options.limits };
  const now = options.now ?? ((): number => performance.now());
  const random = options.random ?? Math.random;
  const surroundings: PoolSurroundings = {
    limits,
    scanner: new HeadScanner({
      bytesMax: limits.headBytesMax,
      fieldsMax: limits.fieldCountMax,
      underscores: 'Pass',
    }),
    connecting: new Set<Connecting>(),
    nowMs: now(),
  };
  let clusters = new Map<ResourceId, UpstreamCluster>();
  const sweep = setInterval(() => {
    surroundings.nowMs = now();
    for (const connecting of surroundings.connecting) connecting.sweep();
    for (const cluster of clusters.values()) cluster.sweep();
  }, limits.sweepMs);
  sweep.unref();

  return {
    apply(resources, endpoints) {
      const present = new Map<ResourceId, UpstreamCluster>();
      for (const { id, name, endpoints: endpointsId } of resources) {
        const cluster = clusters.get(id) ?? new UpstreamCluster(name, surroundings, random);
        clusters.delete(id);
        cluster.update(name, endpoints.get(endpointsId)?.endpoints ?? []);
        present.set(id, cluster);
      }
      for (const cluster of clusters.values()) cluster.retire();
      clusters = present;
    },
    cluster: (id) => clusters.get(id) ?? null,
    connections: () => [...clusters.values()].map(connectionsOf),
    close() {
      clearInterval(sweep);
      for (const cluster of clusters.values()) cluster.retire();
    },
  };
}

function connectionsOf(cluster: UpstreamCluster): ClusterConnections {
  let open = 0;
  let idle = 0;
  for (const pool of cluster.pools) {
    open += pool.count;
    idle += pool.idleCount;
  }
  return { cluster: cluster.name, open, idle };
}
