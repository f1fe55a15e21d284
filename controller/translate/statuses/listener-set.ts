import { bad, good } from '../conditions.ts';
import { gatewayOf } from '#snapshot/ids.ts';
import { gatewayUnit, type GatewayModel } from '../gateway.ts';
import { listenerSetUnit, type ListenerSetModel } from '../listener-set.ts';
import type { Read, Unit } from '../memo.ts';
import { affectedConditions } from '../policies/affected.ts';
import type { DesiredCondition, DesiredListenerStatus } from '../translation.ts';
import { serves } from '../served-listener.ts';
import { affectingAt } from './affecting.ts';
import { gatewayProgrammedUnit } from './gateway.ts';
import { acceptedBut, judge, listenerStatus, programmedProblemOf, type Judged } from './listener.ts';
import type { Told } from './told.ts';

/** The status of the ListenerSet of a namespace and name; null when there is none or its Gateway is not ours. */
export const listenerSetStatusUnit: Unit<Told | null> = {
  name: 'listener set status',
  compute(read, namespace = '', name = '') {
    const set = read.ask(listenerSetUnit, namespace, name);
    const object = read.get('ListenerSet', namespace, name);
    const parent = set === null ? null : gatewayOf(set.gateway);
    const gateway = parent === null ? null : read.ask(gatewayUnit, parent.namespace, parent.name);
    if (set === null || object === undefined || gateway === null) {
      return null;
    }
    return {
      status: {
        object: { kind: 'ListenerSet', namespace, name },
        generation: object.metadata.generation,
        gateways: [gateway.key],
        status: { kind: 'ListenerSet', ...statusOf(read, set, gateway) },
      },
      notices: [],
    };
  },
};

interface SetStatus {
  readonly conditions: readonly DesiredCondition[];
  readonly listeners: readonly DesiredListenerStatus[];
}

/** Of listeners that the Gateway does not have there is nothing to say. */
function statusOf(read: Read, set: ListenerSetModel, gateway: GatewayModel): SetStatus {
  if (set.problem !== null) {
    const accepted = bad(set.problem);
    const programmed =
      set.problem.kind === 'ParentNotAccepted'
        ? bad({ kind: 'ParentNotProgrammed', gateway: gateway.key })
        : { ...accepted, type: 'Programmed' };
    return { conditions: [accepted, programmed], listeners: [] };
  }
  const listeners = set.listeners.map((shape) => judge(read, gateway, shape));
  const refused = listeners.filter(({ model }) => !serves(model));
  const accepted = acceptedBut(
    refused.map(({ shape }) => shape.name),
    listeners.length,
    'Cannot serve',
  );
  const parent = { kind: 'ListenerSet', namespace: set.namespace, name: set.name } as const;
  return {
    conditions: [
      accepted,
      accepted.status === 'False'
        ? { ...accepted, type: 'Programmed' }
        : programmedCondition(read, gateway, listeners),
      ...affectedConditions(affectingAt(read, parent, set.listeners)),
    ],
    listeners: listeners.map((one) => listenerStatus(read, gateway, one)),
  };
}

/** Of a set some of whose listeners can be served. */
function programmedCondition(
  read: Read,
  gateway: GatewayModel,
  listeners: readonly Judged[],
): DesiredCondition {
  if (read.ask(gatewayProgrammedUnit, gateway.namespace, gateway.name) !== null) {
    return bad({ kind: 'ParentNotProgrammed', gateway: gateway.key });
  }
  const waiting = listeners.filter((one) => programmedProblemOf(read, gateway, one) !== null);
  return waiting.length < listeners.length
    ? good('Programmed')
    : bad({ kind: 'NoListenerProgrammed', listeners: waiting.map(({ shape }) => shape.name) });
}
