// What a data plane tells operators: whether it lives and serves, its metrics, what it runs on. Knows none of the
// rooms it tells of: they are functions handed in.
import { healthPage, jsonPage, metricsPage } from '#admin/pages.ts';
import type { Health } from '#admin/pages.ts';
import type { Pages } from '#admin/server.ts';
import type { Snapshot } from '#snapshot/snapshot.ts';

/** What the pages ask for, each time they are asked themselves. */
export interface DataPlaneFacts {
  /** Ready: a complete snapshot is in use, and its ports are open. */
  readonly ready: () => Health;
  readonly metrics: () => Promise<string>;
  /** The snapshot in use, resources that were refused in the version that is kept; null while there is none. */
  readonly snapshot: () => Snapshot | null;
}

/** `/livez` (the loop turns), `/readyz`, `/metrics`, and `/config`: the running config, secrets redacted. */
export function dataPlanePages({ ready, metrics, snapshot }: DataPlaneFacts): Pages {
  return {
    '/livez': healthPage(() => ({ ok: true })),
    '/readyz': healthPage(ready),
    '/metrics': metricsPage(metrics),
    '/config': jsonPage(() => {
      const running = snapshot();
      return {
        head: { version: running?.version ?? null, order: running?.order ?? null },
        name: 'resources',
        entries: [...(running?.resources ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)),
      };
    }),
  };
}
