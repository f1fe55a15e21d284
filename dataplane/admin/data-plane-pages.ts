// What a data plane tells operators: whether it lives and serves, its metrics, what it runs on. Knows none of the
// rooms it tells of: they are functions handed in.
import { healthPage, jsonPage, metricsPage } from '#admin/pages.ts';
import type { Health } from '#admin/pages.ts';
import type { Pages } from '#admin/server.ts';
import { entryOfSum, type UsagePage } from '#snapshot/usage-page.ts';
import type { Snapshot } from '#snapshot/snapshot.ts';

/** What the pages ask for, each time they are asked themselves. */
export interface DataPlaneFacts {
  /** Ready: a complete snapshot is in use, and its ports are open. */
  readonly ready: () => Health;
  readonly metrics: () => Promise<string>;
  /** What Consumers used, as far as this data plane knows. */
  readonly usage: () => Promise<UsagePage>;
  /** The snapshot in use, resources that were refused in the version that is kept; null while there is none. */
  readonly snapshot: () => Snapshot | null;
  readonly bans: () => readonly BannedAddress[];
}

/** An address that a rule of a policy has banned. */
export interface BannedAddress {
  readonly address: string;
  readonly policy: string;
  readonly rule: string;
  readonly mode: string;
  /** Milliseconds since 1970. */
  readonly untilMs: number;
}

/**
 * `/livez` (the loop turns), `/readyz`, `/metrics`, `/config`: the running config, secrets redacted, `/usage`: what
 * Consumers used, and `/bans`: whom rules have banned.
 */
export function dataPlanePages({ ready, metrics, usage, snapshot, bans }: DataPlaneFacts): Pages {
  return {
    '/livez': healthPage(() => ({ ok: true })),
    '/readyz': healthPage(ready),
    '/metrics': metricsPage(metrics),
    '/usage': async () => {
      const { sums, losses } = await usage();
      return jsonPage(() => ({ head: { losses }, name: 'sums', entries: sums.map(entryOfSum) }))();
    },
    '/config': jsonPage(() => {
      const running = snapshot();
      return {
        head: { version: running?.version ?? null, order: running?.order ?? null },
        name: 'resources',
        entries: [...(running?.resources ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)),
      };
    }),
    '/bans': jsonPage(() => ({
      head: {},
      name: 'bans',
      entries: bans().map(({ untilMs, ...ban }) => [
        `${ban.policy}/${ban.rule} ${ban.address}`,
        { ...ban, until: new Date(untilMs).toISOString() },
      ]),
    })),
  };
}
