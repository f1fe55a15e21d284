// A route at one Gateway: what that Gateway's data planes must know of it, with the policies that hold there.
import { guardKinds } from '#crds/policy.ts';
import type { RouteObject } from '#crds/route-kind.ts';
import type { Cluster } from '#snapshot/cluster.ts';
import { resourceId, type GatewayKey } from '#snapshot/ids.ts';
import type { Attachment, Route, RouteAction, RouteRule } from '#snapshot/route.ts';
import type { Resource } from '#snapshot/snapshot.ts';
import type { StreamRoute } from '#snapshot/stream-route.ts';
import type { ListenerAttachment } from './attach.ts';
import { createdMs } from './creation-time.ts';
import type { GatewayModel } from './gateway.ts';
import { listenerId, type ListenerShape } from './listeners.ts';
import type { Read } from './memo.ts';
import type { Place } from './policies/conflict.ts';
import type { RouteRef } from './policies/levels.ts';
import { policyTitle, routePolicyKinds, type PolicyKind } from './policies/policy.ts';
import { loginRules } from './policies/login-rules.ts';
import { metadataRules } from './policies/resource-metadata.ts';
import { hasPolicies, protectionOf, type Protection } from './policies/protection.ts';
import type { Standing } from './policies/nearness.ts';
import { withCrossOrigin } from './policies/cross-origin.ts';
import { trafficOf } from './policies/traffic.ts';
import type { RuleModel } from './rules/http.ts';
import type { EndpointSource } from './translation.ts';

/** A rule through which nothing may pass; the reason is for owner and operator. */
export interface ClosedRule {
  readonly rule: string;
  readonly reason: string;
}

