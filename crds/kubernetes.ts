// What every object has, and the core kinds we read: only the fields we read, with what the API server would
// have filled in. Fields beyond these are dropped without a word.
import { isIPv4, isIPv6 } from 'node:net';
import * as z from 'zod';
import { listByKeys, withRules, type Frozen } from './grammar.ts';
import {
  controllerName,
  groupName,
  kindName,
  labelValue,
  namespaceName,
  namespaceOrNone,
  objectName,
  port,
  qualifiedKey,
  sectionName,
  subdomainName,
} from './fields.ts';

const texts = z.record(z.string(), z.string());

/** Metadata as it is after decoding: what a manifest leaves out is empty, `generation` 0. */
const objectMetaSchema = z.object({
  name: subdomainName,
  /** Empty for kinds without namespace. */
  namespace: namespaceOrNone.default(''),
  uid: z.string().default(''),
  generation: z.int().default(0),
  resourceVersion: z.string().default(''),
  /** RFC 3339 in UTC. */
  creationTimestamp: z.string().default(''),
  deletionTimestamp: z.string().exactOptional(),
  labels: z.record(qualifiedKey, labelValue).default({}),
  annotations: texts.default({}),
});

/** metav1.Condition. */
const conditionSchema = z.object({
  type: z.string().max(316).describe('What this condition is about, such as Accepted.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds: True, False or Unknown.'),
  observedGeneration: z
    .int()
    .min(0)
    .exactOptional()
    .describe(
      'The metadata.generation that was judged; older than the object: the judgement is still to come.',
    ),
  lastTransitionTime: z.string().meta({ format: 'date-time' }).describe('When the status last changed.'),
  reason: z.string().min(1).max(1024).describe('The reason as one word for programs.'),
  message: z.string().max(32768).describe('The reason in words for people, naming the field and the remedy.'),
});

/** `status.conditions`: at most one of a type. */
export const conditionsSchema = listByKeys(conditionSchema, ['type']).max(8);

/** metav1.Condition, decoded. */
export type Condition = Frozen<z.infer<typeof conditionSchema>>;

/** Gateway API ParentReference: also the ancestor of a policy's status. */
export const parentReferenceSchema = z.object({
  group: groupName.default('gateway.networking.k8s.io').describe("The parent's API group."),
  kind: kindName.default('Gateway').describe("The parent's kind."),
  namespace: namespaceName.exactOptional().describe("The parent's namespace; left out: that of this object."),
  name: objectName.describe("The parent's name."),
  sectionName: sectionName.exactOptional().describe('A listener of the parent; left out: all of them.'),
  port: port.exactOptional().describe('A port of the parent; left out: all of them.'),
});

/** The object schema of a kind: apiVersion and kind may be left out, as in the items of a list. */
export function kindSchema<const K extends string, const V extends string, Shape extends z.ZodRawShape>(
  kind: K,
  apiVersion: V,
  shape: Shape,
) {
  return z.object({
    apiVersion: z.literal(apiVersion).default(apiVersion),
    kind: z.literal(kind).default(kind),
    metadata: objectMetaSchema,
    ...shape,
  });
}

const servicePort = z
  .object({
    name: z.string().default(''),
    protocol: z.enum(['TCP', 'UDP', 'SCTP']).default('TCP'),
    port,
    targetPort: z.union([z.int(), z.string()], 'must be the number or the name of a port').exactOptional(),
    appProtocol: z.string().exactOptional(),
  })
  .transform((given) => ({ ...given, targetPort: given.targetPort ?? given.port }));

const servicePorts = withRules(z.array(servicePort), [
  {
    cel: '(validation of the core API)',
    message: 'several ports need names, each its own: give each a name',
    holds: (list) => list.length < 2 || allDiffer(list.map(({ name }) => (name === '' ? null : name))),
  },
  {
    cel: '(validation of the core API)',
    message: 'two ports have the same number and protocol: remove one of them or change its port',
    holds: (list) => allDiffer(list.map((one) => `${one.protocol}/${one.port}`)),
  },
]);

function allDiffer(values: readonly (string | null)[]): boolean {
  return !values.includes(null) && new Set(values).size === values.length;
}

const serviceSpec = withRules(
  z.object({
    type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName']).default('ClusterIP'),
    clusterIP: z.string().exactOptional(),
    clusterIPs: z.array(z.string()).default([]),
    externalName: z.string().exactOptional(),
    ports: servicePorts.default([]),
    selector: texts.default({}),
  }),
  [
    {
      cel: '(validation of the core API)',
      message:
        'a Service needs ports, unless it is headless (clusterIP None) or of type ExternalName: add ports',
      holds: (spec) => spec.ports.length > 0 || spec.clusterIP === 'None' || spec.type === 'ExternalName',
    },
    {
      cel: '(validation of the core API)',
      message: 'type ExternalName needs the name: add externalName',
      holds: (spec) => spec.type !== 'ExternalName' || (spec.externalName ?? '') !== '',
    },
  ],
);

/** The schema of a Service, as far as we read it. */
export const serviceSchema = kindSchema('Service', 'v1', {
  spec: serviceSpec,
  status: z
    .object({
      loadBalancer: z
        .object({
          ingress: z
            .array(z.object({ ip: z.string().exactOptional(), hostname: z.string().exactOptional() }))
            .default([]),
        })
        .prefault({}),
    })
    .prefault({}),
});

/** A decoded Service. */
export type Service = Frozen<z.infer<typeof serviceSchema>>;

/** One port of a Service. */
export type ServicePort = Service['spec']['ports'][number];

