import assert from 'node:assert/strict';
import { kinds } from '#crds/kind.ts';

interface Place {
  readonly kind: string;
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  /** It is, if left out. */
  readonly namespaced?: boolean;
}

const apps = { group: 'apps', version: 'v1' };

/** Those that we do not read, and tests do. */
const others: readonly Place[] = [
  { kind: 'ServiceAccount', group: '', version: 'v1', plural: 'serviceaccounts' },
  { ...apps, kind: 'Deployment', plural: 'deployments' },
  { ...apps, kind: 'DaemonSet', plural: 'daemonsets' },
  {
    kind: 'PodDisruptionBudget',
    group: 'policy',
    version: 'v1',
    plural: 'poddisruptionbudgets',
  },
  { kind: 'Lease', group: 'coordination.k8s.io', version: 'v1', plural: 'leases' },
];

const places = new Map(
  [...Object.values(kinds), ...others].map((place) => [place.kind.toLowerCase(), place] as const),
);

/** Where the API server has the object that kubectl calls by this name, such as `httproute/shop`. */
export function objectPath(name: string, namespace: string): string {
  const [kind = '', of = ''] = name.split('/');
  const place = placeOf(kind);
  return `${apiOf(place)}${(place.namespaced ?? true) ? `/namespaces/${namespace}` : ''}/${place.plural}/${of}`;
}

/** Where it has all objects of the kind, of all namespaces. */
export function kindPath(kind: string): string {
  const place = placeOf(kind);
  return `${apiOf(place)}/${place.plural}`;
}

function placeOf(kind: string): Place {
  const place = places.get(kind.toLowerCase());
  assert.ok(place, `no path is known for ${kind}`);
  return place;
}

function apiOf({ group, version }: Place): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
}
