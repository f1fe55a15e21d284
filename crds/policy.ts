// What all policies of ours share (GEP-713): what they attach to, the three places their rules may stand, and
// the shape of their status.
import * as z from 'zod';
import { atomicList, withRules, type Rule } from './grammar.ts';
import { objectName, sectionName } from './fields.ts';
import { conditionsSchema, ownController, parentReferenceSchema } from './kubernetes.ts';
import type { RequestRouteKind } from './route-kind.ts';
import { namedOnce, wholeOrSections } from './targets.ts';

/** Group and version of our kinds. */
export const turnpikeVersion = 'turnpike.dev/v1alpha1';

/** The kinds of policy that ask something of requests: what one of them holds for is closed when it cannot be enforced. */
export const guardKinds = ['AuthPolicy', 'RateLimitPolicy'] as const;

/** The kinds a policy can be attached to. */
export type TargetKind = 'Gateway' | 'ListenerSet' | RequestRouteKind | 'Ingress' | 'Service';

/** What a policy is attached to: an object of its own namespace, or a section of it. */
export interface TargetReference {
  readonly group: string;
  readonly kind: TargetKind;
  readonly name: string;
  readonly sectionName?: string;
}

/** API group of each kind. */
export const targetGroups = {
  Gateway: 'gateway.networking.k8s.io',
  ListenerSet: 'gateway.networking.k8s.io',
  HTTPRoute: 'gateway.networking.k8s.io',
  GRPCRoute: 'gateway.networking.k8s.io',
  Ingress: 'networking.k8s.io',
  Service: '',
} as const satisfies Record<TargetKind, string>;

const sections = {
  Gateway: 'a listener of the Gateway',
  ListenerSet: 'a listener of the ListenerSet',
  HTTPRoute: 'a rule of the HTTPRoute',
  GRPCRoute: 'a rule of the GRPCRoute',
  Ingress: '',
  Service: 'a port of the Service',
} as const satisfies Record<TargetKind, string>;

function anyOf(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}

function targetReference(kinds: readonly TargetKind[]) {
  const groups = [...new Set(kinds.map((kind) => targetGroups[kind]))];
  const shown = anyOf(groups.map((one) => (one === '' ? '"" (for a Service)' : one)));
  const group = z
    .enum(groups, {
      error: ({ input }) => `${input === undefined ? 'is missing: add it with' : 'must be'} ${shown}`,
    })
    .describe(
      `API group of the target: ${anyOf(groups.map((one) => (one === '' ? 'empty for a Service' : one)))}.`,
    );
  const reference = z.object({
    group,
    kind: z.enum(kinds).describe(`Kind of the target: ${anyOf(kinds)}.`),
    name: objectName.describe("Name of the target, in the policy's own namespace."),
    sectionName: sectionName
      .exactOptional()
      .describe(
        `A part of the target: name of ${anyOf(kinds.map((kind) => sections[kind]).filter((one) => one !== ''))}. Left out: the whole target.`,
      ),
  });
  const rules = groupRules.filter(({ kind }) => kinds.includes(kind)).map(({ rule }) => rule);
  return rules.length === 0 ? reference : withRules(reference, rules);
}

/** For each kind that is not of the Gateway API. */
const groupRules: readonly { readonly kind: TargetKind; readonly rule: Rule<TargetReference> }[] = [
  {
    kind: 'Service',
    rule: {
      cel: "(self.kind == 'Service') == (self.group == '')",
      message: 'a Service has the empty group, and all other kinds gateway.networking.k8s.io: correct group',
      holds: ({ kind, group }) => (kind === 'Service') === (group === targetGroups.Service),
    },
  },
  {
    kind: 'Ingress',
    rule: {
      cel: "(self.kind == 'Ingress') == (self.group == 'networking.k8s.io')",
      message:
        'an Ingress has the group networking.k8s.io, and all other kinds gateway.networking.k8s.io: correct group',
      holds: ({ kind, group }) => (kind === 'Ingress') === (group === targetGroups.Ingress),
    },
  },
];

const sameTarget = 'a.group == b.group && a.kind == b.kind && a.name == b.name';

