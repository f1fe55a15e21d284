// The CustomResourceDefinitions of our kinds: the schemas, and what else `kubectl` shows of a kind.
import { kinds, schemas, type Kind } from './kind.ts';
import { structuralSchema, type StructuralSchema } from './structural.ts';

/** Our own kinds: those whose CRDs we ship. */
export const ownKinds = [
  'AuthPolicy',
  'RateLimitPolicy',
  'TrafficPolicy',
  'ClientPolicy',
  'ProtectionPolicy',
  'Consumer',
  'Ban',
  'Plan',
  'GatewayParameters',
] as const satisfies readonly Kind[];

/** A kind of ours. */
export type OwnKind = (typeof ownKinds)[number];

/** What is told of a kind beside its schema. */
interface Presentation {
  readonly description: string;
  readonly shortNames: readonly string[];
  /** Of what its status tells; None: it has none. */
  readonly status: 'Policy' | 'Consumer' | 'Plan' | 'Ban' | 'None';
  /** Columns beside those that all of its status have. */
  readonly columns?: readonly Column[];
  /** The `spec` of the example in the reference. */
  readonly example: Readonly<Record<string, unknown>>;
}

const shop = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'shop' };
const edge = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge' };

/** How `kubectl` and the reference show each kind of ours. */
export const presentations: { readonly [K in OwnKind]: Presentation } = {
  AuthPolicy: {
    description:
      'Says who may call the Gateways and HTTPRoutes it names. A policy that cannot be enforced closes them.',
    shortNames: ['ap'],
    status: 'Policy',
    example: {
      targetRefs: [shop],
      rules: {
        authenticate: [
          {
            name: 'staff',
            type: 'JWT',
            jwt: {
              issuer: 'https://id.example.com',
              audiences: ['shop'],
              jwks: { type: 'Remote', remote: { type: 'URI', uri: 'https://id.example.com/jwks.json' } },
              claimsToHeaders: [{ claim: 'sub', header: 'x-user' }],
            },
          },
        ],
      },
    },
  },
  RateLimitPolicy: {
    description: 'Says how often the Gateways and HTTPRoutes it names may be called, and by whom.',
    shortNames: ['rlp'],
    status: 'Policy',
    example: {
      targetRefs: [edge],
      defaults: {
        strategy: 'Merge',
        rules: [
          {
            name: 'per-user',
            key: { type: 'Claim', claim: { name: 'sub' }, onUnknownKey: 'Share' },
            limits: [{ name: 'minute', requests: 100, window: '1m', burst: 20 }],
          },
        ],
      },
    },
  },
  TrafficPolicy: {
    description:
      'Says how the backends of the Gateways, HTTPRoutes and Services it names are called: time-outs, retries, balancing, health, limits.',
    shortNames: ['tp'],
    status: 'Policy',
    example: {
      targetRefs: [{ group: '', kind: 'Service', name: 'payments' }],
      timeouts: { backendRequest: '2s' },
      retry: { attempts: 2, codes: [503] },
      balance: { type: 'LeastRequest' },
      circuitBreaker: { maxConnections: 1000, maxPending: 100 },
      healthCheck: { type: 'HTTP', http: { path: '/healthz' } },
    },
  },
  ClientPolicy: {
    description:
      'Says how clients may call the Gateways and listeners it names: whose address counts, protocols, TLS, limits, time-outs.',
    shortNames: ['cp'],
    status: 'Policy',
    example: {
      targetRefs: [edge],
      clientAddress: { type: 'XForwardedFor', xForwardedFor: { type: 'Hops', hops: 1 } },
      limits: { maxConnections: 10_000, maxHeadBytes: '16Ki' },
      timeouts: { idle: '1m' },
    },
  },
  ProtectionPolicy: {
    description:
      'Says who is kept out of the Gateways and listeners it names, and how much one address may do there, before it is known what is asked for.',
    shortNames: ['pp'],
    status: 'Policy',
    example: {
      targetRefs: [edge],
      connections: { perAddress: { opened: 100, window: '10s', burst: 200, maxOpen: 500 } },
      exempt: { addresses: ['192.0.2.0/24'] },
    },
  },
  Consumer: {
    description:
      'Says who calls: groups, plan, and the hashes of keys. AuthPolicies of its namespace select it by its labels.',
    shortNames: ['cons'],
    status: 'Consumer',
    example: {
      groups: ['partners'],
      plan: 'gold',
      credentials: [
        {
          name: 'first',
          type: 'APIKey',
          apiKey: {
            prefix: 'tp_ab12cd34',
            sha256: '9b74c9897bac770ffc029102a200c5de9b74c9897bac770ffc029102a200c5de',
            expires: '2027-06-30T00:00:00Z',
          },
        },
      ],
    },
  },
  Ban: {
    description: 'Says which addresses may not come to the Gateways of its namespace, or may again.',
    shortNames: [],
    status: 'Ban',
    columns: [
      { name: 'Action', type: 'string', jsonPath: '.spec.action', description: 'Refuse, or Lift.' },
      { name: 'Addresses', type: 'string', jsonPath: '.spec.addresses', description: 'Whom it is about.' },
      { name: 'Expires', type: 'string', jsonPath: '.spec.expires', description: 'Until when it holds.' },
      { name: 'Reason', type: 'string', jsonPath: '.spec.reason', description: 'Why.' },
    ],
    example: {
      addresses: ['192.0.2.7/32', '2001:db8:0:7::/64'],
      expires: '2027-06-30T00:00:00Z',
      reason: 'tries passwords',
    },
  },
  Plan: {
    description:
      'Says how much each Consumer that has it may call, wherever it calls. Consumers of its namespace name it.',
    shortNames: ['pl'],
    status: 'Plan',
    example: {
      limits: [{ name: 'minute', requests: 1000, window: '1m' }],
      quotas: [{ name: 'month', requests: 1_000_000, period: 'Month', timeZone: 'Europe/Berlin' }],
      concurrency: 50,
    },
  },
  GatewayParameters: {
    description: 'Says what the platform decides for the Gateways of a GatewayClass, or for one Gateway.',
    shortNames: ['gwp'],
    status: 'None',
    example: {
      autoscaling: { minReplicas: 3, maxReplicas: 20 },
      service: { type: 'LoadBalancer', annotations: { 'example.com/load-balancer': 'internal' } },
      podTemplatePatch: { spec: { nodeSelector: { 'example.com/pool': 'edge' } } },
      rateLimitStore: { type: 'Redis', redis: { secretRef: { name: 'redis', key: 'url' } } },
      requirePolicies: ['AuthPolicy'],
    },
  },
};

