// A route as a whole: to which Gateways of ours it is attached, and what each of them must know of it.
import type { ParentReference } from '#crds/gateway-api.ts';
import type { KindMap } from '#crds/kind.ts';
import type { RouteKind, RouteObject } from '#crds/route-kind.ts';
import type { GatewayKey } from '#snapshot/ids.ts';
import { attach, type ListenerAttachment } from './attach.ts';
import type { GatewayModel } from './gateway.ts';
import type { Read, Unit } from './memo.ts';
import type { Affecting } from './policies/affected.ts';
import type { Problem } from './problem.ts';
import type { ClosedRule, PolicyEffect, RouteAtGateway, Site } from './route-at-gateway.ts';
import { requestContent, type RouteContent } from './route-content.ts';
import { routeParent } from './route-parent.ts';
import { streamContent } from './stream-content.ts';
import { grpcRulesUnit } from './rules/grpc.ts';
import { httpRulesUnit } from './rules/http.ts';

/** A route with at least one parent of ours. */
export interface RouteModel {
  readonly parents: readonly ParentModel[];
  readonly gateways: readonly RouteAtGateway[];
}

/** One parentRef that names a Gateway of ours, or a ListenerSet of one. */
export interface ParentModel {
  readonly parentRef: ParentReference;
  readonly gateway: GatewayKey;
  /** Why it is not accepted there. */
  readonly problem: Problem | null;
  /** Some rules are not served as written. */
  readonly partial: Problem | null;
  readonly referenceProblems: readonly Problem[];
  /** Backends to which nothing may be sent, for a policy of theirs that cannot be enforced. */
  readonly unsent: readonly Problem[];
  /** Rules through which nothing may pass, and why. */
  readonly closed: readonly ClosedRule[];
  /** Policies that hold for some of its rules there. */
  readonly affecting: readonly Affecting[];
  /** Fields that have no effect yet. */
  readonly ignored: readonly string[];
}

/** The route of a namespace and name; null when there is none or none of its parents is ours. */
export const routeUnits = {
  HTTPRoute: routeUnit('HTTPRoute', (read, route) => requestContent(read, route, httpRulesUnit)),
  GRPCRoute: routeUnit('GRPCRoute', (read, route) => requestContent(read, route, grpcRulesUnit)),
  TLSRoute: routeUnit('TLSRoute', streamContent),
  TCPRoute: routeUnit('TCPRoute', streamContent),
  UDPRoute: routeUnit('UDPRoute', streamContent),
} as const satisfies Record<RouteKind, Unit<RouteModel | null>>;

function routeUnit<K extends RouteKind>(
  kind: K,
  contentOf: (read: Read, route: KindMap[K]) => RouteContent,
): Unit<RouteModel | null> {
  return {
    name: 'route',
    compute(read, namespace = '', name = '') {
      const object = read.get(kind, namespace, name);
      const own = object === undefined ? [] : ownParents(read, object);
      if (object === undefined || own.length === 0) {
        return null;
      }
      const content = contentOf(read, object);
      const byGateway = Map.groupBy(own, (one) => one.gateway);
      const sites = [...byGateway].map(([gateway, parents]) =>
        content.siteAt({ gateway, attachments: parents.flatMap((one) => one.attachments) }),
      );
      return {
        parents: own.map((parent) => parentModel(content, parent, sites)),
        gateways: sites.flatMap((one) => one.atGateway ?? []),
      };
    },
  };
}

interface OwnParent {
  readonly parentRef: ParentReference;
  readonly gateway: GatewayModel;
  readonly attachments: readonly ListenerAttachment[];
  readonly problem: Problem | null;
}

function ownParents(read: Read, route: RouteObject): readonly OwnParent[] {
  const { kind, metadata, spec } = route;
  const attaching = { kind, metadata, spec: { hostnames: 'hostnames' in spec ? spec.hostnames : [] } };
  return route.spec.parentRefs.flatMap((parentRef): readonly OwnParent[] => {
    const parent = routeParent(read, parentRef, route.metadata.namespace);
    if (parent === null) {
      return [];
    }
    const { gateway } = parent;
    const attached = attach(read, attaching, parentRef, parent);
    return attached.kind === 'Attached'
      ? [{ parentRef, gateway, attachments: attached.attachments, problem: null }]
      : [{ parentRef, gateway, attachments: [], problem: attached.problem }];
  });
}

function parentModel(content: RouteContent, parent: OwnParent, sites: readonly Site[]): ParentModel {
  const { problem, partial, referenceProblems, ignored } = content;
  const site = sites.find((one) => one.gateway === parent.gateway);
  return {
    parentRef: parent.parentRef,
    gateway: parent.gateway.key,
    problem: parent.problem ?? problem,
    partial,
    referenceProblems: referenceProblems.filter((one) => !isOfPolicy(one)),
    unsent: referenceProblems.filter((one) => isOfPolicy(one)),
    closed: site?.closed ?? [],
    affecting: affectingOf(site?.atGateway?.effects ?? []),
    ignored,
  };
}

/** The reference leads somewhere: that nothing is sent there is for a policy to tell. */
function isOfPolicy({ kind }: Problem): boolean {
  return kind === 'BackendTlsNotEnforced';
}

function affectingOf(effects: readonly PolicyEffect[]): readonly Affecting[] {
  const holding = effects.filter((one) => one.outcome !== 'Aside');
  return holding.map(({ kind, policy }) => ({ kind, title: policy }));
}
