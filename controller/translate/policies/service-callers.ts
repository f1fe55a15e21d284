// Where Services are reached: the Gateways of ours that send them requests, or ask them about requests.
import type { RouteObject } from '#crds/route-kind.ts';
import type { GatewayKey } from '#snapshot/ids.ts';
import type { Read } from '../memo.ts';
import { findRoutes } from '../route-index.ts';
import { routesByAskedService, routesByService } from '../route-references.ts';
import { routeUnits } from '../route.ts';
import { gatewaysAsking } from './filtering-listeners.ts';
import { gatewaysLeading } from './led-targets.ts';

/** The Gateways of ours whose routes and Ingresses send requests, or copies of them, to a Service; sorted. */
export function gatewaysOfService(read: Read, namespace: string, service: string): readonly GatewayKey[] {
  const key = `${namespace}/${service}`;
  return sorted([...gatewaysOf(read, findRoutes(read, routesByService, key)), ...gatewaysLeading(read, key)]);
}

/** As {@link gatewaysOfService}, with those whose routes or listeners ask the Service before they let requests in. */
export function callersOfService(read: Read, namespace: string, service: string): readonly GatewayKey[] {
  const key = `${namespace}/${service}`;
  const asking = gatewaysOf(read, findRoutes(read, routesByAskedService, key));
  return sorted([...gatewaysOfService(read, namespace, service), ...asking, ...gatewaysAsking(read, key)]);
}

/** Those that `routes` name as parents. */
function gatewaysOf(read: Read, routes: readonly RouteObject[]): readonly GatewayKey[] {
  const found = routes.flatMap(
    ({ kind, metadata }) => read.ask(routeUnits[kind], metadata.namespace, metadata.name)?.parents ?? [],
  );
  return found.map((parent) => parent.gateway);
}

/** Each once. */
function sorted(gateways: readonly GatewayKey[]): readonly GatewayKey[] {
  return [...new Set(gateways)].sort();
}