/** Absent conditions are told as the EndpointSlice API reads them: ready, serving as ready, not terminating. */
const endpointConditions = z
  .object({
    ready: z.boolean().default(true),
    serving: z.boolean().exactOptional(),
    terminating: z.boolean().default(false),
  })
  .transform((given) => ({
    ready: given.ready,
    serving: given.serving ?? given.ready,
    terminating: given.terminating,
  }));

/** Names of objects, each in an object of its own. */
const named = z.array(z.object({ name: z.string() })).default([]);

const endpoint = z.object({
  addresses: z.array(z.string()).min(1).max(100),
  conditions: endpointConditions.prefault({}),
  hostname: z.string().exactOptional(),
  nodeName: z.string().exactOptional(),
  zone: z.string().exactOptional(),
  hints: z.object({ forZones: named, forNodes: named }).prefault({}),
  targetRef: z
    .object({
      kind: z.string().default(''),
      namespace: z.string().default(''),
      name: z.string().default(''),
      uid: z.string().default(''),
    })
    .exactOptional(),
});

const addressFits = {
  IPv4: (address) => isIPv4(address),
  IPv6: (address) => isIPv6(address),
  FQDN: (address) => subdomainName.safeParse(address).success,
} satisfies Record<string, (address: string) => boolean>;

/** The schema of an EndpointSlice, as far as we read it. */
export const endpointSliceSchema = kindSchema('EndpointSlice', 'discovery.k8s.io/v1', {
  addressType: z.enum(['IPv4', 'IPv6', 'FQDN']),
  endpoints: z.array(endpoint).max(1000).default([]),
  ports: z
    .array(
      z.object({
        name: z.string().default(''),
        protocol: z.string().default('TCP'),
        /** Absent: all ports (such a port is of no use to us). */
        port: z.int().exactOptional(),
        appProtocol: z.string().exactOptional(),
      }),
    )
    .default([]),
}).check(({ value, issues }) => {
  const fits = addressFits[value.addressType];
  value.endpoints.forEach((one, index) => {
    one.addresses.forEach((address, position) => {
      if (fits(address)) return;
      const path = ['endpoints', index, 'addresses', position];
      issues.push({
        code: 'custom',
        path,
        input: address,
        message: `must be an address of type ${value.addressType}`,
      });
    });
  });
});

/** A decoded EndpointSlice. */
export type EndpointSlice = Frozen<z.infer<typeof endpointSliceSchema>>;

/** One endpoint of an EndpointSlice. */
export type SliceEndpoint = EndpointSlice['endpoints'][number];

const base64 = z
  .string()
  .regex(
    /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
    'must be base64: encode it, or write it into stringData',
  );

function encoded(plain: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(plain).map(([name, text]) => [name, Buffer.from(text, 'utf8').toString('base64')]),
  );
}

/** `data` values are base64, as the API server has them; a manifest's `stringData` has been merged in. */
export const secretSchema = kindSchema('Secret', 'v1', {
  type: z.string().default('Opaque'),
  data: z.record(z.string(), base64).default({}),
  stringData: z.record(z.string(), z.string()).default({}),
}).transform(({ stringData, ...secret }) => ({
  ...secret,
  data: { ...secret.data, ...encoded(stringData) },
}));

/** A decoded Secret; values of `data` are base64. */
export type Secret = Frozen<z.infer<typeof secretSchema>>;

/** The schema of a ConfigMap. */
export const configMapSchema = kindSchema('ConfigMap', 'v1', {
  data: z.record(z.string(), z.string()).default({}),
  /** Base64. */
  binaryData: z.record(z.string(), z.string()).default({}),
});

/** A decoded ConfigMap. */
export type ConfigMap = Frozen<z.infer<typeof configMapSchema>>;

/** The schema of a ClusterTrustBundle: in no namespace; one that is bound to a signer has colons in its name. */
export const clusterTrustBundleSchema = kindSchema('ClusterTrustBundle', 'certificates.k8s.io/v1', {
  metadata: objectMetaSchema.extend({
    name: z
      .string()
      .min(1)
      .max(253)
      .regex(/^[a-z0-9]([-a-z0-9.:]*[a-z0-9])?$/, "must be lower-case letters, digits, '-', '.' and ':'"),
  }),
  spec: z.object({
    /** PEM. */
    trustBundle: z.string().default(''),
  }),
});

/** A decoded ClusterTrustBundle. */
export type ClusterTrustBundle = Frozen<z.infer<typeof clusterTrustBundleSchema>>;

/** Its labels always hold `kubernetes.io/metadata.name`, as on the API server. */
export const namespaceSchema = kindSchema('Namespace', 'v1', {
  status: z.object({ phase: z.string().default('Active') }).prefault({}),
}).transform((namespace) => ({
  ...namespace,
  metadata: {
    ...namespace.metadata,
    labels: { ...namespace.metadata.labels, 'kubernetes.io/metadata.name': namespace.metadata.name },
  },
}));

/** A decoded Namespace. */
export type Namespace = Frozen<z.infer<typeof namespaceSchema>>;

/** Of a CustomResourceDefinition: what stands at it, not what it defines. */
export const customResourceDefinitionSchema = kindSchema(
  'CustomResourceDefinition',
  'apiextensions.k8s.io/v1',
  {},
);

/** A decoded CustomResourceDefinition. */
export type CustomResourceDefinition = Frozen<z.infer<typeof customResourceDefinitionSchema>>;

/** `controllerName` of a status's entry for one parent or ancestor. */
export const ownController = controllerName.describe(
  'Who wrote this entry: other controllers keep entries of their own beside it.',
);
