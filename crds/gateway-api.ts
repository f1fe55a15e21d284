// The Gateway API kinds we read but routes, as the CRDs of Gateway API 1.7 (standard channel) define them:
// shape, defaults and rules. Fields of the experimental channel are known by name and kept as they are.
// Says nothing about what a Gateway means: that is the translation's.
import { isIP } from 'node:net';
import * as z from 'zod';
import { atMost, atomicList, listByKeys, withRules, type Frozen } from './grammar.ts';
import {
  controllerName,
  groupName,
  hostname,
  kindName,
  labelValue,
  namespaceName,
  objectName,
  port,
  qualifiedKey,
  subdomainName,
} from './fields.ts';
import { conditionsSchema, kindSchema, type parentReferenceSchema } from './kubernetes.ts';
import {
  differentFromOthers,
  labelSelector,
  listenerRules,
  listenerSchema,
  listenerStatuses,
  secretReference,
} from './listener.ts';

export type { Condition } from './kubernetes.ts';
export type * from './grpc-route.ts';
export type * from './http-filter.ts';
export type * from './http-match.ts';
export type * from './http-route.ts';
export type * from './stream-route.ts';
export type { Listener, ListenerFilter } from './listener.ts';
export type * from './listener-set.ts';

/** Group and version of the Gateway API kinds we read. */
const gatewayApiVersion = 'gateway.networking.k8s.io/v1';

/** What a route is attached to, or a status tells of. */
export type ParentReference = Frozen<z.infer<typeof parentReferenceSchema>>;

const classParametersReference = z.object({
  group: groupName,
  kind: kindName,
  name: objectName,
  namespace: namespaceName.exactOptional(),
});

/** The schema of a GatewayClass. */
export const gatewayClassSchema = kindSchema('GatewayClass', gatewayApiVersion, {
  spec: z.object({
    controllerName,
    parametersRef: classParametersReference.exactOptional(),
    description: z.string().max(64).exactOptional(),
  }),
  status: z
    .object({
      conditions: conditionsSchema.default([]),
      supportedFeatures: z.array(z.object({ name: z.string() })).default([]),
    })
    .prefault({}),
});

/** A decoded GatewayClass. */
export type GatewayClass = Frozen<z.infer<typeof gatewayClassSchema>>;

/** From where an address is to be reached (GEP-5093, experimental): empty is the implementation's choice. */
const routability = withRules(z.string().max(253), [
  {
    cel: "size(self) == 0 || self == 'Cluster' || (self.matches('^.*/.+$') && !format.dns1123Subdomain().validate(self.split('/')[0]).hasValue() && self.split('/')[0] != 'k8s.io' && !self.split('/')[0].endsWith('.k8s.io'))",
    message:
      'must be empty, Cluster, or a domain, a slash and a name, where k8s.io and its subdomains are reserved: correct it, or leave it out',
    holds: (value) => value === '' || value === 'Cluster' || isOfADomain(value),
  },
]);

function isOfADomain(value: string): boolean {
  const [, domain = ''] = /^([^/]*)\/.+$/.exec(value) ?? [];
  const isReserved = `.${domain}`.endsWith('.k8s.io');
  return subdomainName.safeParse(domain).success && !isReserved;
}

const specAddress = withRules(
  z.object({
    type: z.string().min(1).max(253).default('IPAddress'),
    /** Left out or empty: any. */
    value: z.string().max(253).exactOptional(),
    routability: routability.default(''),
  }),
  [
    {
      cel: '(oneOf of the schema: format ipv4 or ipv6)',
      message: 'type IPAddress needs an IPv4 or IPv6 address as value: correct it, or use type Hostname',
      holds: (address) =>
        address.type !== 'IPAddress' || address.value === undefined || isIP(address.value) !== 0,
    },
    {
      cel: "self.type == 'Hostname' ? (!has(self.value) || self.value.matches(...)): true",
      message: 'type Hostname needs a lower-case host name as value',
      holds: (address) =>
        address.type !== 'Hostname' ||
        address.value === undefined ||
        hostname.safeParse(address.value).success,
    },
  ],
);

const specAddresses = withRules(atomicList(specAddress).max(16), [
  {
    cel: "self.all(a1, a1.type == 'IPAddress' && has(a1.value) ? self.exists_one(a2, a2.type == a1.type && has(a2.value) && a2.value == a1.value) : true )",
    message: 'two addresses are the same: remove one of them',
    holds: (addresses) =>
      differentFromOthers((one: { type: string; value?: string }) => JSON.stringify([one.type, one.value]))(
        addresses.filter((one) => ['IPAddress', 'Hostname'].includes(one.type) && one.value !== undefined),
      ),
  },
]);

const infrastructure = z.object({
  labels: z.record(qualifiedKey, labelValue).check(atMost(8)).default({}),
  annotations: z.record(qualifiedKey, z.string().max(4096)).check(atMost(16)).default({}),
  parametersRef: z.object({ group: groupName, kind: kindName, name: objectName }).exactOptional(),
});

const objectReference = z.object({
  group: groupName,
  kind: kindName,
  name: objectName,
  namespace: namespaceName.exactOptional(),
});

const clientValidation = z.object({
  validation: z
    .object({
      caCertificateRefs: atomicList(objectReference).min(1).max(16),
      mode: z.enum(['AllowValidOnly', 'AllowInsecureFallback']).default('AllowValidOnly'),
    })
    .exactOptional(),
});

const gatewayTls = z.object({
  backend: z.object({ clientCertificateRef: secretReference.exactOptional() }).exactOptional(),
  frontend: z
    .object({
      default: clientValidation,
      perPort: listByKeys(z.object({ port, tls: clientValidation }), ['port'])
        .max(64)
        .default([]),
    })
    .exactOptional(),
});

const gatewayStatus = z
  .object({
    addresses: z.array(z.object({ type: z.string().default('IPAddress'), value: z.string() })).default([]),
    conditions: conditionsSchema.default([]),
    listeners: listenerStatuses,
    attachedListenerSets: z.int().exactOptional(),
  })
  .prefault({});

/** The schema of a Gateway. */
export const gatewaySchema = kindSchema('Gateway', gatewayApiVersion, {
  spec: z.object({
    gatewayClassName: objectName,
    listeners: withRules(listByKeys(listenerSchema, ['name']).min(1).max(64), listenerRules),
    addresses: specAddresses.default([]),
    infrastructure: infrastructure.exactOptional(),
    allowedListeners: z
      .object({
        namespaces: z
          .object({
            from: z.enum(['All', 'Selector', 'Same', 'None']).default('None'),
            selector: labelSelector.exactOptional(),
          })
          .prefault({}),
      })
      .exactOptional(),
    tls: gatewayTls.exactOptional(),
    defaultScope: z.unknown().exactOptional(),
  }),
  status: gatewayStatus,
});

/** A decoded Gateway. */
export type Gateway = Frozen<z.infer<typeof gatewaySchema>>;

/** The schema of a ReferenceGrant. */
export const referenceGrantSchema = kindSchema('ReferenceGrant', gatewayApiVersion, {
  spec: z.object({
    from: atomicList(z.object({ group: groupName, kind: kindName, namespace: namespaceName }))
      .min(1)
      .max(16),
    /** Without name: all objects of the kind. */
    to: atomicList(z.object({ group: groupName, kind: kindName, name: objectName.exactOptional() }))
      .min(1)
      .max(16),
  }),
});

/** A decoded ReferenceGrant. */
export type ReferenceGrant = Frozen<z.infer<typeof referenceGrantSchema>>;
