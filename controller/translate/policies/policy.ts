import { guardKinds } from '#crds/policy.ts';
import type { PlacedSettings } from '#crds/settings-policy.ts';
import type { CorsFilter } from '#snapshot/filter.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import type { Resource } from '#snapshot/snapshot.ts';
import type { Problem } from '../problem.ts';
import type { EndpointSource, RemoteKeys } from '../translation.ts';

/** The kinds of policy that are attached to Gateways, listeners, routes, rules and Services. */
export const policyKinds = [...guardKinds, 'TrafficPolicy', 'ClientPolicy', 'ProtectionPolicy'] as const;

/** The kinds of policy that make a listener's routes other than those of its neighbours. */
export const routePolicyKinds = [...guardKinds, 'TrafficPolicy'] as const satisfies readonly PolicyKind[];

/** The kind of a policy that asks something of requests. */
export type GuardKind = (typeof guardKinds)[number];

/** The kind of a policy. */
export type PolicyKind = (typeof policyKinds)[number];

/** The kind of what is attached to an object by targetRefs: of those at one place the older one holds. */
export type AttachedKind = PolicyKind | 'BackendTLSPolicy';

/** How a policy meets those of its kind at other levels. */
export type Layer = 'Rules' | 'Defaults' | 'Overrides';

/** The field of a policy's spec that each layer stands in. */
export const placeNames = {
  Rules: 'spec.rules',
  Defaults: 'spec.defaults',
  Overrides: 'spec.overrides',
} as const satisfies Record<Layer, string>;

/** A policy, made ready to be attached. */
export interface PolicyModel {
  readonly kind: PolicyKind;
  readonly namespace: string;
  readonly name: string;
  readonly layer: Layer;
  readonly strategy: 'Atomic' | 'Merge';
  /** What it asks or sets, by the name under which it is merged; an AuthPolicy is one part. */
  readonly parts: readonly PolicyPart[];
  /** What the parts need. */
  readonly resources: readonly Resource[];
  /** Of the clusters among the resources. */
  readonly sources?: readonly EndpointSource[];
  readonly remoteKeys: readonly RemoteKeys[];
  /** Why it cannot be enforced: what a guard holds for is closed, of others nothing holds. */
  readonly closes: Problem | null;
  /** Why some of it cannot be enforced, while the rest holds; left out: for nothing. */
  readonly partly?: readonly Problem[];
  /** Why it lets nobody in for now. */
  readonly pending: Problem | null;
  /** What it tells browsers; left out: nothing. */
  readonly crossOrigin?: CorsFilter;
  /** What its owner should hear although it can be enforced; left out: nothing. */
  readonly remarks?: readonly Remark[];
}

/** A word to the owner of a policy: `reason` for programs, `message` for people. */
export interface Remark {
  readonly reason: string;
  readonly message: string;
}

/** A policy that cannot be enforced, for `closes`: it asks for nothing and closes what it holds for. */
export function closedPolicy(
  base: Pick<PolicyModel, 'kind' | 'namespace' | 'name' | 'layer' | 'strategy'>,
  closes: Problem,
): PolicyModel {
  return { ...base, parts: [], resources: [], remoteKeys: [], closes, pending: null };
}

/** Whether the policy is as if it were not there since it cannot be enforced: its owner wants that. */
export function isAbsent({ closes }: PolicyModel): boolean {
  return closes !== null && 'opens' in closes && closes.opens;
}

/** One of the things a policy asks for or sets, and the name under which it is merged. */
export interface PolicyPart {
  readonly name: string;
  /** The resource that asks; null for settings, which have none of their own. */
  readonly id: ResourceId | null;
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

/** Groups of settings and the one of the three places they stand in. */
export interface PlacedGroups<Group extends object> {
  readonly layer: Layer;
  readonly strategy: 'Atomic' | 'Merge';
  readonly settings: Group;
}

/** The settings of a policy's spec. */
export function placedSettings<Group extends object>(
  spec: { readonly targetRefs: unknown } & PlacedSettings<Group>,
): PlacedGroups<Group> {
  if ('defaults' in spec) {
    const { strategy, ...settings } = spec.defaults;
    return { layer: 'Defaults', strategy, settings: settings as unknown as Group };
  }
  if ('overrides' in spec) {
    const { strategy, ...settings } = spec.overrides;
    return { layer: 'Overrides', strategy, settings: settings as unknown as Group };
  }
  const { targetRefs: _, ...settings } = spec;
  // What is neither the targets nor one of the other places is the settings.
  return { layer: 'Rules', strategy: 'Merge', settings: settings as unknown as Group };
}
