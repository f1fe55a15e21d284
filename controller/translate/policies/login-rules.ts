import { forwardDefaults, timeoutDefaults } from '#snapshot/cluster-defaults.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import type { RouteRule } from '#snapshot/route.ts';
import type { Resource } from '#snapshot/snapshot.ts';
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
      for (const { path } of pagesOf(resource)) {
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

/** A page of a login; `field` as users know it, behind the place of the rules. */
export interface LoginPage {
  readonly field: string;
  readonly path: string;
}

/** The pages of the logins among the ways in of `resource`. */
export function pagesOf(resource: Resource): readonly LoginPage[] {
  if (resource.kind !== 'Authentication') return [];
  return resource.alternatives.flatMap((way, index) => {
    if (way.kind !== 'OpenIDConnect') return [];
    const field = `authenticate[${String(index)}].openIDConnect`;
    const pages = [
      { field: `${field}.redirectPath`, path: way.redirectPath },
      { field: `${field}.logoutPath`, path: way.logoutPath },
      { field: `${field}.backChannelLogoutPath`, path: way.backChannelPath },
    ];
    return pages.filter(({ path }) => path !== '');
  });
}
