// A thousand routes at once on one Gateway: how long until all are attached, accepted and served, and how often the
// Gateway's status is written meanwhile.
import { eventually } from '#e2e/cluster/eventually.ts';
import { ask } from '#e2e/turnpike/client.ts';
import { httpRoute } from '#e2e/turnpike/objects.ts';
import { createAll, gatewayPlace, routesPlace, watch } from './api.ts';
import type { Subject } from './subject.ts';

export interface Burst {
  readonly createdMs: number;
  /** All since the last create: counted at the listener, told accepted, served. */
  readonly attachedMs: number;
  /** Null: some were not within {@link acceptedDeadlineMs}. */
  readonly acceptedMs: number | null;
  readonly servedMs: number;
  readonly gatewayWrites: number;
}

const deadlineMs = 180_000;
const acceptedDeadlineMs = 30_000;

/** Creates `count` routes of Service shop beside `before` others. */
export async function burst({ cluster, address }: Subject, count: number, before: number): Promise<Burst> {
  let writes = -1;
  let attached = 0;
  const accepted = new Set<string>();
  const stops = [
    await watch(cluster, gatewayPlace, (object) => {
      writes += 1;
      attached = attachedTo(object);
    }),
    await watch(cluster, routesPlace, (object) => {
      if (isAccepted(object)) accepted.add((object as Route).metadata.name);
    }),
  ];
  try {
    const begun = performance.now();
    const paths = Array.from({ length: count }, (_, index) => `loaded-${before + index}`);
    await createAll(
      cluster,
      paths.map((path) => httpRoute(path, `/${path}`, 'shop')),
    );
    const created = performance.now();
    console.error(`${count} routes created in ${Math.round(created - begun)} ms`);
    const since = () => performance.now() - created;
    const all = before + count;
    const until = async (what: string, done: () => boolean | Promise<boolean>, withinMs = deadlineMs) => {
      await eventually(what, async () => (await done()) || undefined, {
        deadlineMs: withinMs,
        intervalMs: 5,
      });
      console.error(`${what} after ${Math.round(since())} ms`);
      return since();
    };
    const last = { path: `/${paths.at(-1)}` };
    const [attachedMs, acceptedMs, servedMs] = await Promise.all([
      until('all are attached', () => attached === all),
      // Traefik leaves some without a word for good.
      until('all are accepted', () => accepted.size === all, acceptedDeadlineMs).catch(() => null),
      until('the last is served', async () => (await ask(address, last)).status === 200),
    ]);
    return { createdMs: created - begun, attachedMs, acceptedMs, servedMs, gatewayWrites: writes };
  } finally {
    for (const stop of stops) stop();
  }
}

interface Route {
  readonly metadata: { readonly name: string };
  readonly status?: {
    readonly parents: readonly {
      readonly conditions: readonly { readonly type: string; readonly status: string }[];
    }[];
  };
}

function isAccepted(object: unknown): boolean {
  const parents = (object as Route).status?.parents ?? [];
  return parents.some(({ conditions }) =>
    conditions.some(({ type, status }) => type === 'Accepted' && status === 'True'),
  );
}

function attachedTo(object: unknown): number {
  const { status } = object as { status?: { listeners?: readonly { attachedRoutes: number }[] } };
  return status?.listeners?.[0]?.attachedRoutes ?? 0;
}
