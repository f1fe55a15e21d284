import type { RouteKind } from '#crds/route-kind.ts';
import { conditionOf, wordsOf } from '../conditions.ts';
import type { Read, Unit } from '../memo.ts';
import { sessionSecretId } from '#snapshot/sessions.ts';
import { affectedConditions } from '../policies/affected.ts';
import { routeUnits, type ParentModel, type RouteModel } from '../route.ts';
import type { DesiredCondition, DesiredParentStatus, Notice, ObjectRef } from '../translation.ts';
import type { Told } from './told.ts';

/** The status of a route by its namespace and name; null when none of its parents is ours. */
export const routeStatusUnits = {
  HTTPRoute: statusUnit('HTTPRoute'),
  GRPCRoute: statusUnit('GRPCRoute'),
  TLSRoute: statusUnit('TLSRoute'),
  TCPRoute: statusUnit('TCPRoute'),
  UDPRoute: statusUnit('UDPRoute'),
} as const satisfies Record<RouteKind, Unit<Told | null>>;

function statusUnit(kind: RouteKind): Unit<Told | null> {
  return {
    name: 'route status',
    compute(read, namespace = '', name = '') {
      const model = read.ask(routeUnits[kind], namespace, name);
      const found = read.get(kind, namespace, name);
      if (model === null || found === undefined) {
        return null;
      }
      const object = { kind, namespace, name };
      return {
        status: {
          object,
          generation: found.metadata.generation,
          gateways: [...new Set(model.parents.map((one) => one.gateway))],
          status: {
            kind: 'Route',
            parents: model.parents.map((one) => parentStatus(one, sessionsLost(read, model, one))),
          },
        },
        notices: noticesOf(object, model),
      };
    },
  };
}

function noticesOf(object: ObjectRef, { parents }: RouteModel): readonly Notice[] {
  const closed = parents.flatMap((one) => one.closed);
  const messages = new Set([
    ...closed.map(({ rule, reason }) => `Rule ${rule} is closed: ${reason}.`),
    ...parents.flatMap((one) => one.unsent).map((one) => wordsOf(one).message),
  ]);
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
function closedCondition({ closed, unsent, problem }: ParentModel): readonly DesiredCondition[] {
  const message = [
    ...closed.map(({ rule, reason }) => `Rule ${rule}: ${reason}.`),
    ...unsent.map((one) => wordsOf(one).message),
  ];
  if (message.length === 0 || problem !== null) {
    return [];
  }
  return [
    {
      type: 'turnpike.dev/Closed',
      status: 'True',
      reason: 'PolicyNotEnforced',
      message: [...new Set(message)].join(' '),
    },
  ];
}
