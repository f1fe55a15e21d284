// Listeners as the CRDs of Gateway API 1.7 define them: those of a Gateway and of a ListenerSet have one shape.
import * as z from 'zod';
import { atMost, atomicList, goTogether, withRules, type Frozen, type Rule } from './grammar.ts';
import { groupName, hostname, kindName, namespaceName, objectName, port, sectionName } from './fields.ts';
import { externalAuth, extensionRef } from './http-filter.ts';
import { conditionsSchema } from './kubernetes.ts';

/** What names a Secret; another kind is told in a status. */
export const secretReference = z.object({
  group: groupName.default(''),
  kind: kindName.default('Secret'),
  name: objectName,
  /** Left out: that of the object itself. */
  namespace: namespaceName.exactOptional(),
});

/** metav1.LabelSelector. */
export const labelSelector = z.object({
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

/**
 * One of the experimental channel (GEP-5224), with the payload of an HTTPRoute's filter of this type. One of a type that a later
 * definition knows is told in the status of its listener: the others need not suffer for it.
 */
const listenerFilter = withRules(
  z.object({
    type: z.string().min(1).max(64),
    externalAuth: externalAuth.exactOptional(),
    extensionRef: extensionRef.exactOptional(),
  }),
  goTogether('type', { ExternalAuth: 'externalAuth', ExtensionRef: 'extensionRef' }),
);

/** What a listener does with requests before a route is looked for. */
export type ListenerFilter = Frozen<z.infer<typeof listenerFilter>>;

const filters = z.object({ requests: atomicList(listenerFilter).max(16).default([]) });

const requestProtocols = new Set(['HTTP', 'HTTPS']);

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
  filters: filters.exactOptional(),
});

/** The schema of one listener. */
export const listenerSchema = withRules(listener, [
  {
    cel: "!has(self.filters) || self.protocol in ['HTTP', 'HTTPS']",
    message: 'filters are for requests, which only the protocols HTTP and HTTPS have: remove filters',
    holds: (one) => one.filters === undefined || requestProtocols.has(one.protocol),
  },
]);

/** One listener of a Gateway or a ListenerSet, with the defaults of its CRD. */
export type Listener = Frozen<z.infer<typeof listenerSchema>>;

const withoutTls = new Set(['HTTP', 'TCP', 'UDP']);

/** A rule's twin: no two items have one key. */
export function differentFromOthers<T>(key: (item: T) => string): (items: readonly T[]) => boolean {
  return (items) => new Set(items.map(key)).size === items.length;
}

/** What each listener keeps for itself, though the CRD asks it of the list; who breaks it is told at `field`. */
function ofEach(field: 'tls' | 'hostname', rule: Omit<Rule<Listener>, 'at'>): Rule<readonly Listener[]> {
  const { cel, message, holds } = rule;
  return {
    cel,
    message,
    holds: (listeners) => listeners.every((one) => holds(one)),
    at: (listeners) => [listeners.findIndex((one) => !holds(one)), field],
  };
}

/** What listeners of one object keep. */
export const listenerRules: readonly Rule<readonly Listener[]>[] = [
  ofEach('tls', {
    cel: "self.all(l, l.protocol in ['HTTP', 'TCP', 'UDP'] ? !has(l.tls) : true)",
    message: 'protocols HTTP, TCP and UDP have no tls: remove tls, or use the protocol HTTPS',
    holds: (one) => !withoutTls.has(one.protocol) || one.tls === undefined,
  }),
  ofEach('tls', {
    cel: "self.all(l, (l.protocol == 'HTTPS' && has(l.tls)) ? (l.tls.mode == '' || l.tls.mode == 'Terminate') : true)",
    message: 'a listener of the protocol HTTPS needs mode Terminate: change mode, or use the protocol TLS',
    holds: (one) => one.protocol !== 'HTTPS' || (one.tls?.mode ?? 'Terminate') === 'Terminate',
  }),
  ofEach('tls', {
    cel: "self.all(l, (l.protocol == 'TLS' ? has(l.tls) && has(l.tls.mode) && l.tls.mode != '' : true))",
    message: 'a listener of the protocol TLS needs tls.mode: add it',
    holds: (one) => one.protocol !== 'TLS' || one.tls !== undefined,
  }),
  ofEach('hostname', {
    cel: "self.all(l, l.protocol in ['TCP', 'UDP'] ? (!has(l.hostname) || l.hostname == '') : true)",
    message: 'protocols TCP and UDP know no hosts: remove hostname',
    holds: (one) => (one.protocol !== 'TCP' && one.protocol !== 'UDP') || one.hostname === undefined,
  }),
  {
    cel: 'self.all(l1, self.exists_one(l2, l1.port == l2.port && l1.protocol == l2.protocol && (has(l1.hostname) && has(l2.hostname) ? l1.hostname == l2.hostname : !has(l1.hostname) && !has(l2.hostname))))',
    message: 'two listeners have the same port, protocol and hostname: change one of them or remove it',
    holds: differentFromOthers((one) => JSON.stringify([one.port, one.protocol, one.hostname ?? null])),
  },
];

/** `status.listeners`. */
export const listenerStatuses = z
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
  .default([]);
