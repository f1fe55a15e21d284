// The kinds of route: objects that listeners take in by their parentRefs.
import type { Kind, KindMap } from './kind.ts';

/** Routes of requests: each request is led by rules of its own. */
export const requestRouteKinds = ['HTTPRoute', 'GRPCRoute'] as const satisfies readonly Kind[];

/** Routes of byte streams and datagrams: what comes to a listener, or asks it for a name, goes to backends as it is. */
const streamRouteKinds = ['TLSRoute', 'TCPRoute', 'UDPRoute'] as const satisfies readonly Kind[];

/** All kinds of route. */
export const routeKinds = [...requestRouteKinds, ...streamRouteKinds] as const satisfies readonly Kind[];

/** The kind of a route of requests. */
export type RequestRouteKind = (typeof requestRouteKinds)[number];

/** The kind of a route of streams. */
export type StreamRouteKind = (typeof streamRouteKinds)[number];

/** The kind of a route. */
export type RouteKind = (typeof routeKinds)[number];

/** A decoded route of requests. */
export type RequestRoute = KindMap[RequestRouteKind];

/** A decoded route of streams. */
export type StreamRouteObject = KindMap[StreamRouteKind];

/** A decoded route. */
export type RouteObject = KindMap[RouteKind];
