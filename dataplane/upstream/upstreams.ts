// The backends' side of the data plane: clusters, their endpoints, and the connections to them. Owns all of it over
// swaps of the runtime, so that a change of routes costs no connection. Knows nothing of routes and rules.
import { lookup } from 'node:dns/promises';
import { HeadScanner } from '#dataplane/http/head-scanner.ts';
import { LentMemory } from '#dataplane/http/lent-memory.ts';
import { UpstreamCluster } from './cluster.ts';
import { figuresOf } from './figures.ts';
import { RequestHeads } from './http2/request-head.ts';
import { noEndpoints } from './listing.ts';
import { defaultUpstreamLimits } from './limits.ts';
import { endpointDefaults } from '#snapshot/cluster-defaults.ts';
import { nowhere } from '#snapshot/fleet.ts';
import type { Place } from '#snapshot/fleet.ts';
import type { Resolve } from './outside-host.ts';
import type { UpstreamSurroundings } from './surroundings.ts';
import type { Certificate } from '#snapshot/certificate.ts';
import type { BackendFigures } from '#dataplane/http/backend-figures.ts';
import type { UpstreamLimits } from './limits.ts';
import type { Cluster } from '#snapshot/cluster.ts';
import type { EndpointList, EndpointLists } from '#snapshot/endpoint-lists.ts';
import type { ResourceId } from '#snapshot/ids.ts';

/** All clusters a data plane knows. */
export interface Upstreams {
  /**
   * Takes the clusters and endpoints there are now, and the certificates that clusters may show to backends. What
   * stays keeps its connections; what has left serves the requests that hold it and keeps no connection.
   */
  apply(clusters: readonly Cluster[], endpoints: EndpointLists, certificates?: readonly Certificate[]): void;
  /** The cluster, the same object for as long as it is in what was applied; null for an unknown one. */
  cluster(id: ResourceId): UpstreamCluster | null;
  /** From now on this data plane is known to run there: endpoints that are for those near to them are chosen by it. */
  runAt(place: Place): void;
  /** How each cluster fares that was ever used. */
  figures(): readonly BackendFigures[];
  /** Closes idle connections and stops the sweep; exchanges under way go on. */
  close(): void;
}

export interface UpstreamOptions {
  readonly limits?: Partial<UpstreamLimits>;
  /** Monotonic, milliseconds. */
  readonly now?: () => number;
  /** 0 to 1. */
  readonly random?: () => number;
  /** All addresses of a name outside; by default as the system resolves it. */
  readonly resolve?: Resolve;
}

/** Begins without clusters. Its timer alone keeps no process alive. */
export function createUpstreams(options: UpstreamOptions = {}): Upstreams {
  const limits = { ...defaultUpstreamLimits, ...options.limits };
  const now = options.now ?? ((): number => performance.now());
  const surroundings: UpstreamSurroundings = {
    limits,
    scanner: new HeadScanner({
      bytesMax: limits.headBytesMax,
      fieldsMax: limits.fieldCountMax,
      underscores: 'Pass',
    }),
    requestHeads: new RequestHeads(),
    memory: new LentMemory(),
    awake: new Set(),
    waiting: new Set(),
    random: options.random ?? Math.random,
    resolve: options.resolve ?? resolved,
    nowMs: now(),
    place: nowhere,
  };
  const clusters = new Map<ResourceId, UpstreamCluster>();
  const retireAllBut = (present: ReadonlySet<ResourceId>): void => {
    for (const [id, cluster] of clusters) {
      if (present.has(id)) continue;
      cluster.retire();
      clusters.delete(id);
    }
  };
  const sweep = setInterval(() => {
    surroundings.nowMs = now();
    for (const waiting of surroundings.waiting) waiting.sweep();
    for (const cluster of surroundings.awake) cluster.sweep();
  }, limits.sweepMs);
  sweep.unref();

  return {
    apply(resources, endpoints, certificates = []) {
      const shown = new Map(certificates.map((certificate) => [certificate.id, certificate]));
      for (const resource of resources) {
        const { id } = resource;
        const shows = resource.tls?.clientCertificate ?? null;
        const certificate = shows === null ? null : (shown.get(shows) ?? null);
        const known = clusters.get(id);
        const cluster = known ?? new UpstreamCluster(resource, certificate, surroundings);
        cluster.update(resource, certificate, endpointsOf(resource, endpoints));
        if (known === undefined) clusters.set(id, cluster);
      }
      if (clusters.size > resources.length) retireAllBut(new Set(resources.map(({ id }) => id)));
    },
    cluster: (id) => clusters.get(id) ?? null,
    runAt(place) {
      const { zone, node } = surroundings.place;
      if (place.zone === zone && place.node === node) return;
      surroundings.place = place;
      for (const cluster of clusters.values()) cluster.moved();
    },
    figures: () => [...clusters.values()].filter(({ isUsed }) => isUsed).map(figuresOf),
    close() {
      clearInterval(sweep);
      for (const cluster of clusters.values()) cluster.retire();
    },
  };
}

function endpointsOf({ outside, endpoints: id }: Cluster, endpoints: EndpointLists): EndpointList {
  if (outside === null) return endpoints.get(id) ?? noEndpoints;
  return { endpoints: [{ address: outside.host, port: outside.port, state: 'Ready', ...endpointDefaults }] };
}

async function resolved(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
}
