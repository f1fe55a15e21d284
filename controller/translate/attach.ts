// Which listeners a route is attached to, by its parentRefs (Gateway API: ParentReference, AllowedRoutes).
import type { ParentReference } from '#crds/gateway-api.ts';
import type { RouteKind } from '#crds/route-kind.ts';
import type { AttachedHostname } from '#snapshot/route.ts';
import { admitsNamespace } from './admitted-namespaces.ts';
import { intersectHostnames } from './hostnames.ts';
import type { ListenerShape } from './listeners.ts';
import type { Read } from './memo.ts';
import type { Problem } from './problem.ts';
import type { RouteParent } from './route-parent.ts';

/** A listener that takes a route, and the hosts it serves there. */
export interface ListenerAttachment {
  readonly listener: ListenerShape;
  readonly hostnames: readonly AttachedHostname[];
}

/** The listeners of a parent that take a route (at least one), or why none does. */
export type Attached =
  | { readonly kind: 'Attached'; readonly attachments: readonly ListenerAttachment[] }
  | { readonly kind: 'Refused'; readonly problem: Problem };

/** What of a route, or of what is led like one, listeners look at. */
export interface Attaching {
  readonly kind: RouteKind;
  readonly metadata: { readonly namespace: string };
  readonly spec: { readonly hostnames: readonly string[] };
}

/** Attaches `route` to the listeners of `parent` that `reference` selects, or tells why none takes it. */
export function attach(
  read: Read,
  route: Attaching,
  reference: ParentReference,
  parent: RouteParent,
): Attached {
  if (parent.problem !== null) {
    return refused(parent.problem);
  }
  const title = `${parent.kind} ${parent.namespace}/${parent.name}`;
  const selected = parent.listeners.filter(
    (one) =>
      (reference.sectionName === undefined || one.name === reference.sectionName) &&
      (reference.port === undefined || one.port === reference.port),
  );
  if (selected.length === 0) {
    const { sectionName = null, port = null } = reference;
    return refused({ kind: 'NoMatchingParent', parent: title, sectionName, port });
  }
  const { namespace } = route.metadata;
  const open = selected.filter((one) => admits(read, one, route));
  if (open.length === 0) {
    return refused({
      kind: 'NotAllowedByListeners',
      parent: title,
      namespace,
      routeKind: route.kind,
    });
  }
  const attachments = open
    .map((one) => ({ listener: one, hostnames: intersectHostnames(one.hostname, route.spec.hostnames) }))
    .filter((one) => one.hostnames.length > 0);
  return attachments.length === 0
    ? refused({ kind: 'NoMatchingListenerHostname', parent: title, hostnames: route.spec.hostnames })
    : { kind: 'Attached', attachments };
}

function refused(problem: Problem): Attached {
  return { kind: 'Refused', problem };
}

/** Whether `listener` takes routes of this kind and namespace. */
export function admits(
  read: Read,
  { kinds, namespaces, parent }: ListenerShape,
  route: Pick<Attaching, 'kind' | 'metadata'>,
): boolean {
  const kind = kinds.some((one) => one.group === 'gateway.networking.k8s.io' && one.kind === route.kind);
  return kind && admitsNamespace(read, namespaces, parent.namespace, route.metadata.namespace);
}
