import { conditionOf, wordsOf } from '../conditions.ts';
import type { Unit } from '../memo.ts';
import { affectedConditions } from '../policies/affected.ts';
import { routeUnit, type ParentModel, type RouteModel } from '../route.ts';
import type { DesiredCondition, DesiredParentStatus, Notice } from '../translation.ts';
import type { Told } from './told.ts';

/** The status of the HTTPRoute of a namespace and name; null when none of its parents is ours. */
export const routeStatusUnit: Unit<Told | null> = {
  name: 'route status',
  compute(read, namespace = '', name = '') {
    const model = read.ask(routeUnit, namespace, name);
    const object = read.get('HTTPRoute', namespace, name);
    if (model === null || object === undefined) {
      return null;
    }
    return {
      status: {
        object: { kind: 'HTTPRoute', namespace, name },
        generation: object.metadata.generation,
        gateways: [...new Set(model.parents.map((one) => one.gateway))],
        status: { kind: 'Route', parents: model.parents.map((one) => parentStatus(one)) },
      },
      notices: noticesOf(namespace, name, model),
    };
  },
};

function noticesOf(namespace: string, name: string, { parents }: RouteModel): readonly Notice[] {
  const object = { kind: 'HTTPRoute', namespace, name };
  const closed = parents.flatMap((one) => one.closed);
  const messages = new Set(closed.map(({ rule, reason }) => `Rule ${rule} is closed: ${reason}.`));
  return [...messages].map((message) => ({ object, reason: 'Closed', message }));
}

function parentStatus(parent: ParentModel): DesiredParentStatus {
  const accepted = parent.problem === null ? [] : [parent.problem];
  return {
    parentRef: parent.parentRef,
    conditions: [
      conditionOf('Accepted', accepted, ignoredMessage(parent)),
      conditionOf('ResolvedRefs', parent.referenceProblems),
      // PartiallyInvalid is there only while it is true (GEP-1364).
      ...(parent.partial === null ? [] : [{ ...wordsOf(parent.partial), status: 'True' } as const]),
      ...closedCondition(parent),
      ...affectedConditions(parent.affecting),
    ],
  };
}

function ignoredMessage({ ignored }: ParentModel): string {
  return ignored.length === 0 ? '' : `Without effect, for it is not supported yet: ${ignored.join(', ')}.`;
}

/** Ours: told only while some rule lets nothing through. */
function closedCondition({ closed, problem }: ParentModel): readonly DesiredCondition[] {
  const [first] = closed;
  if (first === undefined || problem !== null) {
    return [];
  }
  const message = closed.map(({ rule, reason }) => `Rule ${rule}: ${reason}.`);
  return [
    {
      type: 'turnpike.dev/Closed',
      status: 'True',
      reason: 'PolicyNotEnforced',
      message: [...new Set(message)].join(' '),
    },
  ];
}