const targetRules: readonly Rule<readonly TargetReference[]>[] = [
  {
    cel: `self.all(a, self.all(b, ${sameTarget} ? has(a.sectionName) == has(b.sectionName) : true))`,
    message:
      'one target is named both whole and by sectionName: give each of its entries a sectionName, or keep the whole one alone',
    holds: wholeOrSections,
  },
  {
    cel: `self.all(a, self.exists_one(b, ${sameTarget} && (has(a.sectionName) ? has(b.sectionName) && a.sectionName == b.sectionName : !has(b.sectionName))))`,
    message: 'a target is named twice: remove one of the two entries',
    holds: namedOnce,
  },
];

/** `spec.targetRefs` of a policy that is attached to objects of these kinds, at most 16. */
export function targetReferences(kinds: readonly TargetKind[]): z.ZodArray<z.ZodType<TargetReference>> {
  return withRules(atomicList(targetReference(kinds)).max(16), targetRules);
}

/** Empty when routes or listeners pull the policy in by an ExtensionRef filter. */
const targetRefsSchema = targetReferences(['Gateway', 'ListenerSet', 'HTTPRoute', 'GRPCRoute', 'Ingress'])
  .default([])
  .describe(
    'What the policy holds for: Gateways, ListenerSets, HTTPRoutes, GRPCRoutes and Ingresses of its own namespace, or single listeners and rules of all but the last. May be empty when routes or listeners name the policy in a filter of type ExtensionRef.',
  );

const strategy = z
  .enum(['Atomic', 'Merge'])
  .default('Atomic')
  .describe(
    'How these rules meet those of other policies of this kind on the way from Gateway to route rule. Atomic: one policy wins whole. Merge: they are joined by rule name, and a name in both goes to the winner.',
  );

type Places<Rules extends z.ZodType> =
  | { rules: z.output<Rules> }
  | { defaults: { strategy: 'Atomic' | 'Merge'; rules: z.output<Rules> } }
  | { overrides: { strategy: 'Atomic' | 'Merge'; rules: z.output<Rules> } };

const onePlace: Rule<Readonly<Record<string, unknown>>> = {
  cel: '[has(self.rules), has(self.defaults), has(self.overrides)].filter(x, x).size() == 1',
  message:
    'exactly one of rules, defaults and overrides must be set: add one, or move all rules into one of them and remove the others',
  holds: (spec) =>
    ['rules', 'defaults', 'overrides'].filter((place) => Object.hasOwn(spec, place)).length === 1,
};

type PolicySpec<Rules extends z.ZodType, Own extends z.ZodRawShape> = {
  targetRefs: z.output<typeof targetRefsSchema>;
} & Places<Rules> & { [Field in keyof Own]: z.output<Own[Field]> };

/** The `spec` of a policy whose rules are `rules`: exactly one of rules, defaults and overrides holds them; `own`: what is beside. */
export function policySpec<Rules extends z.ZodType, Own extends z.ZodRawShape>(
  rules: Rules,
  own: Own,
): z.ZodType<PolicySpec<Rules, Own>> {
  const layer = z.object({ strategy, rules });
  const flat = z.object({
    targetRefs: targetRefsSchema,
    ...own,
    rules: rules
      .describe('Rules for the targets themselves. Exactly one of rules, defaults and overrides is set.')
      .exactOptional(),
    defaults: layer
      .describe(
        'Rules that hold unless a policy nearer to the request (Gateway, ListenerSet, listener, route, rule) has its own.',
      )
      .exactOptional(),
    overrides: layer.describe('Rules that hold whatever policies nearer to the request say.').exactOptional(),
  });
  // The rule just added makes the flat object the union it is said to be.
  return withRules(flat, [onePlace]) as unknown as z.ZodType<PolicySpec<Rules, Own>>;
}

const ancestorStatus = z.object({
  ancestorRef: parentReferenceSchema.describe('The Gateway or route this entry is about.'),
  controllerName: ownController,
  conditions: conditionsSchema.describe('Accepted, ResolvedRefs and Programmed, for this ancestor.'),
});

/** The status of a policy: the worst of all in `conditions`, each ancestor's own in `ancestors`. */
export const policyStatusSchema = z
  .object({
    conditions: conditionsSchema.default([]).describe('The worst state over all targets.'),
    targets: z
      .string()
      .max(32)
      .exactOptional()
      .describe('In how many of its targets the policy is accepted, such as 2/3.'),
    ancestors: atomicList(ancestorStatus)
      .max(16)
      .default([])
      .describe('The state for each Gateway or route that the policy holds for, at most 16.'),
  })
  .prefault({});