/** A column of `kubectl get`. */
interface Column {
  readonly name: string;
  readonly type: string;
  readonly jsonPath: string;
  readonly description: string;
}

const age = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'When the object was made.',
};

const consumerColumns = [
  {
    name: 'Accepted',
    type: 'string',
    jsonPath: '.status.conditions[?(@.type=="Accepted")].status',
    description: 'Whether all its credentials count.',
  },
  { name: 'Plan', type: 'string', jsonPath: '.spec.plan', description: 'The plan it has.' },
  {
    name: 'Resolved',
    type: 'string',
    jsonPath: '.status.conditions[?(@.type=="ResolvedRefs")].status',
    description: 'Whether its plan is there; until then its requests are refused.',
  },
  age,
];

const planColumns = [
  {
    name: 'Accepted',
    type: 'string',
    jsonPath: '.status.conditions[?(@.type=="Accepted")].status',
    description: 'Whether the plan can be enforced; until then requests of who has it are refused.',
  },
  {
    name: 'Consumers',
    type: 'integer',
    jsonPath: '.status.consumers',
    description: 'How many Consumers have it.',
  },
  age,
];

const banColumns = [
  {
    name: 'Accepted',
    type: 'string',
    jsonPath: '.status.conditions[?(@.type=="Accepted")].reason',
    description: 'Whether it can be used; NoGateway: there is none in its namespace, so it holds nowhere.',
  },
  age,
];

const policyColumns = [
  {
    name: 'Accepted',
    type: 'string',
    jsonPath: '.status.conditions[?(@.type=="Accepted")].status',
    description: 'Whether the policy is accepted for all its targets.',
  },
  {
    name: 'Targets',
    type: 'string',
    jsonPath: '.status.targets',
    description: 'In how many of its targets the policy is accepted.',
  },
  age,
];

const columns = {
  Policy: policyColumns,
  Consumer: consumerColumns,
  Plan: planColumns,
  Ban: banColumns,
  None: [age],
};

/** The schema of a whole object, as the CRD has it: metadata is the API server's. */
export function objectSchema(kind: OwnKind): StructuralSchema {
  const { properties = {}, required = [] } = structuralSchema(schemas[kind]);
  const { spec, status } = properties;
  return {
    description: presentations[kind].description,
    type: 'object',
    required: required.filter((name) => name !== 'metadata'),
    properties: {
      apiVersion: { description: 'The version of the schema: turnpike.dev/v1alpha1.', type: 'string' },
      kind: { description: `The kind: ${kind}.`, type: 'string' },
      metadata: { type: 'object' },
      ...(spec === undefined ? {} : { spec }),
      ...(status === undefined ? {} : { status }),
    },
  };
}

/** The CustomResourceDefinition of a kind of ours, as an object to be written as YAML. */
export function customResourceDefinition(kind: OwnKind): Readonly<Record<string, unknown>> {
  const { group, version, plural } = kinds[kind];
  const { shortNames, status, columns: own = [] } = presentations[kind];
  const isPolicy = status === 'Policy';
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      labels: {
        'app.kubernetes.io/name': 'turnpike',
        ...(isPolicy ? { 'gateway.networking.k8s.io/policy': 'Inherited' } : {}),
      },
    },
    spec: {
      group,
      scope: 'Namespaced',
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames,
        categories: ['turnpike'],
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          additionalPrinterColumns: [...own, ...columns[status]],
          ...(status !== 'None' ? { subresources: { status: {} } } : {}),
          schema: { openAPIV3Schema: objectSchema(kind) },
        },
      ],
    },
  };
}
