import type { Held } from './breaker.ts';
import type { UpstreamCluster } from './cluster.ts';

/** What has happened at one cluster since it is there. Whoever does it counts it; nobody reads it but a scrape. */
export class ClusterCounts {
  /** Attempts after a failed one, at other endpoints or the same. */
  retries = 0;
  /** Attempts beside one that was not answered yet. */
  hedges = 0;
  mirrors = 0;
  /** Copies that were not made, or given up since the mirror did not keep up. */
  mirrorsDropped = 0;
  ejections = 0;
  checksPassed = 0;
  checksFailed = 0;
}

/** One cluster, as operators see it. */
export interface ClusterFigures {
  /** Its name: a label. */
  readonly cluster: string;
  /** Now; `open` counts idle ones too. */
  readonly open: number;
  readonly idle: number;
  /** Since it is there: connections, and attempts at one that failed. */
  readonly opened: number;
  readonly unconnected: number;
  /** Endpoints now; `failing`: their checks. */
  readonly endpoints: { readonly healthy: number; readonly ejected: number; readonly failing: number };
  readonly breakers: readonly { readonly what: Held; readonly held: number; readonly refused: number }[];
  readonly overBudget: number;
  readonly counts: Readonly<ClusterCounts>;
}

/** Taken when it is asked for. */
export function figuresOf(cluster: UpstreamCluster): ClusterFigures {
  const { name, room, breaker, budget, counts } = cluster;
  const endpoints = { healthy: 0, ejected: 0, failing: 0 };
  let open = 0;
  let idle = 0;
  for (const { transport, health } of cluster.endpoints) {
    open += transport.open;
    idle += transport.idle;
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
