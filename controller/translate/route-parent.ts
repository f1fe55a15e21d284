// What the parentRefs of routes name: Gateways of ours, and ListenerSets at them. Others (Services of a mesh) are not for us.
import type { ParentReference } from '#crds/gateway-api.ts';
import type { RouteObject } from '#crds/route-kind.ts';
import { gatewayOf } from '#snapshot/ids.ts';
import { gatewayUnit, type GatewayModel } from './gateway.ts';
import { listenerSetUnit, parentGatewayOf } from './listener-set.ts';
import type { ListenerParent, ListenerShape } from './listeners.ts';
import type { Read } from './memo.ts';
import type { Problem } from './problem.ts';
import { routeIndex } from './route-index.ts';
import { shelfKeys } from './shelves.ts';

/** What a route is attached to: its own listeners alone, not those of a Gateway's ListenerSets (GEP-1713). */
export interface RouteParent extends ListenerParent {
  readonly gateway: GatewayModel;
  readonly listeners: readonly ListenerShape[];
  /** Why it takes no routes. */
  readonly problem: Problem | null;
}

/** Routes by what they name as parents: `<kind>/<namespace>/<name>`. */
export const routesByParent = routeIndex(parentKeys);

/** The same, shelf by shelf. */
export const routesByParentOnShelves = routeIndex(shelfKeys(parentKeys));

function parentKeys({ metadata, spec }: RouteObject): readonly string[] {
  return spec.parentRefs
    .flatMap((one) => listenerParentOf(one, metadata.namespace) ?? [])
    .map(({ kind, namespace, name }) => `${kind}/${namespace}/${name}`);
}

function listenerParentOf(
  { group, kind, name, namespace }: ParentReference,
  own: string,
): ListenerParent | null {
  return group === 'gateway.networking.k8s.io' && (kind === 'Gateway' || kind === 'ListenerSet')
    ? { kind, namespace: namespace ?? own, name }
    : null;
}

/** The parent that `reference` of a route in `namespace` names; null when it is none of ours. */
export function routeParent(read: Read, reference: ParentReference, namespace: string): RouteParent | null {
  const parent = listenerParentOf(reference, namespace);
  if (parent === null) {
    return null;
  }
  if (parent.kind === 'Gateway') {
    const gateway = read.ask(gatewayUnit, parent.namespace, parent.name);
    return gateway === null ? null : gatewayAsParent(gateway);
  }
  const set = read.ask(listenerSetUnit, parent.namespace, parent.name);
  const at = set === null ? null : gatewayOf(set.gateway);
  const gateway = at === null ? null : read.ask(gatewayUnit, at.namespace, at.name);
  return set === null || gateway === null
    ? null
    : {
        ...parent,
        gateway,
        listeners: set.listeners,
        problem:
          set.problem?.kind === 'ListenerSetNotAllowed'
            ? { kind: 'ParentNotAttached', set: `${set.namespace}/${set.name}` }
            : null,
      };
}

/** `gateway` as its routes see it. */
export function gatewayAsParent(gateway: GatewayModel): RouteParent {
  const { namespace, name, listeners } = gateway;
  return { kind: 'Gateway', namespace, name, gateway, listeners, problem: null };
}

/** Names of the Gateways, of whatever class, that the parents of `route` are or belong to. */
export function gatewaysNamed(
  read: Read,
  { metadata, spec }: RouteObject,
): readonly { readonly namespace: string; readonly name: string }[] {
  return spec.parentRefs.flatMap((reference) => {
    const parent = listenerParentOf(reference, metadata.namespace);
    return parent === null ? [] : (gatewayOfParent(read, parent) ?? []);
  });
}

/** Name of the Gateway, of whatever class, that `parent` is or belongs to. */
export function gatewayOfParent(
  read: Read,
  { kind, namespace, name }: ListenerParent,
): { readonly namespace: string; readonly name: string } | null {
  if (kind === 'Gateway') {
    return { namespace, name };
  }
  const set = read.get('ListenerSet', namespace, name);
  return set === undefined ? null : parentGatewayOf(set);
}
