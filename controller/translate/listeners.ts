// What the listeners of a Gateway or a ListenerSet are, as far as that object alone tells it: protocol, host, which
// routes may attach. Conflicts are listener-conflicts.ts's; certificates are looked up in certificates.ts, so that a
// Secret's birth touches its listener only.
import type { Listener } from '#crds/gateway-api.ts';
import type { RouteKind } from '#crds/route-kind.ts';
import { resourceId, type ResourceId } from '#snapshot/ids.ts';
import { admissionFault } from './admitted-namespaces.ts';
import type { Read } from './memo.ts';
import type { Problem } from './problem.ts';

/** The object that a listener stands in. */
export interface ListenerParent {
  readonly kind: 'Gateway' | 'ListenerSet';
  readonly namespace: string;
  readonly name: string;
}

/** Whether listeners of both stand in one object. */
export function isSameParent(one: ListenerParent, other: ListenerParent): boolean {
  return one.kind === other.kind && one.namespace === other.namespace && one.name === other.name;
}

/** A listener as routes see it. */
export interface ListenerShape {
  readonly parent: ListenerParent;
  /** What tells it from all others of its Gateway: its name; for one of a ListenerSet `<namespace>/<set>/<name>`. */
  readonly key: string;
  /** In its parent. */
  readonly name: string;
  /** When its ListenerSet was created, milliseconds since 1970; 0: it is the Gateway's own. */
  readonly createdMs: number;
  readonly port: number;
  readonly protocol: string;
  /** Where TLS ends; null: none is spoken. */
  readonly tlsMode: 'Terminate' | 'Passthrough' | null;
  /** `''` for any host. */
  readonly hostname: string;
  /** Route kinds that may attach, as `supportedKinds` shows them. */
  readonly kinds: readonly RouteGroupKind[];
  readonly namespaces: RouteNamespaces;
  /** Why it is not accepted. */
  readonly problem: Problem | null;
  /** Kinds it names that it cannot take. */
  readonly kindsProblem: Problem | null;
  /** Why it takes routes of no namespace. */
  readonly namespacesProblem: Problem | null;
}

/** Whether clients shake hands with the Gateway itself: for HTTPS, and for octets that go on without TLS. */
export function endsTls({ protocol, tlsMode }: Pick<ListenerShape, 'protocol' | 'tlsMode'>): boolean {
  return protocol === 'HTTPS' || (protocol === 'TLS' && tlsMode === 'Terminate');
}

/** A kind of route by its group (Gateway API: RouteGroupKind). */
export interface RouteGroupKind {
  readonly group: string;
  readonly kind: string;
}

/** From which namespaces routes may attach. */
export type RouteNamespaces = Listener['allowedRoutes']['namespaces'];

const gatewayGroup = 'gateway.networking.k8s.io';

/** Route kinds by protocol; a protocol that is not here is not supported. */
const kindsByProtocol: ReadonlyMap<string, readonly RouteGroupKind[]> = new Map([
  ['HTTP', kindsOf('HTTPRoute', 'GRPCRoute')],
  ['HTTPS', kindsOf('HTTPRoute', 'GRPCRoute')],
  ['TLS', kindsOf('TLSRoute')],
  ['TCP', kindsOf('TCPRoute')],
  ['UDP', kindsOf('UDPRoute')],
]);

function kindsOf(...kinds: readonly RouteKind[]): readonly RouteGroupKind[] {
  return kinds.map((kind) => ({ group: gatewayGroup, kind }));
}

/** The id of the resource of a Gateway's listener. */
export function listenerId(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  key: string,
): ResourceId {
  return resourceId('Listener', namespace, name, key);
}

/** The listener of `shape` as it is written, and its field in the object it stands in. */
export function writtenListener(
  read: Read,
  { parent, name }: Pick<ListenerShape, 'parent' | 'name'>,
): { readonly listener: Listener | undefined; readonly field: string } {
  const listeners = read.get(parent.kind, parent.namespace, parent.name)?.spec.listeners ?? [];
  const at = listeners.findIndex((one) => one.name === name);
  return { listener: listeners[at], field: `spec.listeners[${String(at)}]` };
}

/** The listeners that stand in `parent`, in its order; whether they conflict is not asked. */
export function listenerShapes(
  parent: ListenerParent,
  listeners: readonly Listener[],
  createdMs = 0,
): readonly ListenerShape[] {
  return listeners.map((listener, index) => {
    const field = `spec.listeners[${String(index)}]`;
    const { name, port, protocol, hostname = '' } = listener;
    const supported = kindsByProtocol.get(protocol);
    const { kinds, unsupported } = allowedKinds(listener, supported ?? []);
    return {
      parent,
      key: parent.kind === 'Gateway' ? name : `${parent.namespace}/${parent.name}/${name}`,
      name,
      createdMs,
      port,
      protocol,
      tlsMode: listener.tls?.mode ?? null,
      hostname,
      kinds,
      namespaces: listener.allowedRoutes.namespaces,
      problem:
        supported === undefined ? { kind: 'ListenerProtocol', field: `${field}.protocol`, protocol } : null,
      kindsProblem:
        unsupported.length === 0
          ? null
          : { kind: 'InvalidRouteKinds', field: `${field}.allowedRoutes.kinds`, kinds: unsupported },
      namespacesProblem: namespacesProblem(field, listener.allowedRoutes.namespaces),
    };
  });
}

function namespacesProblem(field: string, namespaces: RouteNamespaces): Problem | null {
  const fault = admissionFault(namespaces);
  if (fault === null) return null;
  const { path, detail } = fault;
  const place = `${field}.allowedRoutes.namespaces.selector${path}`;
  return { kind: 'UnsupportedValue', field: place, detail: `${detail}; until then no route attaches` };
}

function allowedKinds(
  listener: Listener,
  supported: readonly RouteGroupKind[],
): { readonly kinds: readonly RouteGroupKind[]; readonly unsupported: readonly string[] } {
  const wanted = listener.allowedRoutes.kinds;
  if (wanted.length === 0) {
    return { kinds: supported, unsupported: [] };
  }
  const isSupported = (one: RouteGroupKind) =>
    supported.some((other) => other.group === one.group && other.kind === one.kind);
  return {
    kinds: supported.filter((one) =>
      wanted.some((other) => other.group === one.group && other.kind === one.kind),
    ),
    unsupported: wanted.filter((one) => !isSupported(one)).map((one) => `${one.group}/${one.kind}`),
  };
}
