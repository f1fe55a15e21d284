import type { KindMap } from '#crds/kind.ts';
import { routeKinds, type RouteKind, type RouteObject } from '#crds/route-kind.ts';
import type { Index, Read } from './memo.ts';

/** Routes of every kind by the same keys. */
export type RouteIndex = { readonly [K in RouteKind]: Index<K> };

/** Where routes of every kind are found by what `keysOf` answers. */
export function routeIndex(keysOf: (route: RouteObject) => readonly string[]): RouteIndex {
  return {
    HTTPRoute: { kind: 'HTTPRoute', keysOf },
    GRPCRoute: { kind: 'GRPCRoute', keysOf },
    TLSRoute: { kind: 'TLSRoute', keysOf },
    TCPRoute: { kind: 'TCPRoute', keysOf },
    UDPRoute: { kind: 'UDPRoute', keysOf },
  };
}

/** The routes found under `key`, kind by kind. */
export function findRoutes(read: Read, index: RouteIndex, key: string): readonly RouteObject[] {
  const found = <K extends RouteKind>(kind: K): readonly KindMap[K][] => read.find<K>(index[kind], key);
  return routeKinds.flatMap((kind) => found(kind));
}
