// What leads requests at a Gateway: routes, Ingresses, Services that are exposed; in shelves, for there are thousands.
import type { Ingress } from '#crds/ingress.ts';
import type { Service } from '#crds/kubernetes.ts';
import type { RouteObject } from '#crds/route-kind.ts';
import { gatewayKey } from '#snapshot/ids.ts';
import { exposedUnit } from './expose/exposed.ts';
import { exposedByGateway } from './expose/exposure.ts';
import { ingressUnit } from './ingress/ingress.ts';
import { ingressesAt } from './ingress/ingress-class.ts';
import { gatewaySetsUnit } from './listener-set.ts';
import type { Read, Unit } from './memo.ts';
import type { RouteAtGateway } from './route-at-gateway.ts';
import { findRoutes } from './route-index.ts';
import { routesByParent, routesByParentOnShelves } from './route-parent.ts';
import { routeUnits } from './route.ts';
import { findOn, onShelf, overShelves, shelvesUnit, type Shelf } from './shelves.ts';

/** The shelves of what may be attached to the Gateway of a namespace and name or to its ListenerSets. */
export const attachedShelves = shelvesUnit('attached routes', (read, namespace = '', name = '') =>
  leadingAt(read, { namespace, name, shelf: '' }),
);

/** Those on a shelf that are attached. */
export const attachedShelfUnit: Unit<readonly RouteAtGateway[]> = {
  name: 'attached routes of a shelf',
  compute: (read, namespace = '', name = '', shelf = '') =>
    leadingAt(read, { namespace, name, shelf })
      .flatMap((object) => atGateways(read, object))
      .filter((one) => one.gateway === gatewayKey(namespace, name)),
};

/** All that are attached to the Gateway of a namespace and name. */
export const attachedRoutesUnit: Unit<readonly RouteAtGateway[]> = {
  name: 'attached routes',
  compute: (read, ...gateway) => overShelves(read, attachedShelves, attachedShelfUnit, ...gateway).flat(),
};

function leadingAt(
  read: Read,
  { namespace, name, shelf }: { readonly namespace: string; readonly name: string; readonly shelf: Shelf },
): readonly (RouteObject | Ingress | Service)[] {
  const key = gatewayKey(namespace, name);
  const sets = read.ask(gatewaySetsUnit, namespace, name);
  const atGateway = routesOn(read, `Gateway/${key}`, shelf);
  const atSets = sets.flatMap((set) => routesOn(read, `ListenerSet/${set.namespace}/${set.name}`, shelf));
  const exposed = [key, ''].flatMap((asked) => findOn(read, exposedByGateway, asked, shelf));
  const routes = atSets.length === 0 ? atGateway : [...new Set([...atGateway, ...atSets])];
  return [...routes, ...ingressesAt(read, key, shelf), ...exposed];
}

function routesOn(read: Read, parent: string, shelf: Shelf): readonly RouteObject[] {
  return shelf === ''
    ? findRoutes(read, routesByParent, parent)
    : findRoutes(read, routesByParentOnShelves, onShelf(parent, shelf));
}

function atGateways(read: Read, object: RouteObject | Ingress | Service): readonly RouteAtGateway[] {
  const { namespace, name } = object.metadata;
  if (object.kind === 'Ingress') return listOf(read.ask(ingressUnit, namespace, name)?.atGateway);
  if (object.kind === 'Service') return listOf(read.ask(exposedUnit, namespace, name)?.atGateway);
  return read.ask(routeUnits[object.kind], namespace, name)?.gateways ?? [];
}

function listOf<T>(one: T | null | undefined): readonly T[] {
  return one === null || one === undefined ? [] : [one];
}
