// What a controller tells operators: whether it lives and serves, its metrics, which snapshots it publishes and who
// has them. Knows none of the rooms it tells of: they are functions handed in.
import { healthPage, jsonPage, metricsPage } from '#admin/pages.ts';
import type { Health } from '#admin/pages.ts';
import type { Pages } from '#admin/server.ts';
import type { GatewayKey } from '#snapshot/ids.ts';
import type { UnboundPort } from '#snapshot/message.ts';
import type { Snapshot } from '#snapshot/snapshot.ts';

/** What the pages ask for, each time they are asked themselves. */
export interface ControllerFacts {
  /** Ready: all kinds have been listed, and snapshots are served. */
  readonly ready: () => Health;
  readonly metrics: () => Promise<string>;
  readonly snapshots: () => Iterable<readonly [GatewayKey, Snapshot]>;
  /** The data planes connected to this replica. */
  readonly dataPlanes: (gateway: GatewayKey) => readonly ConnectedDataPlane[];
  readonly leader: () => boolean;
}

/** A data plane on a stream of this replica. */
export interface ConnectedDataPlane {
  readonly name: string;
  /** The version it has acknowledged; null before the first. */
  readonly version: string | null;
  /** Resources it refused, with its reasons. */
  readonly refused: readonly { readonly id: string; readonly reason: string }[];
  /** Ports it cannot open. */
  readonly unbound: readonly UnboundPort[];
}

/** `/livez` (the loop turns), `/readyz`, `/metrics`, and `/config`: a summary of each Gateway's snapshot. */
export function controllerPages(facts: ControllerFacts): Pages {
  return {
    '/livez': healthPage(() => ({ ok: true })),
    '/readyz': healthPage(facts.ready),
    '/metrics': metricsPage(facts.metrics),
    '/config': jsonPage(() => ({
      head: { leader: facts.leader() },
      name: 'gateways',
      entries: summaries(facts),
    })),
  };
}

function* summaries({ snapshots, dataPlanes }: ControllerFacts): Generator<readonly [string, unknown]> {
  for (const [gateway, { version, order, resources }] of snapshots()) {
    const counts: Record<string, number> = {};
    for (const { kind } of resources.values()) counts[kind] = (counts[kind] ?? 0) + 1;
    yield [gateway, { version, order, resources: counts, dataPlanes: dataPlanes(gateway) }];
  }
}
