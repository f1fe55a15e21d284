import type { BackendCounts, BackendFigures } from '#dataplane/http/backend-figures.ts';
import type { Held } from './breaker.ts';
import type { UpstreamCluster } from './cluster.ts';

/** Whoever does it counts it; nobody reads it but a scrape. */
export class ClusterCounts implements BackendCounts {
  retries = 0;
  hedges = 0;
  mirrors = 0;
  mirrorsDropped = 0;
  ejections = 0;
  checksPassed = 0;
  checksFailed = 0;
}

/** Taken when it is asked for. */
export function figuresOf(cluster: UpstreamCluster): BackendFigures {
  const { name, room, breaker, budget, counts } = cluster;
  const endpoints = { healthy: 0, ejected: 0, failing: 0 };
  let open = 0;
  let idle = 0;
  for (const endpoint of cluster.endpoints) {
    const { health } = endpoint;
    open += endpoint.open;
    idle += endpoint.idle;
    if (health.ejectedUntilMs !== 0) endpoints.ejected += 1;
    else endpoints[health.healthy ? 'healthy' : 'failing'] += 1;
  }
  const { opened, unconnected } = room;
  const breakers = kinds.map((what) => ({
    what,
    held: breaker.held(what),
    // those who wait are let in one after the other: only who came is to be counted
    refused: what === 'Connection' ? room.refused : breaker.refused(what),
  }));
  const { exhausted: overBudget } = budget;
  return { cluster: name, open, idle, opened, unconnected, endpoints, breakers, overBudget, counts };
}

const kinds: readonly Held[] = ['Connection', 'Pending', 'Request', 'Retry'];
