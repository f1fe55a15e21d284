// Names of resources. An id is stable over the life of what it names, and says in a log what it stands for.
import type { Resource } from './snapshot.ts';

declare const brand: unique symbol;

/** `<kind>/<part>/...`, for example `Route/HTTPRoute/shop/cart`. Made by {@link resourceId} only. */
export type ResourceId = string & { readonly [brand]: 'ResourceId' };

/** `<namespace>/<name>` of a Gateway. Made by {@link gatewayKey} only. */
export type GatewayKey = string & { readonly [brand]: 'GatewayKey' };

/** The kinds of resource a snapshot is made of. */
export type ResourceKind = Resource['kind'];

/** The id of the resource of `kind` that is named by `parts`; a part may not be empty. */
export function resourceId(kind: ResourceKind, ...parts: readonly string[]): ResourceId {
  return [kind, ...parts].join('/') as ResourceId;
}

/** The key of the Gateway `namespace`/`name`. */
export function gatewayKey(namespace: string, name: string): GatewayKey {
  return `${namespace}/${name}` as GatewayKey;
}

/** Namespace and name of the Gateway that `key` stands for. */
export function gatewayOf(key: GatewayKey): { readonly namespace: string; readonly name: string } {
  const at = key.indexOf('/');
  return { namespace: key.slice(0, at), name: key.slice(at + 1) };
}
