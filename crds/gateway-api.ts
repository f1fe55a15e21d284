// The Gateway API kinds we read but HTTPRoute, as the CRDs of Gateway API 1.7 (standard channel) define them:
// shape, defaults and rules. Fields of the experimental channel are known by name and kept as they are.
// Says nothing about what a Gateway means: that is the translation's.
import { isIP } from 'node:net';
import * as z from 'zod';
import { atomicList, listByKeys, withRules, type Frozen, type Rule } from './grammar.ts';
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
  sectionName,
} from './fields.ts';
import { conditionsSchema, kindSchema, type parentReferenceSchema } from './kubernetes.ts';

export type { Condition } from './kubernetes.ts';
export type * from './http-filter.ts';
export type * from './http-match.ts';
export type * from './http-route.ts';

/** Group and version of the Gateway API kinds we read. */
export const gatewayApiVersion = 'gateway.networking.k8s.io/v1';

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

const secretReference = z.object({
  group: groupName.default(''),
  kind: kindName.default('Secret'),
  name: objectName,
  /** Left out: the Gateway's own. */
  namespace: namespaceName.exactOptional(),
});

const labelSelector = z.object({
  matchLabels: z.record(z.string(), z.string()).default({}),
  matchExpressions: z
    .array(
      z.object({
        key: z.string(),
        operator: z.string(),
        values: z.array(z.string()).default([]),
      }),
    )
    .default([]),
});

/** Maps are bounded by the number of their names. */
function atMost(count: number): (context: z.core.ParsePayload<Record<string, string>>) => void {
  return ({ value, issues }) => {
    if (Object.keys(value).length > count) {
      issues.push({ code: 'custom', message: `must have at most ${count} names`, input: value });
    }
  };
}

const listenerTls = withRules(
  z.object({
    mode: z.enum(['Terminate', 'Passthrough']).default('Terminate'),
    certificateRefs: atomicList(secretReference).max(64).default([]),
    options: z.record(z.string(), z.string().max(4096)).check(atMost(16)).default({}),
  }),
  [
    {
      cel: "self.mode == 'Terminate' ? size(self.certificateRefs) > 0 || size(self.options) > 0 : true",
      message: 'mode Terminate needs a certificate: add certificateRefs',
      holds: (tls) =>
        tls.mode !== 'Terminate' || tls.certificateRefs.length > 0 || Object.keys(tls.options).length > 0,
    },
  ],
);

const routeNamespaces = z.object({
  from: z.enum(['All', 'Selector', 'Same']).default('Same'),
  selector: labelSelector.exactOptional(),
});

const allowedRoutes = z.object({
  namespaces: routeNamespaces.prefault({}),
  /** Empty: those that go with the protocol. */
  kinds: atomicList(z.object({ group: groupName.default('gateway.networking.k8s.io'), kind: kindName }))
    .max(8)
    .default([]),
});

const listener = z.object({
  name: sectionName,
  /** Left out: all hosts. */
  hostname: hostname.exactOptional(),
  port,
  protocol: z
    .string()
    .min(1)
    .max(255)
    .regex(
      /^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9]+$/,
      'must be a protocol such as HTTP or HTTPS',
    ),
  tls: listenerTls.exactOptional(),
  allowedRoutes: allowedRoutes.prefault({}),
});

/** One listener of a Gateway, with the defaults of its CRD. */
export type Listener = Frozen<z.infer<typeof listener>>;

const withoutTls = new Set(['HTTP', 'TCP', 'UDP']);

function differentFromOthers<T>(key: (item: T) => string): (items: readonly T[]) => boolean {
  return (items) => new Set(items.map(key)).size === items.length;
}

const listenerRules: readonly Rule<readonly Listener[]>[] = [
  {
    cel: "self.all(l, l.protocol in ['HTTP', 'TCP', 'UDP'] ? !has(l.tls) : true)",
    message: 'protocols HTTP, TCP and UDP have no tls: remove tls, or use the protocol HTTPS',
    holds: (listeners) => listeners.every((one) => !withoutTls.has(one.protocol) || one.tls === undefined),
  },
  {
    cel: "self.all(l, (l.protocol == 'HTTPS' && has(l.tls)) ? (l.tls.mode == '' || l.tls.mode == 'Terminate') : true)",
    message: 'a listener of the protocol HTTPS needs tls.mode Terminate',
    holds: (listeners) =>
      listeners.every((one) => one.protocol !== 'HTTPS' || (one.tls?.mode ?? 'Terminate') === 'Terminate'),
  },
  {
    cel: "self.all(l, (l.protocol == 'TLS' ? has(l.tls) && has(l.tls.mode) && l.tls.mode != '' : true))",
    message: 'a listener of the protocol TLS needs tls.mode: add it',
    holds: (listeners) => listeners.every((one) => one.protocol !== 'TLS' || one.tls !== undefined),
  },
  {
    cel: "self.all(l, l.protocol in ['TCP', 'UDP'] ? (!has(l.hostname) || l.hostname == '') : true)",
    message: 'protocols TCP and UDP know no hosts: remove hostname',
    holds: (listeners) =>
      listeners.every(
        (one) => (one.protocol !== 'TCP' && one.protocol !== 'UDP') || one.hostname === undefined,
      ),
  },
  {
    cel: 'self.all(l1, self.exists_one(l2, l1.port == l2.port && l1.protocol == l2.protocol && (has(l1.hostname) && has(l2.hostname) ? l1.hostname == l2.hostname : !has(l1.hostname) && !has(l2.hostname))))',
    message: 'two listeners have the same port, protocol and hostname: change one of them or remove it',
    holds: differentFromOthers((one) => JSON.stringify([one.port, one.protocol, one.hostname ?? null])),
  },
];

const specAddress = withRules(
  z.object({
    type: z.string().min(1).max(253).default('IPAddress'),
    /** Left out or empty: any. */
    value: z.string().max(253).exactOptional(),
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
    listeners: z
      .array(
        z.object({
          name: z.string(),
          supportedKinds: z
            .array(z.object({ group: z.string().default('gateway.networking.k8s.io'), kind: z.string() }))
            .default([]),
          attachedRoutes: z.int(),
          conditions: conditionsSchema,
        }),
      )
      .default([]),
  })
  .prefault({});

/** The schema of a Gateway. */
export const gatewaySchema = kindSchema('Gateway', gatewayApiVersion, {
  spec: z.object({
    gatewayClassName: objectName,
    listeners: withRules(listByKeys(listener, ['name']).min(1).max(64), listenerRules),
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
