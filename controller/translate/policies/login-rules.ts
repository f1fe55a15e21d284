import { forwardDefaults, timeoutDefaults } from '#snapshot/cluster-defaults.ts';
import type { RouteRule } from '#snapshot/route.ts';
import type { Protection } from './protection.ts';

/**
 * The rules by which a route has the pages of logins on all of its hosts, whatever its own rules match: one for each path,
 * which asks for all that the first rule with such a policy does. That policy answers there; nothing is behind it.
 */
export function loginRules(protections: readonly Protection[]): readonly RouteRule[] {
  const byPath = new Map<string, Protection>();
  for (const protection of protections) {
    for (const path of protection.resources.flatMap(pagesOf)) {
      if (!byPath.has(path)) byPath.set(path, protection);
    }
  }
  return [...byPath].map(([path, { authentications, rateLimits }]) => ({
    name: 'login',
    matches: [{ path: { kind: 'Exact', value: path }, method: null, headers: [], query: [] }],
    filters: [],
    authentications,
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
