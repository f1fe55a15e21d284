// A platform with one Gateway, two tenants with a route each, and AuthPolicies of all of them at every place the grammar
// has, also where they have no business.
import { hash } from 'node:crypto';
import fc from 'fast-check';

export const namespaces = ['infra', 'blue', 'green'] as const;
export const tenants = ['blue', 'green'] as const;
export const ruleNames = ['x', 'y'] as const;
export const listeners = [
  { name: 'a', port: 80 },
  { name: 'b', port: 81 },
] as const;
/** Consumers of each namespace, each in the group of its name. */
export const people = ['ann', 'bob'] as const;

export type Namespace = (typeof namespaces)[number];

export interface Target {
  readonly kind: 'Gateway' | 'HTTPRoute';
  readonly name: 'edge' | 'shop';
  readonly section: string;
}

export interface Entry {
  readonly shadow: boolean;
  /** Empty: any. */
  readonly groups: readonly string[];
  readonly methods: readonly string[];
}

export interface Policy {
  readonly namespace: Namespace;
  readonly name: string;
  /** The higher, the younger. */
  readonly age: number;
  readonly layer: 'rules' | 'defaults' | 'overrides';
  /** A strategy that AuthPolicies do not have. */
  readonly merges: boolean;
  readonly targets: readonly Target[];
  /** Namespaces whose Consumers are let in; empty: keys are not asked for. */
  readonly keysOf: readonly Namespace[];
  readonly optional: boolean;
  readonly authorize: readonly Entry[];
}

export interface World {
  readonly policies: readonly Policy[];
  /** By `<namespace>/<rule>`: the names of the policies that its filters pull in, whether they are there or not. */
  readonly pulled: Readonly<Record<string, readonly string[]>>;
  /** `[from, to]`: AuthPolicies of the one may name Consumers of the other. */
  readonly grants: readonly (readonly [Namespace, Namespace])[];
  /** Whether the platform closes what has no policy. */
  readonly required: boolean;
}

export function keyOf(namespace: string, person: string): string {
  return `tp_00000000_${hash('sha256', `${namespace}/${person}`, 'hex').slice(0, 32)}`;
}

const names = ['p0', 'p1', 'p2', 'p3'] as const;

const target: fc.Arbitrary<Target> = fc.oneof(
  fc.record({
    kind: fc.constant('Gateway'),
    name: fc.constant('edge'),
    section: fc.constantFrom('', '', 'a', 'b'),
  }),
  fc.record({
    kind: fc.constant('HTTPRoute'),
    name: fc.constant('shop'),
    section: fc.constantFrom('', '', 'x', 'y'),
  }),
);

const entry: fc.Arbitrary<Entry> = fc
  .record({
    shadow: fc.boolean(),
    groups: fc.subarray([...people]),
    methods: fc.subarray(['GET', 'PUT']),
  })
  .filter(({ groups, methods }) => groups.length + methods.length > 0);

const policy: fc.Arbitrary<Policy> = fc
  .record({
    namespace: fc.constantFrom(...namespaces),
    name: fc.constantFrom(...names),
    age: fc.nat(3),
    layer: fc.constantFrom('rules', 'defaults', 'overrides'),
    merges: fc.boolean(),
    targets: fc.uniqueArray(target, { maxLength: 2, selector: ({ kind }) => kind }),
    keysOf: fc.subarray([...namespaces]),
    optional: fc.boolean(),
    authorize: fc.array(entry, { maxLength: 2 }),
  })
  .map((one) => ({ ...one, merges: one.merges && one.layer !== 'rules' && one.age === 0 }))
  .filter(({ keysOf, authorize }) => keysOf.length + authorize.length > 0);

export const world: fc.Arbitrary<World> = fc.record({
  policies: fc.uniqueArray(policy, {
    maxLength: 8,
    selector: ({ namespace, name }) => `${namespace}/${name}`,
  }),
  pulled: fc.record(
    Object.fromEntries(
      tenants.flatMap((tenant) =>
        ruleNames.map((rule) => [
          `${tenant}/${rule}`,
          fc.oneof(
            { weight: 3, arbitrary: fc.constant([]) },
            { weight: 1, arbitrary: fc.subarray([...names], { maxLength: 2 }) },
          ),
        ]),
      ),
    ),
  ),
  grants: fc.subarray(namespaces.flatMap((from) => namespaces.map((to) => [from, to] as const))),
  required: fc.boolean(),
});

