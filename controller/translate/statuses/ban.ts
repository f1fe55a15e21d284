import { conditionOf, good } from '../conditions.ts';
import { gatewayUnit } from '../gateway.ts';
import type { Index, Read, Unit } from '../memo.ts';
import type { DesiredCondition } from '../translation.ts';
import type { Told } from './told.ts';

const gatewaysByNamespace: Index<'Gateway'> = {
  kind: 'Gateway',
  keysOf: ({ metadata }) => [metadata.namespace],
};

/** The status of the Ban of a namespace and name; null when there is none, or only others' Gateways are there. */
export const banStatusUnit: Unit<Told | null> = {
  name: 'ban status',
  compute(read, namespace = '', name = '') {
    const condition =
      read.get('Ban', namespace, name) === undefined
        ? unreadable(read, namespace, name)
        : read.ask(bansHoldUnit, namespace);
    if (condition === null) {
      return null;
    }
    const generation = read.get('Ban', namespace, name)?.metadata.generation ?? 0;
    return {
      status: {
        object: { kind: 'Ban', namespace, name },
        generation,
        gateways: [],
        status: { kind: 'Ban', conditions: [condition] },
      },
      notices: [],
    };
  },
};

function unreadable(read: Read, namespace: string, name: string): DesiredCondition | null {
  const found = read.refused('Ban').find((one) => one.namespace === namespace && one.name === name);
  if (found === undefined) {
    return null;
  }
  const { path: field = 'spec', message: detail = 'cannot be read' } = found.problems[0] ?? {};
  return conditionOf('Accepted', [{ kind: 'BanInvalid', field, detail }]);
}

/** How those of a namespace fare: a unit of its own, so that they rest while Gateways change but not whether there are any. */
const bansHoldUnit: Unit<DesiredCondition | null> = {
  name: 'bans hold',
  compute(read, namespace = '') {
    const gateways = read.find(gatewaysByNamespace, namespace);
    if (gateways.length === 0) {
      const message = `There is no Gateway in namespace ${namespace}, and a Ban holds for those of its own namespace alone; write it where the Gateways are.`;
      return { type: 'Accepted', status: 'True', reason: 'NoGateway', message };
    }
    const isOurs = gateways.some(({ metadata }) => read.ask(gatewayUnit, namespace, metadata.name) !== null);
    return isOurs ? good('Accepted') : null;
  },
};
