// A route as a whole: to which Gateways of ours it is attached, and what each of them must know of it.
import type { HTTPRoute, ParentReference } from '#crds/gateway-api.ts';
import { resourceId, type GatewayKey } from '#snapshot/ids.ts';
import type { Attachment, Route, RouteRule } from '#snapshot/route.ts';
import type { Resource } from '#snapshot/snapshot.ts';
import { attach, isGatewayReference, type ListenerAttachment } from './attach.ts';
import { gatewayUnit, type GatewayModel } from './gateway.ts';
import type { Read, Unit } from './memo.ts';
import type { Affecting } from './policies/affected.ts';
import { policyTitle, type PolicyKind } from './policies/policy.ts';
import { extensionProblem, hasPolicies, protectionOf, type Protection } from './policies/protection.ts';
import { createdMs } from './precedence.ts';
import type { Problem } from './problem.ts';
import { httpRulesUnit, type RuleModel } from './rules/http.ts';
import type { EndpointSource } from './translation.ts';

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

export interface ClosedRule {
  readonly rule: string;
  readonly reason: string;
}

/** What one Gateway needs to serve a route. */
export interface RouteAtGateway {
  readonly gateway: GatewayKey;
  /** Names of the listeners it is attached to. */
  readonly listeners: readonly string[];
  readonly routes: readonly Route[];
  /** All else the routes refer to. */
  readonly resources: readonly Resource[];
  readonly sources: readonly EndpointSource[];
  readonly effects: readonly PolicyEffect[];
}

/** How a policy fares at one rule. */
export interface PolicyEffect {
  readonly kind: PolicyKind;
  /** As `policyTitle` tells it. */
  readonly policy: string;
  readonly outcome: 'Holds' | 'Partly' | 'Aside';
  /** Titles of the policies that put it aside. */
  readonly asideFor: readonly string[];
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
      return first === undefined ? [] : [siteOf(read, object, rules, { gateway: first.gateway, parents })];
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

interface Site {
  readonly gateway: GatewayModel;
  readonly atGateway: RouteAtGateway | null;
  readonly closed: readonly ClosedRule[];
}

/** The route at one Gateway: attached by all its parentRefs there together. */
function siteOf(
  read: Read,
  object: HTTPRoute,
  rules: readonly RuleModel[],
  at: { readonly gateway: GatewayModel; readonly parents: readonly OwnParent[] },
): Site {
  const { gateway, parents } = at;
  const attachments = [
    ...new Map(parents.flatMap((one) => one.attachments).map((one) => [one.listener, one])).values(),
  ];
  if (attachments.length === 0) {
    return { gateway, atGateway: null, closed: [] };
  }
  // Listeners with policies of their own see the route as a route of its own.
  const groups = Map.groupBy(attachments, ({ listener }) => {
    const place = {
      kind: 'Gateway',
      namespace: gateway.namespace,
      name: gateway.name,
      section: listener,
    } as const;
    return hasPolicies(read, place) ? listener : null;
  });
  const views = [...groups].map(([listener, group]) =>
    viewOf(object, group, {
      gateway,
      listener,
      rules: guardRules(read, object, rules, { gateway, listener }),
    }),
  );
  return {
    gateway,
    atGateway: {
      gateway: gateway.key,
      listeners: attachments.map((one) => one.listener),
      routes: views.map((one) => one.route).filter((one) => one.rules.length > 0),
      resources: [...new Set(views.flatMap((one) => one.resources))],
      sources: [...new Set(views.flatMap((one) => one.sources))],
      effects: views.flatMap((one) => one.effects),
    },
    closed: views.flatMap((one) => one.closed),
  };
}

interface GuardedRule {
  readonly rule: RuleModel;
  readonly protection: Protection;
}

function guardRules(
  read: Read,
  object: HTTPRoute,
  rules: readonly RuleModel[],
  at: { readonly gateway: GatewayModel; readonly listener: string | null },
): readonly GuardedRule[] {
  const { namespace, name } = object.metadata;
  const route = { kind: 'HTTPRoute', namespace, name };
  const lost = rules.find((rule) => rule.matches.length === 0 && isProtected(read, object, rule));
  const closed =
    lost === undefined
      ? null
      : `rule ${lost.name} has policies of its own, but its match cannot be read; other rules must not take its requests`;
  return rules
    .filter((rule) => rule.matches.length > 0)
    .map((rule) => {
      const place = { ...at, route, rule: rule.sectionName, extensions: rule.extensions };
      const protection = protectionOf(read, place);
      return { rule, protection: { ...protection, closed: protection.closed ?? closed } };
    });
}

/** Whether policies hold for `rule` alone: were it dropped, its requests would reach others without them. */
function isProtected(read: Read, object: HTTPRoute, rule: RuleModel): boolean {
  const { namespace, name } = object.metadata;
  const place = { kind: 'HTTPRoute', namespace, name, section: rule.sectionName ?? '' } as const;
  return rule.extensions.length > 0 || (rule.sectionName !== null && hasPolicies(read, place));
}

interface RouteView {
  readonly route: Route;
  readonly resources: readonly Resource[];
  readonly sources: readonly EndpointSource[];
  readonly effects: readonly PolicyEffect[];
  readonly closed: readonly ClosedRule[];
}

function viewOf(
  object: HTTPRoute,
  attachments: readonly ListenerAttachment[],
  at: {
    readonly gateway: GatewayModel;
    readonly listener: string | null;
    readonly rules: readonly GuardedRule[];
  },
): RouteView {
  const { namespace, name } = object.metadata;
  const { gateway, listener, rules } = at;
  const parts = ['HTTPRoute', namespace, name, ...(listener === null ? [] : [listener])];
  const open = rules.filter(
    ({ rule, protection }) => rule.action.kind !== 'Closed' && protection.closed === null,
  );
  return {
    route: {
      kind: 'Route',
      id: resourceId('Route', ...parts),
      name: `HTTPRoute/${namespace}/${name}`,
      createdMs: createdMs(object),
      attachments: attachments.map((one) => attachmentOf(gateway, one)),
      rules: rules.map((one) => routeRule(one)),
    },
    resources: open.flatMap(({ rule, protection }) => [
      ...rule.backends.map((one) => one.cluster),
      ...protection.resources,
    ]),
    sources: open.flatMap(({ rule }) => rule.backends.map((one) => one.source)),
    effects: rules.flatMap(({ protection }) => effectsOf(protection)),
    closed: rules.flatMap(({ rule, protection }) =>
      protection.closed === null ? [] : [{ rule: rule.name, reason: protection.closed }],
    ),
  };
}

function attachmentOf(gateway: GatewayModel, { listener, hostnames }: ListenerAttachment): Attachment {
  return { listener: resourceId('Listener', gateway.namespace, gateway.name, listener), hostnames };
}

function routeRule({ rule, protection }: GuardedRule): RouteRule {
  const { name, matches, action } = rule;
  const reason = action.kind === 'Closed' ? action.reason : protection.closed;
  if (reason !== null) {
    const closed = { kind: 'Closed', reason } as const;
    return { name, matches, filters: [], authentications: [], rateLimits: [], action: closed };
  }
  const { authentications, rateLimits } = protection;
  return { name, matches, filters: rule.filters, authentications, rateLimits, action };
}

function effectsOf(protection: Protection): readonly PolicyEffect[] {
  return protection.standings.map(({ policy, holds, asideFor }) => ({
    kind: policy.kind,
    policy: policyTitle(policy),
    outcome: holds ? (asideFor.length === 0 ? 'Holds' : 'Partly') : 'Aside',
    asideFor: asideFor.map((one) => policyTitle(one)),
  }));
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
