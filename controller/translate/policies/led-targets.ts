// Ingresses and Services that are exposed, as targets of policies: by an annotation, or as what leads to a Service.
import type { KindMap } from '#crds/kind.ts';
import type { GatewayKey } from '#snapshot/ids.ts';
import { policiesNamed } from '../annotations.ts';
import { exposedUnit } from '../expose/exposed.ts';
import { allExposed } from '../expose/exposure.ts';
import { ingressUnit } from '../ingress/ingress.ts';
import type { Index, Read } from '../memo.ts';

type LedObject = KindMap['Ingress' | 'Service'];

function policyKeys({ metadata }: LedObject): readonly string[] {
  return policiesNamed(metadata.annotations).map(({ kind, name }) => `${kind}/${metadata.namespace}/${name}`);
}

/** By the policies that their annotations name: `<kind>/<namespace>/<name>`. */
const ingressesByPolicy: Index<'Ingress'> = { kind: 'Ingress', keysOf: policyKeys };

const servicesByPolicy: Index<'Service'> = {
  kind: 'Service',
  keysOf: (service) => (allExposed.keysOf(service).length === 0 ? [] : policyKeys(service)),
};

/** Ingresses by the Services they lead to: `<namespace>/<name>`. */
const ingressesByService: Index<'Ingress'> = {
  kind: 'Ingress',
  keysOf: ({ metadata, spec }) =>
    [
      spec.defaultBackend,
      ...spec.rules.flatMap(({ http }) => http?.paths ?? []).map((one) => one.backend),
    ].flatMap((one) => (one?.service === undefined ? [] : [`${metadata.namespace}/${one.service.name}`])),
};

/** The Gateways at which Ingresses and Services pull the policy of a key in. */
export function gatewaysPulling(read: Read, key: string): readonly GatewayKey[] {
  const led = [...read.find(ingressesByPolicy, key), ...read.find(servicesByPolicy, key)];
  return led.flatMap((one) => gatewayOfLed(read, one) ?? []);
}

/** The Gateways at which the Service `<namespace>/<name>` is reached without a route. */
export function gatewaysLeading(read: Read, service: string): readonly GatewayKey[] {
  const [namespace = '', name = ''] = service.split('/');
  return [
    ...read.find(ingressesByService, service).flatMap((one) => gatewayOfLed(read, one) ?? []),
    ...[read.ask(exposedUnit, namespace, name)?.gateway ?? []].flat(),
  ];
}

function gatewayOfLed(read: Read, { kind, metadata }: LedObject): GatewayKey | null {
  const unit = kind === 'Ingress' ? ingressUnit : exposedUnit;
  return (
    read.ask<{ readonly gateway: GatewayKey | null } | null>(unit, metadata.namespace, metadata.name)
      ?.gateway ?? null
  );
}
