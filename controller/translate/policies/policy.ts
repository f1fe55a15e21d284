import type { Authentication, KeySet } from '#snapshot/authentication.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import type { RateLimit } from '#snapshot/rate-limit.ts';
import type { Problem } from '../problem.ts';
import type { RemoteKeys } from '../translation.ts';

/** The kinds of policy that are attached to Gateways, listeners, routes and rules. */
export const policyKinds = ['AuthPolicy', 'RateLimitPolicy'] as const;

/** The kind of a policy. */
export type PolicyKind = (typeof policyKinds)[number];

/** How a policy meets those of its kind at other levels. */
export type Layer = 'Rules' | 'Defaults' | 'Overrides';

/** A policy, made ready to be attached. */
export interface PolicyModel {
  readonly kind: PolicyKind;
  readonly namespace: string;
  readonly name: string;
  readonly layer: Layer;
  readonly strategy: 'Atomic' | 'Merge';
  /** What it asks of a request, by the name under which it is merged; an AuthPolicy is one part. */
  readonly parts: readonly PolicyPart[];
  /** What the parts need. */
  readonly resources: readonly (Authentication | KeySet | RateLimit)[];
  readonly remoteKeys: readonly RemoteKeys[];
  /** Why it cannot be enforced: what it holds for is closed. */
  readonly closes: Problem | null;
  /** Why it lets nobody in for now. */
  readonly pending: Problem | null;
}

/** A policy that cannot be enforced, for `closes`: it asks for nothing and closes what it holds for. */
export function closedPolicy(
  base: Pick<PolicyModel, 'kind' | 'namespace' | 'name' | 'layer' | 'strategy'>,
  closes: Problem,
): PolicyModel {
  return { ...base, parts: [], resources: [], remoteKeys: [], closes, pending: null };
}

/** One of the things a policy asks for: a resource, and the name under which it is merged. */
export interface PolicyPart {
  readonly name: string;
  readonly id: ResourceId;
}

/** `<kind> <namespace>/<name>`, as people read it. */
export function policyTitle(policy: {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}): string {
  return `${policy.kind} ${policy.namespace}/${policy.name}`;
}

/** Rules and the one of the three places they stand in. */
export interface PlacedRules<Rules> {
  readonly layer: Layer;
  readonly strategy: 'Atomic' | 'Merge';
  readonly rules: Rules;
}

interface LayerOf<Rules> {
  readonly strategy: 'Atomic' | 'Merge';
  readonly rules: Rules;
}

type Spec<Rules> =
  | { readonly rules: Rules }
  | { readonly defaults: LayerOf<Rules> }
  | { readonly overrides: LayerOf<Rules> };

/** The rules of a policy's spec. */
export function placedRules<Rules>(spec: Spec<Rules>): PlacedRules<Rules> {
  if ('rules' in spec) {
    return { layer: 'Rules', strategy: 'Atomic', rules: spec.rules };
  }
  return 'defaults' in spec
    ? { layer: 'Defaults', ...spec.defaults }
    : { layer: 'Overrides', ...spec.overrides };
}
