import { forwardDefaults, timeoutDefaults } from '#snapshot/cluster-defaults.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import type { RouteRule } from '#snapshot/route.ts';
import type { Protection } from './protection.ts';

/** A page of a login, and what is asked of its requests. */
interface Page {
  readonly authentication: ResourceId;
  readonly rateLimits: readonly ResourceId[];
}

/**
 * The rules by which a route has the pages of logins on all of its hosts, whatever its own rules match: one for each path.
 * The first policy that has such a page answers there, before other levels: nothing is behind it.
 */
export function loginRules(protections: readonly Protection[]): readonly RouteRule[] {
  const byPath = new Map<string, Page>();
  for (const { resources, rateLimits } of protections) {
    for (const resource of resources) {
      for (const path of pagesOf(resource)) {
        if (!byPath.has(path)) byPath.set(path, { authentication: resource.id, rateLimits });
      }
    }
  }
  return [...byPath].map(([path, { authentication, rateLimits }]) => ({
    name: 'login',
    matches: [{ path: { kind: 'Exact', value: path }, method: null, headers: [], query: [] }],
    filters: [],
    authentications: [authentication],
    rateLimits,
    action: {
      kind: 'Forward',
      backends: [],
      ...forwardDefaults,
      timeouts: { requestMs: null, backendRequestMs: null, ...timeoutDefaults },
    },
  }));
}

function pagesOf(resource: Protection['resources'][number]): readonly string[] {
  if (resource.kind !== 'Authentication') return [];
  return resource.alternatives.flatMap((way) =>
    way.kind === 'OpenIDConnect'
      ? [way.redirectPath, way.logoutPath, way.backChannelPath].filter((path) => path !== '')
      : [],
  );
}
