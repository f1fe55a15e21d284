// Which listeners a route is attached to, by its parentRefs (Gateway API: ParentReference, AllowedRoutes).
import type { ParentReference } from '#crds/gateway-api.ts';
import type { RouteKind } from '#crds/route-kind.ts';
import type { AttachedHostname } from '#snapshot/route.ts';
import type { GatewayModel } from './gateway.ts';
import { intersectHostnames } from './hostnames.ts';
import { selects } from './label-selector.ts';
import type { ListenerShape } from './listeners.ts';
import type { Read } from './memo.ts';
import type { Problem } from './problem.ts';
import { routeIndex } from './route-index.ts';

/** A listener that takes a route, and the hosts it serves there. */
export interface ListenerAttachment {
  readonly listener: string;
  readonly hostnames: readonly AttachedHostname[];
}

/** The listeners of a Gateway that take a route (at least one), or why none does. */
export type Attached =
  | { readonly kind: 'Attached'; readonly attachments: readonly ListenerAttachment[] }
  | { readonly kind: 'Refused'; readonly problem: Problem };

/** Routes by the Gateways they name as parents: `<namespace>/<name>`. */
export const routesByGateway = routeIndex((route) =>
  route.spec.parentRefs
    .filter((one) => isGatewayReference(one))
    .map((one) => `${one.namespace ?? route.metadata.namespace}/${one.name}`),
);

/** Whether a parentRef names a Gateway; others (Services of a mesh) are not for us. */
export function isGatewayReference(reference: ParentReference): boolean {
  return reference.group === 'gateway.networking.k8s.io' && reference.kind === 'Gateway';
}

/** What of a route, or of what is led like one, listeners look at. */
export interface Attaching {
  readonly kind: RouteKind;
  readonly metadata: { readonly namespace: string };
  readonly spec: { readonly hostnames: readonly string[] };
}

/** Attaches `route` to the listeners of `gateway` that `reference` selects, or tells why none takes it. */
export function attach(
  read: Read,
  route: Attaching,
  reference: ParentReference,
  gateway: GatewayModel,
): Attached {
  const selected = gateway.listeners.filter(
    (one) =>
      (reference.sectionName === undefined || one.name === reference.sectionName) &&
      (reference.port === undefined || one.port === reference.port),
  );
  if (selected.length === 0) {
    const { sectionName = null, port = null } = reference;
    return refused({ kind: 'NoMatchingParent', gateway: gateway.key, sectionName, port });
  }
  const { namespace } = route.metadata;
  const open = selected.filter((one) => admits(read, one, gateway.namespace, route));
  if (open.length === 0) {
    return refused({
      kind: 'NotAllowedByListeners',
      gateway: gateway.key,
      namespace,
      routeKind: route.kind,
    });
  }
  const attachments = open
    .map((one) => ({ listener: one.name, hostnames: intersectHostnames(one.hostname, route.spec.hostnames) }))
    .filter((one) => one.hostnames.length > 0);
  return attachments.length === 0
    ? refused({ kind: 'NoMatchingListenerHostname', gateway: gateway.key, hostnames: route.spec.hostnames })
    : { kind: 'Attached', attachments };
}

function refused(problem: Problem): Attached {
  return { kind: 'Refused', problem };
}

function admits(read: Read, listener: ListenerShape, gatewayNamespace: string, route: Attaching): boolean {
  const kind = listener.kinds.some(
    (one) => one.group === 'gateway.networking.k8s.io' && one.kind === route.kind,
  );
  return kind && admitsNamespace(read, listener, gatewayNamespace, route.metadata.namespace);
}

function admitsNamespace(
  read: Read,
  listener: ListenerShape,
  gatewayNamespace: string,
  namespace: string,
): boolean {
  const { from, selector } = listener.namespaces;
  switch (from) {
    case 'All':
      return true;
    case 'Same':
      return namespace === gatewayNamespace;
    case 'Selector': {
      const labels = read.get('Namespace', '', namespace)?.metadata.labels;
      // A selector that is left out selects nothing: it must not open the listener to all.
      return labels !== undefined && selector !== undefined && selects(selector, labels);
    }
    default:
      return from satisfies never;
  }
}
