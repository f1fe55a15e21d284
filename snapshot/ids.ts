// Names of resources. An id is stable over the life of what it names, and says in a log what it stands for.

declare const brand: unique symbol;

/** `<kind>/<part>/...`, for example `Route/HTTPRoute/shop/cart`. Made by {@link resourceId} only. */
export type ResourceId = string & { readonly [brand]: 'ResourceId' };

/** `<namespace>/<name>` of a Gateway. Made by {@link gatewayKey} only. */
export type GatewayKey = string & { readonly [brand]: 'GatewayKey' };

/** The kinds of resource a snapshot is made of. */
export const resourceKinds = [
  'Listener',
  'Route',
  'Cluster',
  'Endpoints',
  'Certificate',
  'Authentication',
  'KeySet',
  'RateLimit',
  'RateLimitStore',
  'Fleet',
] as const;

export type ResourceKind = (typeof resourceKinds)[number];

/** The id of the resource of `kind` that is named by `parts`; a part may not be empty. */
export function resourceId(kind: ResourceKind, ...parts: readonly string[]): ResourceId {
  return [kind, ...parts].join('/') as ResourceId;
}

/** The key of the Gateway `namespace`/`name`. */
export function gatewayKey(namespace: string, name: string): GatewayKey {
  return `${namespace}/${name}` as GatewayKey;
}