/** What one Gateway needs to serve a route. */
export interface RouteAtGateway {
  readonly gateway: GatewayKey;
  /** Keys of the listeners it is attached to. */
  readonly listeners: readonly string[];
  readonly routes: readonly Route[];
  readonly streams: readonly StreamRoute[];
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

/** A Gateway and a route that names it. */
export interface Site {
  readonly gateway: GatewayModel;
  /** Null: none of its listeners takes the route. */
  readonly atGateway: RouteAtGateway | null;
  readonly closed: readonly ClosedRule[];
}

/** Whose rules are led: a route, an Ingress at one of its hosts, a Service that is exposed. */
export interface RouteOrigin extends RouteRef {
  /** Of two equal matches the older one wins. */
  readonly createdMs: number;
  /** Tells several routes of one object apart. */
  readonly parts: readonly string[];
}

/** `object` as an origin of rules; `parts` as there. */
export function originOf(
  { kind, metadata }: { readonly kind: RouteRef['kind']; readonly metadata: RouteObject['metadata'] },
  parts: readonly string[] = [],
): RouteOrigin {
  const { namespace, name, creationTimestamp } = metadata;
  return { kind, namespace, name, createdMs: createdMs(creationTimestamp), parts };
}

/** The route at one Gateway: attached by all its parentRefs there together. */
export function siteOf(
  read: Read,
  origin: RouteOrigin,
  rules: readonly RuleModel[],
  at: { readonly gateway: GatewayModel; readonly attachments: readonly ListenerAttachment[] },
): Site {
  const { gateway } = at;
  const attachments = [...new Map(at.attachments.map((one) => [one.listener.key, one])).values()];
  if (attachments.length === 0) {
    return { gateway, atGateway: null, closed: [] };
  }
  // Listeners and ListenerSets with policies of their own see the route as a route of its own.
  const groups = Map.groupBy(
    attachments.map((one) => ({ one, ...ownPlaces(read, one.listener) })),
    ({ view }) => view,
  );
  const views = [...groups].map(([view, group]) => {
    const between = group[0]?.between ?? [];
    return viewOf(
      origin,
      group.map(({ one }) => one),
      { gateway, view, rules: guardRules(read, origin, rules, { gateway, between }) },
    );
  });
  return {
    gateway,
    atGateway: {
      gateway: gateway.key,
      listeners: attachments.map((one) => one.listener.key),
      routes: views.map((one) => one.route).filter((one) => one.rules.length > 0),
      streams: [],
      resources: [...new Set(views.flatMap((one) => one.resources))],
      sources: [...new Set(views.flatMap((one) => one.sources))],
      effects: views.flatMap((one) => one.effects),
    },
    closed: views.flatMap((one) => one.closed),
  };
}

/** What a Gateway needs to serve all of `parts`, which are of one object; null when these are none. */
export function joinedSites(parts: readonly RouteAtGateway[]): RouteAtGateway | null {
  const [first] = parts;
  return first === undefined
    ? null
    : {
        gateway: first.gateway,
        listeners: [...new Set(parts.flatMap((one) => one.listeners))],
        routes: parts.flatMap((one) => one.routes),
        streams: parts.flatMap((one) => one.streams),
        resources: [...new Set(parts.flatMap((one) => one.resources))],
        sources: [...new Set(parts.flatMap((one) => one.sources))],
        effects: parts.flatMap((one) => one.effects),
      };
}

/** The places of `listener` that have policies of their own, and what tells its view of a route; null: the usual one. */
function ownPlaces(
  read: Read,
  { parent, name, key }: ListenerShape,
): { readonly view: string | null; readonly between: readonly Place[] } {
  const isOwn = (place: Place) => hasPolicies(read, place, routePolicyKinds);
  const ofSet = { ...parent, section: '' };
  const ofListener = { ...parent, section: name };
  const set = parent.kind === 'ListenerSet' && isOwn(ofSet) ? [ofSet] : [];
  if (isOwn(ofListener)) {
    return { view: key, between: [...set, ofListener] };
  }
  return { view: set.length === 0 ? null : `${parent.namespace}/${parent.name}`, between: set };
}

interface GuardedRule {
  readonly rule: RuleModel;
  readonly protection: Protection;
  /** The rule's own, as policies have changed it, and the clusters it names. */
  readonly action: RouteAction;
  readonly clusters: readonly Cluster[];
  /** Of all policies that meet here. */
  readonly standings: readonly Standing[];
}

function guardRules(
  read: Read,
  origin: RouteOrigin,
  rules: readonly RuleModel[],
  at: { readonly gateway: GatewayModel; readonly between: readonly Place[] },
): readonly GuardedRule[] {
  const { kind, namespace, name } = origin;
  const route = { kind, namespace, name };
  const lost = rules.find((rule) => rule.matches.length === 0 && isProtected(read, origin, rule));
  const closed =
    lost === undefined
      ? null
      : `rule ${lost.name} has policies of its own, but its match cannot be read; other rules must not take its requests`;
  return rules
    .filter((rule) => rule.matches.length > 0)
    .map((rule) => {
      const place = { ...at, route, rule: rule.sectionName, extensions: rule.extensions };
      const protection = protectionOf(read, place);
      const { action, backends, mirrored, cookie } = rule;
      const traffic =
        action.kind === 'Forward'
          ? trafficOf(read, place, { action, backends, mirrored, cookie })
          : { action, clusters: [], standings: [] };
      return {
        rule,
        protection: { ...protection, closed: protection.closed ?? closed },
        action: traffic.action,
        clusters: traffic.clusters,
        standings: [...protection.standings, ...traffic.standings],
      };
    });
}

/** Whether policies hold for `rule` alone: were it dropped, its requests would reach others without them. */
function isProtected(read: Read, origin: RouteOrigin, rule: RuleModel): boolean {
  const { kind, namespace, name } = origin;
  const place = { kind, namespace, name, section: rule.sectionName ?? '' } as const;
  return (
    rule.extensions.length > 0 ||
    rule.asks ||
    (rule.sectionName !== null && hasPolicies(read, place, guardKinds))
  );
}

interface RouteView {
  readonly route: Route;
  readonly resources: readonly Resource[];
  readonly sources: readonly EndpointSource[];
  readonly effects: readonly PolicyEffect[];
  readonly closed: readonly ClosedRule[];
}

function viewOf(
  origin: RouteOrigin,
  attachments: readonly ListenerAttachment[],
  at: {
    readonly gateway: GatewayModel;
    readonly view: string | null;
    readonly rules: readonly GuardedRule[];
  },
): RouteView {
  const { kind, namespace, name } = origin;
  const { gateway, view, rules } = at;
  const parts = [kind, namespace, name, ...origin.parts, ...(view === null ? [] : [view])];
  const open = rules.filter(
    ({ rule, protection }) => rule.action.kind !== 'Closed' && protection.closed === null,
  );
  return {
    route: {
      kind: 'Route',
      id: resourceId('Route', ...parts),
      name: `${kind}/${namespace}/${name}`,
      createdMs: origin.createdMs,
      attachments: attachments.map((one) => attachmentOf(gateway, one)),
      rules: [
        ...rules.map((one) => routeRule(one)),
        ...metadataRules(open.flatMap(({ protection }) => protection.resources)),
        ...loginRules(open.map(({ protection }) => protection)),
      ],
    },
    resources: open.flatMap(({ rule, clusters, protection }) => [
      ...clusters,
      ...protection.resources,
      ...rule.asked.flatMap(({ authentication, cluster }) => [authentication, cluster]),
    ]),
    sources: open.flatMap(({ rule, protection }) => [
      ...[...rule.backends, ...rule.mirrored].map((one) => one.source),
      ...rule.asked.flatMap((one) => one.sources),
      ...protection.sources,
    ]),
    effects: rules.flatMap((one) => effectsOf(one.standings)),
    closed: rules.flatMap(({ rule, protection }) =>
      protection.closed === null ? [] : [{ rule: rule.name, reason: protection.closed }],
    ),
  };
}

/** `attachment` as data planes have it. */
export function attachmentOf(gateway: GatewayModel, { listener, hostnames }: ListenerAttachment): Attachment {
  return { listener: listenerId(gateway, listener.key), hostnames };
}

function routeRule({ rule, protection, action }: GuardedRule): RouteRule {
  const { name, matches } = rule;
  const reason = action.kind === 'Closed' ? action.reason : protection.closed;
  if (reason !== null) {
    const closed = { kind: 'Closed', reason } as const;
    return { name, matches, filters: [], authentications: [], rateLimits: [], action: closed };
  }
  const { rateLimits, standings } = protection;
  // what the route itself asks is nearest
  const ofFilters = rule.asked.map(({ authentication }) => authentication.id);
  const authentications = [...protection.authentications, ...ofFilters];
  const filters = withCrossOrigin(rule.filters, standings);
  return { name, matches, filters, authentications, rateLimits, action };
}

function effectsOf(standings: readonly Standing[]): readonly PolicyEffect[] {
  return standings.map(({ policy, holds, asideFor }) => ({
    kind: policy.kind,
    policy: policyTitle(policy),
    outcome: holds ? (asideFor.length === 0 ? 'Holds' : 'Partly') : 'Aside',
    asideFor: asideFor.map((one) => policyTitle(one)),
  }));
}
