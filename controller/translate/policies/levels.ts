import type { RequestRouteKind } from '#crds/route-kind.ts';
import type { GatewayModel } from '../gateway.ts';
import type { Read, Unit } from '../memo.ts';
import type { EndpointSource } from '../translation.ts';
import { contenders, type Place } from './conflict.ts';
import type { AttachedKind } from './policy.ts';

/** Whose rules policies can hold for: a route, an Ingress, or a Service that is exposed. */
export interface RouteRef {
  readonly kind: RequestRouteKind | 'Ingress' | 'Service';
  readonly namespace: string;
  readonly name: string;
}

/** A rule of a route at a Gateway, or at one listener of it. */
export interface RuleSite {
  readonly gateway: Pick<GatewayModel, 'namespace' | 'name'>;
  /** Its ListenerSet and listener, each when policies of its own hold there. */
  readonly between: readonly Place[];
  readonly route: RouteRef;
  /** The rule's name; null when it has none, and so no policy can target it. */
  readonly rule: string | null;
}

/** The places whose policies hold for the rule, from far to near: Gateway, ListenerSet, listener, route, rule. */
export function placesOfRule({ gateway, between, route, rule }: RuleSite): readonly Place[] {
  const ofGateway = { kind: 'Gateway', namespace: gateway.namespace, name: gateway.name } as const;
  // A Service that is exposed has its place among backends.
  const ofRoute =
    route.kind === 'Service'
      ? []
      : [{ kind: route.kind, namespace: route.namespace, name: route.name, section: '' }];
  return [
    { ...ofGateway, section: '' },
    ...between,
    ...ofRoute,
    ...(rule === null ? [] : ofRoute.map((one) => ({ ...one, section: rule }))),
  ];
}

/** The places whose policies hold for a port of a Service, from far to near: the Service, the port if it has a name. */
export function placesOfService({
  namespace,
  service,
  portName,
}: Omit<EndpointSource, 'id'>): readonly Place[] {
  const whole = { kind: 'Service', namespace, name: service } as const;
  return [{ ...whole, section: '' }, ...(portName === '' ? [] : [{ ...whole, section: portName }])];
}

/** The policy of a kind that holds at each of `places`, one list a level. */
export function levelsAt<Model>(
  read: Read,
  { kind, unit }: { readonly kind: AttachedKind; readonly unit: Unit<Model | null> },
  places: readonly Place[],
): readonly (readonly Model[])[] {
  return places.map((place) => {
    const [winner] = contenders(read, kind, place);
    const policy = winner === undefined ? null : read.ask(unit, place.namespace, winner);
    return policy === null ? [] : [policy];
  });
}
