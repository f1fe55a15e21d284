// Which IngressClasses are ours, and the Gateway that serves the Ingresses of each.
import { classAnnotation, defaultClassAnnotation, type Ingress, type IngressClass } from '#crds/ingress.ts';
import { gatewayKey, type GatewayKey } from '#snapshot/ids.ts';
import { createdMs } from '../creation-time.ts';
import { gatewayUnit } from '../gateway.ts';
import type { Index, Read, Unit } from '../memo.ts';
import { findOn, shelvedIndex, type Shelf } from '../shelves.ts';

/** An IngressClass of ours. */
export interface IngressClassModel {
  readonly name: string;
  /** Which serves its Ingresses, and is of ours; null: none does. */
  readonly gateway: GatewayKey | null;
  /** Why none does. */
  readonly problem: string | null;
}

/** The IngressClass of a name; null when there is none or another controller's. */
export const ingressClassUnit: Unit<IngressClassModel | null> = {
  name: 'ingress class',
  compute(read, name = '') {
    const object = read.get('IngressClass', '', name);
    if (object === undefined || object.spec.controller !== read.settings.controllerName) {
      return null;
    }
    const { parameters } = object.spec;
    if (parameters === undefined) {
      return without(name, 'spec.parameters is missing; name there the Gateway that serves the class.');
    }
    const { apiGroup, kind, namespace } = parameters;
    if (apiGroup !== 'gateway.networking.k8s.io' || kind !== 'Gateway') {
      const found = `${kind}${apiGroup === '' ? '' : `.${apiGroup}`}`;
      return without(
        name,
        `spec.parameters names the kind ${found}; name a Gateway of gateway.networking.k8s.io.`,
      );
    }
    if (namespace === undefined) {
      return without(
        name,
        'spec.parameters needs scope Namespace and the namespace of the Gateway; add them.',
      );
    }
    const key = gatewayKey(namespace, parameters.name);
    if (read.ask(gatewayUnit, namespace, parameters.name) !== null) {
      return { name, gateway: key, problem: null };
    }
    return read.get('Gateway', namespace, parameters.name) === undefined
      ? without(name, `spec.parameters: Gateway ${key} does not exist; create it or correct the name.`)
      : without(
          name,
          `spec.parameters: Gateway ${key} is of a GatewayClass of another controller; name another.`,
        );
  },
};

function without(name: string, problem: string): IngressClassModel {
  return { name, gateway: null, problem };
}

/**
 * The name of the class of Ingresses that name none, whoever's it is; '' when there is none. Of several the newest,
 * then the first by name, as the API server has it.
 */
const defaultClassUnit: Unit<string> = {
  name: 'default ingress class',
  compute(read) {
    const [first] = read
      .list('IngressClass')
      .filter(({ metadata }) => metadata.annotations[defaultClassAnnotation] === 'true')
      .sort((one, other) => ageOf(other) - ageOf(one) || (one.metadata.name < other.metadata.name ? -1 : 1));
    return first?.metadata.name ?? '';
  },
};

function ageOf({ metadata }: IngressClass): number {
  return createdMs(metadata.creationTimestamp);
}

/** Ingresses by the class they name; `''` for none. */
const ingressesByClass = shelvedIndex({ kind: 'Ingress', keysOf: (one) => [namedClass(one)] });

/** IngressClasses by the Gateway that their parameters name. */
const classesByGateway: Index<'IngressClass'> = {
  kind: 'IngressClass',
  keysOf: ({ spec: { parameters } }) =>
    parameters?.namespace === undefined ? [] : [`${parameters.namespace}/${parameters.name}`],
};

/** The class that an Ingress names; '' for none. */
export function namedClass({ metadata, spec }: Ingress): string {
  const annotated = metadata.annotations[classAnnotation] ?? '';
  return annotated === '' ? (spec.ingressClassName ?? '') : annotated;
}

/** The class of `ingress`; null when it is none of ours. */
export function classOf(read: Read, ingress: Ingress): IngressClassModel | null {
  const named = namedClass(ingress);
  const name = named === '' ? read.ask(defaultClassUnit) : named;
  return name === '' ? null : read.ask(ingressClassUnit, name);
}

/** Those on `shelf` of the Ingresses that the Gateway serves. */
export function ingressesAt(read: Read, gateway: GatewayKey, shelf: Shelf = ''): readonly Ingress[] {
  const classes = read
    .find(classesByGateway, gateway)
    .filter(({ metadata }) => read.ask(ingressClassUnit, metadata.name)?.gateway === gateway)
    .map(({ metadata }) => metadata.name);
  if (classes.length === 0) {
    return [];
  }
  const isDefault = classes.includes(read.ask(defaultClassUnit));
  return [...classes, ...(isDefault ? [''] : [])].flatMap((name) =>
    findOn(read, ingressesByClass, name, shelf),
  );
}
