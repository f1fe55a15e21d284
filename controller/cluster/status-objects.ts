import type { ObjectRef } from '#controller/translate/translation.ts';
import type { LiveStatus } from '#controller/source.ts';
import type { Store } from '#controller/store/store.ts';
import type { Kind } from '#crds/kind.ts';
import { routeKinds } from '#crds/route-kind.ts';

/** Kinds whose statuses are lists that we share with other controllers. */
const sharedStatuses = [
  ...routeKinds,
  'BackendTLSPolicy',
  'AuthPolicy',
  'RateLimitPolicy',
  'TrafficPolicy',
  'ClientPolicy',
  'ProtectionPolicy',
  'Consumer',
  'Plan',
] as const satisfies readonly Kind[];

/** Kinds that have a status of ours. */
const withStatus: ReadonlySet<string> = new Set<Kind>([
  'GatewayClass',
  'Gateway',
  'ListenerSet',
  'Ingress',
  ...sharedStatuses,
]);

/** All objects whose statuses may hold entries of ours beside those of others. */
export function* sharedStatusObjects(
  store: Store,
): Iterable<{ readonly object: ObjectRef; readonly live: LiveStatus }> {
  for (const kind of sharedStatuses) {
    for (const { namespace, name, live } of store.allLive(kind)) {
      yield { object: { kind, namespace, name }, live };
    }
  }
}

/** The last seen state of an object with a status; undefined when there is none. */
export function liveStatus(store: Store, { kind, namespace, name }: ObjectRef): LiveStatus | undefined {
  return isKindWithStatus(kind) ? store.live(kind, namespace, name) : undefined;
}

function isKindWithStatus(kind: string): kind is Kind {
  return withStatus.has(kind);
}
