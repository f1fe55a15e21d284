import type { KindMap } from '#crds/kind.ts';
import { routeKinds } from '#crds/route-kind.ts';
import type { Read, Unit } from '../memo.ts';
import { findOn, overShelves, shelvedIndex, shelvesUnit, type Shelf, type ShelvedIndex } from '../shelves.ts';
import { ingressStatusUnit } from './ingress.ts';
import { routeStatusUnits } from './route.ts';
import type { Told } from './told.ts';

const statusUnits = { ...routeStatusUnits, Ingress: ingressStatusUnit } as const;

type LeadingKind = keyof typeof statusUnits;

const leadingKinds: readonly LeadingKind[] = [...routeKinds, 'Ingress'];

const all = () => [''];

/** All objects of each kind under `''`. */
const indexes: { readonly [K in LeadingKind]: ShelvedIndex<K> } = {
  HTTPRoute: shelvedIndex({ kind: 'HTTPRoute', keysOf: all }),
  GRPCRoute: shelvedIndex({ kind: 'GRPCRoute', keysOf: all }),
  TLSRoute: shelvedIndex({ kind: 'TLSRoute', keysOf: all }),
  TCPRoute: shelvedIndex({ kind: 'TCPRoute', keysOf: all }),
  UDPRoute: shelvedIndex({ kind: 'UDPRoute', keysOf: all }),
  Ingress: shelvedIndex({ kind: 'Ingress', keysOf: all }),
};

const kindShelves = shelvesUnit('a kind', (read, kind) => read.list(kind as LeadingKind));

const toldShelfUnit: Unit<readonly Told[]> = {
  name: 'told of a shelf',
  compute(read, kind = '', shelf = '') {
    const unit = statusUnits[kind as LeadingKind];
    return objectsOn(read, kind as LeadingKind, shelf).flatMap(
      ({ metadata }) => read.ask(unit, metadata.namespace, metadata.name) ?? [],
    );
  },
};

function objectsOn<K extends LeadingKind>(read: Read, kind: K, shelf: Shelf): readonly KindMap[K][] {
  return shelf === '' ? read.list(kind) : findOn<K>(read, indexes[kind], '', shelf);
}

/** What is told of all routes and Ingresses, kind by kind. */
export function toldOfLeading(read: Read): readonly Told[] {
  return leadingKinds.flatMap((kind) => overShelves(read, kindShelves, toldShelfUnit, kind).flat());
}
