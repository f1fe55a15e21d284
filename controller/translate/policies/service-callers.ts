// Where Services are reached: the Gateways of ours that send them requests, or ask them about requests.
import type { RouteObject } from '#crds/route-kind.ts';
import type { GatewayKey } from '#snapshot/ids.ts';
import type { Read, Unit } from '../memo.ts';
import { findRoutes } from '../route-index.ts';
import { routesByAskedService, routesByService } from '../route-references.ts';
import { routeUnits } from '../route.ts';
import { gatewaysAsking } from './filtering-listeners.ts';
import { gatewaysLeading } from './led-targets.ts';

/** The Gateways of ours whose routes and Ingresses send requests, or copies of them, to a Service; sorted. */
export function gatewaysOfService(read: Read, namespace: string, service: string): readonly GatewayKey[] {
  return read.ask(gatewaysUnit, namespace, service);
}

/** As {@link gatewaysOfService}, with those whose routes or listeners ask the Service before they let requests in. */
export function callersOfService(read: Read, namespace: string, service: string): readonly GatewayKey[] {
  return read.ask(callersUnit, namespace, service);
}

/** Found once for all policies that are attached there. */
const gatewaysUnit: Unit<readonly GatewayKey[]> = {
  name: 'gateways of a service',
  compute(read, ...service) {
    const key = service.join('/');
    return sorted([
      ...gatewaysOf(read, findRoutes(read, routesByService, key)),
      ...gatewaysLeading(read, key),
    ]);
  },
};

const callersUnit: Unit<readonly GatewayKey[]> = {
  name: 'callers of a service',
  compute(read, ...service) {
    const key = service.join('/');
    const asking = gatewaysOf(read, findRoutes(read, routesByAskedService, key));
    return sorted([...read.ask(gatewaysUnit, ...service), ...asking, ...gatewaysAsking(read, key)]);
  },
};

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
