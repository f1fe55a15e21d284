// What a Gateway's listeners are, as far as the Gateway alone tells it: protocol, host, conflicts, which routes
// may attach. Certificates are looked up in certificates.ts, so that a Secret's birth touches its listener only.
import type { Gateway, Listener } from '#crds/gateway-api.ts';
import type { RouteKind } from '#crds/route-kind.ts';
import type { Problem } from './problem.ts';

/** A listener as routes see it. */
export interface ListenerShape {
  readonly name: string;
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

/** The listeners of `gateway` in its order. */
export function listenerShapes(gateway: Gateway): readonly ListenerShape[] {
  const { listeners } = gateway.spec;
  return listeners.map((listener) => {
    const supported = kindsByProtocol.get(listener.protocol);
    const { kinds, unsupported } = allowedKinds(listener, supported ?? []);
    return {
      name: listener.name,
      port: listener.port,
      protocol: listener.protocol,
      tlsMode: listener.tls?.mode ?? null,
      hostname: listener.hostname ?? '',
      kinds,
      namespaces: listener.allowedRoutes.namespaces,
      problem:
        supported === undefined
          ? { kind: 'ListenerProtocol', protocol: listener.protocol }
          : conflictOf(listener, listeners),
      kindsProblem: unsupported.length === 0 ? null : { kind: 'InvalidRouteKinds', kinds: unsupported },
    };
  });
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

/** Inside one Gateway no winner is picked: all that conflict are refused. Unsupported protocols are no rivals. */
function conflictOf(listener: Listener, listeners: readonly Listener[]): Problem | null {
  const rivals = listeners.filter(
    (one) =>
      one !== listener &&
      one.port === listener.port &&
      kindsByProtocol.has(one.protocol) &&
      (one.protocol === 'UDP') === (listener.protocol === 'UDP'),
  );
  const { port } = listener;
  const same = rivals.filter((one) => (one.hostname ?? '') === (listener.hostname ?? ''));
  const foreign = rivals.filter(
    (one) =>
      !sharesPort(one.protocol, listener.protocol) ||
      (same.includes(one) && one.protocol !== listener.protocol),
  );
  if (foreign.length > 0) {
    return { kind: 'ProtocolConflict', port, others: foreign.map((one) => one.name) };
  }
  return same.length > 0 ? { kind: 'HostnameConflict', port, others: same.map((one) => one.name) } : null;
}

/** Listeners that speak TLS are told apart by the name that clients ask for, whatever is spoken within. */
function sharesPort(one: string, other: string): boolean {
  const isSecure = (protocol: string) => protocol === 'HTTPS' || protocol === 'TLS';
  return one === other || (isSecure(one) && isSecure(other));
}
