// The kinds of route: objects that listeners take in by their parentRefs.
import type { Kind, KindMap } from './kind.ts';

/** Routes of requests: each request is led by rules of its own. */
export const requestRouteKinds = ['HTTPRoute', 'GRPCRoute'] as const satisfies readonly Kind[];

/** All kinds of route. */
export const routeKinds = [...requestRouteKinds] as const satisfies readonly Kind[];

/** The kind of a route of requests. */
export type RequestRouteKind = (typeof requestRouteKinds)[number];

/** The kind of a route. */
export type RouteKind = (typeof routeKinds)[number];

/** A decoded route of requests. */
export type RequestRoute = KindMap[RequestRouteKind];

/** A decoded route. */
export type RouteObject = KindMap[RouteKind];
