import type { Pages } from '#admin/server.ts';
import { healthPage } from '#admin/pages.ts';
import { dataPlanePages } from '#dataplane/admin/data-plane-pages.ts';
import type { DataPlane } from '#dataplane/plane.ts';
import type { GatewayKey } from '#snapshot/ids.ts';

/**
 * `/livez` and `/readyz` of all together; `/NAMESPACE/NAME/metrics`, `/config`, `/usage` and `/bans` of each Gateway, and
 * these without its name when there is only one.
 */
export function adminPages(dataPlanes: ReadonlyMap<GatewayKey, DataPlane>): Pages {
  const pages: [string, Pages[string]][] = [
    ['/livez', healthPage(() => ({ ok: true }))],
    ['/readyz', healthPage(() => healthOf(dataPlanes))],
  ];
  for (const [gateway, plane] of dataPlanes) {
    const own = dataPlanePages({
      ready: () => ({ ok: true }),
      metrics: () => plane.metrics.text(),
      usage: () => plane.usage(),
      snapshot: () => {
        const { serving } = plane.state();
        return serving === null ? null : { ...serving, resources: plane.resources() };
      },
      bans: () => plane.bans(),
    });
    for (const name of ['/metrics', '/config', '/usage', '/bans']) {
      const page = own[name];
      if (page === undefined) continue;
      pages.push([`/${gateway}${name}`, page]);
      if (dataPlanes.size === 1) pages.push([name, page]);
    }
  }
  return Object.fromEntries(
    pages.filter((entry): entry is [string, Pages[string]] => entry[1] !== undefined),
  );
}

function healthOf(dataPlanes: ReadonlyMap<GatewayKey, DataPlane>) {
  const unready = [...dataPlanes].flatMap(([gateway, plane]) => {
    const reason = plane.unready();
    return reason === null ? [] : [`Gateway ${gateway}: ${reason}`];
  });
  if (dataPlanes.size === 0) return { ok: false, reason: 'there is no Gateway' } as const;
  return unready.length === 0
    ? ({ ok: true } as const)
    : ({ ok: false, reason: unready.join('; ') } as const);
}