const group = 'gateway.networking.k8s.io';

function policyManifest(one: Policy): object {
  const { namespace, name, age, layer, merges, targets, keysOf, optional, authorize } = one;
  const rules = {
    optional,
    authenticate:
      keysOf.length === 0
        ? []
        : [{ name: 'keys', type: 'APIKey', apiKey: { consumerSelector: { namespaces: keysOf } } }],
    authorize: authorize.map(({ shadow, groups, methods }, index) => ({
      name: `e${index}`,
      mode: shadow ? 'Shadow' : 'Enforce',
      ...(groups.length === 0 ? {} : { groups }),
      ...(methods.length === 0 ? {} : { methods }),
    })),
  };
  return {
    kind: 'AuthPolicy',
    metadata: { name, namespace, creationTimestamp: `2026-01-0${age + 1}T00:00:00Z` },
    spec: {
      targetRefs: targets.map(({ section, ...to }) => ({
        group,
        ...to,
        ...(section === '' ? {} : { sectionName: section }),
      })),
      [layer]: layer === 'rules' ? rules : { ...(merges ? { strategy: 'Merge' } : {}), rules },
    },
  };
}

function routeManifest(namespace: string, pulled: World['pulled']): object {
  return {
    kind: 'HTTPRoute',
    metadata: { name: 'shop', namespace },
    spec: {
      parentRefs: [{ name: 'edge', namespace: 'infra' }],
      rules: ruleNames.map((rule) => ({
        name: rule,
        matches: [{ path: { value: `/${namespace}/${rule}` } }],
        filters: (pulled[`${namespace}/${rule}`] ?? []).map((name) => ({
          type: 'ExtensionRef',
          extensionRef: { group: 'turnpike.dev', kind: 'AuthPolicy', name },
        })),
        backendRefs: [{ name: 'cart', port: 80 }],
      })),
    },
  };
}

/** All objects of `world`. */
export function manifests({ policies, pulled, grants, required }: World): readonly object[] {
  return [
    {
      kind: 'GatewayClass',
      metadata: { name: 'turnpike' },
      spec: {
        controllerName: 'turnpike.dev/gateway-controller',
        parametersRef: {
          group: 'turnpike.dev',
          kind: 'GatewayParameters',
          namespace: 'infra',
          name: 'house',
        },
      },
    },
    {
      kind: 'GatewayParameters',
      metadata: { name: 'house', namespace: 'infra' },
      spec: { requirePolicies: required ? ['AuthPolicy'] : [] },
    },
    {
      kind: 'Gateway',
      metadata: { name: 'edge', namespace: 'infra' },
      spec: {
        gatewayClassName: 'turnpike',
        listeners: listeners.map((one) => ({
          ...one,
          protocol: 'HTTP',
          allowedRoutes: { namespaces: { from: 'All' } },
        })),
      },
    },
    ...tenants.flatMap((namespace) => [
      routeManifest(namespace, pulled),
      {
        kind: 'Service',
        metadata: { name: 'cart', namespace },
        spec: { ports: [{ name: 'http', port: 80 }] },
      },
    ]),
    ...namespaces.flatMap((namespace) =>
      people.map((person) => ({
        kind: 'Consumer',
        metadata: { name: person, namespace },
        spec: {
          groups: [person],
          credentials: [
            {
              name: 'k',
              type: 'APIKey',
              apiKey: { prefix: 'tp_00000000', sha256: hash('sha256', keyOf(namespace, person), 'hex') },
            },
          ],
        },
      })),
    ),
    ...grants.map(([from, to]) => ({
      kind: 'ReferenceGrant',
      metadata: { name: `from-${from}`, namespace: to },
      spec: {
        from: [{ group: 'turnpike.dev', kind: 'AuthPolicy', namespace: from }],
        to: [{ group: 'turnpike.dev', kind: 'Consumer' }],
      },
    })),
    ...policies.map(policyManifest),
  ];
}
