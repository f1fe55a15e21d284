import type { AuthRules } from '#crds/auth-policy.ts';
import type { CorsFilter } from '#snapshot/filter.ts';
import { metadataPath, type ResourceMetadata } from '#snapshot/resource-metadata.ts';
import type { RouteMatch, RouteRule } from '#snapshot/route.ts';
import type { Resource } from '#snapshot/snapshot.ts';

/** What the policy tells clients of tokens; null when it does not. */
export function resourceMetadata({
  authenticate,
  resourceMetadata: told,
}: AuthRules): ResourceMetadata | null {
  if (told === undefined) return null;
  const issuers = authenticate.flatMap((way) => (way.type === 'JWT' ? [way.jwt.issuer] : []));
  return {
    resource: told.resource ?? '',
    authorizationServers:
      told.authorizationServers.length === 0 ? [...new Set(issuers)] : told.authorizationServers,
    scopes: told.scopes,
  };
}

/** The rules by which a route answers with the documents of the policies among `resources`: one for each path. */
export function metadataRules(resources: readonly Resource[]): readonly RouteRule[] {
  const byPath = new Map<string, ResourceMetadata>();
  for (const resource of resources) {
    const metadata = resource.kind === 'Authentication' ? resource.resourceMetadata : null;
    if (metadata === null) continue;
    const path = metadataPath(metadata);
    if (!byPath.has(path)) byPath.set(path, metadata);
  }
  return [...byPath].map(([path, metadata]) => ({
    name: 'oauth-protected-resource',
    matches: ['GET', 'HEAD'].map((method) => matchOf(path, method)),
    filters: [anyPage],
    authentications: [],
    rateLimits: [],
    action: { kind: 'ResourceMetadata', ...metadata },
  }));
}

function matchOf(path: string, method: string): RouteMatch {
  return { path: { kind: 'Exact', value: path }, method, headers: [], query: [] };
}

/** Applications in browsers read it too, before they have a token. */
const anyPage: CorsFilter = Object.freeze({
  kind: 'Cors',
  origins: Object.freeze(['*']),
  credentials: false,
  methods: Object.freeze(['*']),
  headers: Object.freeze(['*']),
  exposed: Object.freeze([]),
  maxAgeS: 3600,
});
