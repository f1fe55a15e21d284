import { conditionOf, wordsOf } from '../conditions.ts';
import type { Read, Unit } from '../memo.ts';
import { sessionSecretId } from '#snapshot/sessions.ts';
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
        status: {
          kind: 'Route',
          parents: model.parents.map((one) => parentStatus(one, sessionsLost(read, model, one))),
        },
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

/** Why data planes keep no sessions for the route, where it wants them; null when they do. */
function sessionsLost(read: Read, { gateways }: RouteModel, { gateway }: ParentModel): string | null {
  const wanted = gateways.some(
    (one) =>
      one.gateway === gateway &&
      one.routes.some(({ rules }) =>
        rules.some(({ action }) => action.kind === 'Forward' && action.persistence !== null),
      ),
  );
  return wanted ? (read.dataPlanes(gateway)?.refused.get(sessionSecretId) ?? null) : null;
}

function parentStatus(parent: ParentModel, lost: string | null): DesiredParentStatus {
  const accepted = parent.problem === null ? [] : [parent.problem];
  return {
    parentRef: parent.parentRef,
    conditions: [
      conditionOf('Accepted', accepted, withoutEffect(parent, lost)),
      conditionOf('ResolvedRefs', parent.referenceProblems),
      // PartiallyInvalid is there only while it is true (GEP-1364).
      ...(parent.partial === null ? [] : [{ ...wordsOf(parent.partial), status: 'True' } as const]),
      ...closedCondition(parent),
      ...affectedConditions(parent.affecting),
    ],
  };
}

function withoutEffect({ ignored }: ParentModel, lost: string | null): string {
  return [
    ...(ignored.length === 0 ? [] : [`Without effect, for it is not supported: ${ignored.join(', ')}.`]),
    ...(lost === null ? [] : [`Sessions are not kept: ${lost}.`]),
  ].join(' ');
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
