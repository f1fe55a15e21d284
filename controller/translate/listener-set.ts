// ListenerSets: which Gateway each of them adds its listeners to, and all listeners of a Gateway together (GEP-1713).
import type { ListenerSet } from '#crds/gateway-api.ts';
import type { GatewayKey } from '#snapshot/ids.ts';
import { admissionFault, admitsNamespace } from './admitted-namespaces.ts';
import { createdMs } from './creation-time.ts';
import { gatewayUnit, type GatewayModel } from './gateway.ts';
import { withConflicts } from './listener-conflicts.ts';
import { listenerShapes, type ListenerShape } from './listeners.ts';
import { entryOf } from './map-entry.ts';
import type { Index, Read, Unit } from './memo.ts';
import type { Problem } from './problem.ts';

/** A ListenerSet that names a Gateway of ours. */
export interface ListenerSetModel {
  readonly gateway: GatewayKey;
  readonly namespace: string;
  readonly name: string;
  readonly createdMs: number;
  /** Their conflicts are told in `gatewayListenersUnit` alone. */
  readonly listeners: readonly ListenerShape[];
  /** Why none of its listeners is one of the Gateway's. */
  readonly problem: Extract<Problem, { kind: 'ListenerSetNotAllowed' | 'ParentNotAccepted' }> | null;
}

/** The ListenerSet of a namespace and name; null when there is none or its Gateway is not ours. */
export const listenerSetUnit: Unit<ListenerSetModel | null> = {
  name: 'listener set',
  compute(read, namespace = '', name = '') {
    const object = read.get('ListenerSet', namespace, name);
    const parent = object === undefined ? null : parentGatewayOf(object);
    const gateway = parent === null ? null : read.ask(gatewayUnit, parent.namespace, parent.name);
    // One that never was at an API server comes after its Gateway all the same.
    const since = Math.max(1, createdMs(object?.metadata.creationTimestamp));
    return object === undefined || gateway === null
      ? null
      : {
          gateway: gateway.key,
          namespace,
          name,
          createdMs: since,
          listeners: listenerShapes({ kind: 'ListenerSet', namespace, name }, object.spec.listeners, since),
          problem: problemOf(read, gateway, namespace),
        };
  },
};

/** Name of the Gateway that a ListenerSet names; null when it names another kind. */
export function parentGatewayOf({
  metadata,
  spec,
}: ListenerSet): { readonly namespace: string; readonly name: string } | null {
  const { group, kind, name, namespace = metadata.namespace } = spec.parentRef;
  return group === 'gateway.networking.k8s.io' && kind === 'Gateway' ? { namespace, name } : null;
}

function problemOf(read: Read, gateway: GatewayModel, namespace: string): ListenerSetModel['problem'] {
  const allowed = read.get('Gateway', gateway.namespace, gateway.name)?.spec.allowedListeners?.namespaces;
  if (allowed === undefined || !admitsNamespace(read, allowed, gateway.namespace, namespace)) {
    const fault = allowed === undefined ? null : admissionFault(allowed);
    return { kind: 'ListenerSetNotAllowed', gateway: gateway.key, namespace, fault };
  }
  return gateway.problem === null ? null : { kind: 'ParentNotAccepted', gateway: gateway.key };
}

/** Sets by the Gateway they name: `<namespace>/<name>`. */
const setsByGateway: Index<'ListenerSet'> = {
  kind: 'ListenerSet',
  keysOf(object) {
    const parent = parentGatewayOf(object);
    return parent === null ? [] : [`${parent.namespace}/${parent.name}`];
  },
};

/** The sets of the Gateway of a namespace and name that it takes: the older first, then by namespace and name. */
export const gatewaySetsUnit: Unit<readonly ListenerSetModel[]> = {
  name: 'listener sets',
  compute: (read, namespace = '', name = '') =>
    read
      .find(setsByGateway, `${namespace}/${name}`)
      .flatMap(({ metadata }) => read.ask(listenerSetUnit, metadata.namespace, metadata.name) ?? [])
      .filter(({ problem }) => problem === null)
      .sort((one, other) => one.createdMs - other.createdMs || (titleOf(one) < titleOf(other) ? -1 : 1)),
};

/** `<namespace>/<name>`. */
function titleOf({ namespace, name }: ListenerSetModel): string {
  return `${namespace}/${name}`;
}

/** All listeners of the Gateway of a namespace and name in order of precedence: its own, then those of its sets. */
export const gatewayListenersUnit: Unit<readonly ListenerShape[]> = {
  name: 'gateway listeners',
  compute(read, namespace = '', name = '') {
    const gateway = read.ask(gatewayUnit, namespace, name);
    const sets = read.ask(gatewaySetsUnit, namespace, name).map(({ listeners }) => listeners);
    return gateway === null ? [] : withConflicts([gateway.listeners, ...sets]);
  },
};

const shapesByKeyUnit: Unit<ReadonlyMap<string, ListenerShape>> = {
  name: 'listener shapes',
  compute: (read, namespace = '', name = '') =>
    new Map(read.ask(gatewayListenersUnit, namespace, name).map((one) => [one.key, one])),
};

/** The listener of a Gateway by the Gateway's namespace, its name, and the listener's key; null when there is none. */
export const listenerShapeUnit = entryOf<ListenerShape | null>('listener shape', shapesByKeyUnit, null);
