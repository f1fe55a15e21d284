// A route as a whole: to which Gateways of ours it is attached, and what each of them must know of it.
import type { HTTPRoute, ParentReference } from '#crds/gateway-api.ts';
import type { GatewayKey } from '#snapshot/ids.ts';
import { attach, isGatewayReference, type ListenerAttachment } from './attach.ts';
import { gatewayUnit, type GatewayModel } from './gateway.ts';
import type { Read, Unit } from './memo.ts';
import type { Affecting } from './policies/affected.ts';
import { extensionProblem } from './policies/protection.ts';
import type { Problem } from './problem.ts';
import {
  siteOf,
  type ClosedRule,
  type PolicyEffect,
  type RouteAtGateway,
  type Site,
} from './route-at-gateway.ts';
import { httpRulesUnit, type RuleModel } from './rules/http.ts';

/** A route with at least one parent of ours. */
export interface RouteModel {
  readonly parents: readonly ParentModel[];
  readonly gateways: readonly RouteAtGateway[];
}

/** One parentRef that names a Gateway of ours. */
export interface ParentModel {
  readonly parentRef: ParentReference;
  readonly gateway: GatewayKey;
  /** Why it is not accepted there. */
  readonly problem: Problem | null;
  /** Some rules are not served as written. */
  readonly partial: Problem | null;
  readonly referenceProblems: readonly Problem[];
  /** Rules through which nothing may pass, and why. */
  readonly closed: readonly ClosedRule[];
  /** Policies that hold for some of its rules there. */
  readonly affecting: readonly Affecting[];
  /** Fields that have no effect yet. */
  readonly ignored: readonly string[];
}

/** The HTTPRoute of a namespace and name; null when there is none or none of its parents is ours. */
export const routeUnit: Unit<RouteModel | null> = {
  name: 'route',
  compute(read, namespace = '', name = '') {
    const object = read.get('HTTPRoute', namespace, name);
    const own = object === undefined ? [] : ownParents(read, object);
    if (object === undefined || own.length === 0) {
      return null;
    }
    const rules = read.ask(httpRulesUnit, namespace, name);
    const byGateway = Map.groupBy(own, (one) => one.gateway.key);
    const sites = [...byGateway.values()].flatMap((parents) => {
      const [first] = parents;
      return first === undefined
        ? []
        : [
            siteOf(read, object, rules, {
              gateway: first.gateway,
              attachments: parents.flatMap((one) => one.attachments),
            }),
          ];
    });
    return {
      parents: own.map((parent) => parentModel(read, object, rules, { parent, sites })),
      gateways: sites.flatMap((one) => one.atGateway ?? []),
    };
  },
};

interface OwnParent {
  readonly parentRef: ParentReference;
  readonly gateway: GatewayModel;
  readonly attachments: readonly ListenerAttachment[];
  readonly problem: Problem | null;
}

function ownParents(read: Read, route: HTTPRoute): readonly OwnParent[] {
  return route.spec.parentRefs.flatMap((parentRef): readonly OwnParent[] => {
    const gateway = isGatewayReference(parentRef)
      ? read.ask(gatewayUnit, parentRef.namespace ?? route.metadata.namespace, parentRef.name)
      : null;
    if (gateway === null) {
      return [];
    }
    const attached = attach(read, route, parentRef, gateway);
    return attached.kind === 'Attached'
      ? [{ parentRef, gateway, attachments: attached.attachments, problem: null }]
      : [{ parentRef, gateway, attachments: [], problem: attached.problem }];
  });
}

function parentModel(
  read: Read,
  object: HTTPRoute,
  rules: readonly RuleModel[],
  at: { readonly parent: OwnParent; readonly sites: readonly Site[] },
): ParentModel {
  const { parent, sites } = at;
  const { namespace, name } = object.metadata;
  const route = { kind: 'HTTPRoute', namespace, name };
  const wrong = rules.flatMap((rule) => {
    const problem =
      rule.problem ??
      rule.extensions.map((one) => extensionProblem(read, route, one)).find((one) => one !== null) ??
      null;
    return problem === null ? [] : [{ rule: rule.name, problem }];
  });
  const [first] = wrong;
  const all = first !== undefined && wrong.length === rules.length;
  const names = wrong.map((one) => one.rule);
  const site = sites.find((one) => one.gateway === parent.gateway);
  return {
    parentRef: parent.parentRef,
    gateway: parent.gateway.key,
    problem: parent.problem ?? (all ? first.problem : null),
    partial:
      first === undefined || all ? null : { kind: 'RulesDropped', rules: names, problem: first.problem },
    referenceProblems: rules.flatMap((rule) => rule.referenceProblems),
    closed: site?.closed ?? [],
    affecting: affectingOf(site?.atGateway?.effects ?? []),
    ignored: rules.flatMap((rule) => rule.ignored),
  };
}

function affectingOf(effects: readonly PolicyEffect[]): readonly Affecting[] {
  const holding = effects.filter((one) => one.outcome !== 'Aside');
  return holding.map(({ kind, policy }) => ({ kind, title: policy }));
}
