// The filters of an HTTPRoute, as the CRD of Gateway API 1.7 defines them.
import * as z from 'zod';
import {
  atomicList,
  goTogether,
  listByKeys,
  oneOf,
  setOf,
  withRules,
  type Frozen,
  type Rule,
} from './grammar.ts';
import {
  fieldName,
  groupName,
  kindName,
  namespaceName,
  objectName,
  port,
  preciseHostname,
} from './fields.ts';
import { corsSchema } from './cors.ts';

const headerValues = listByKeys(z.object({ name: fieldName, value: z.string().min(1).max(4096) }), ['name'])
  .max(16)
  .default([]);

const headerModifier = z.object({
  set: headerValues,
  add: headerValues,
  remove: setOf(z.string()).max(16).default([]),
});

/** What a header modifier sets, adds and removes. */
export type HTTPHeaderFilter = Frozen<z.infer<typeof headerModifier>>;

const pathModifier = oneOf({
  type: 'Whether the whole path or the matched prefix is replaced.',
  variants: {
    ReplaceFullPath: { replaceFullPath: z.string().max(1024) },
    ReplacePrefixMatch: { replacePrefixMatch: z.string().max(1024) },
  },
  common: {},
});

/** How a redirect or a rewrite changes the path. */
export type HTTPPathModifier = Frozen<z.infer<typeof pathModifier>>;

const statusCodes = [301, 302, 303, 307, 308] as const;

const requestRedirect = z.object({
  scheme: z.enum(['http', 'https']).exactOptional(),
  hostname: preciseHostname.exactOptional(),
  path: pathModifier.exactOptional(),
  port: port.exactOptional(),
  statusCode: z.literal(statusCodes).default(302),
});

const urlRewrite = z.object({
  hostname: preciseHostname.exactOptional(),
  path: pathModifier.exactOptional(),
});

/** A Service is nothing to call without a port. */
export const serviceNeedsPort: Rule<{
  readonly group: string;
  readonly kind: string;
  readonly port?: number;
}> = {
  cel: "(size(self.group) == 0 && self.kind == 'Service') ? has(self.port) : true",
  message: 'a reference to a Service needs its port: add port',
  holds: (reference) =>
    reference.group !== '' || reference.kind !== 'Service' || reference.port !== undefined,
};

/** What names a backend, in `backendRefs` and elsewhere. */
const backendReferenceFields = {
  group: groupName.default(''),
  kind: kindName.default('Service'),
  name: objectName,
  /** Left out: that of the route. */
  namespace: namespaceName.exactOptional(),
  port: port.exactOptional(),
};

/** What names a backend in `backendRefs` of a rule. */
export const weightedReferenceFields = {
  ...backendReferenceFields,
  weight: z.int32().min(0).max(1_000_000).default(1),
};

/** Reference to a backend: a Service with its port, or another kind. */
const backendObjectReference = withRules(z.object(backendReferenceFields), [serviceNeedsPort]);

const fraction = withRules(
  z.object({ numerator: z.int32().min(0), denominator: z.int32().min(1).default(100) }),
  [
    {
      cel: 'self.numerator <= self.denominator',
      message: 'numerator must not be greater than denominator',
      holds: (value) => value.numerator <= value.denominator,
    },
  ],
);

const requestMirror = withRules(
  z.object({
    backendRef: backendObjectReference,
    percent: z.int32().min(0).max(100).exactOptional(),
    fraction: fraction.exactOptional(),
  }),
  [
    {
      cel: '!(has(self.percent) && has(self.fraction))',
      message: 'percent and fraction exclude each other: remove one',
      holds: (mirror) => mirror.percent === undefined || mirror.fraction === undefined,
    },
  ],
);

const headerNames = setOf(z.string()).max(64).default([]);

/** Who is asked whether a request may pass; of the experimental channel (GEP-1494). */
export const externalAuth = withRules(
  z.object({
    protocol: z.enum(['HTTP', 'GRPC']),
    backendRef: backendObjectReference,
    grpc: z.object({ allowedHeaders: headerNames }).exactOptional(),
    http: z
      .object({
        path: z
          .string()
          .max(1024)
          .regex(
            /^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$/,
            'must hold only what may stand in a path',
          )
          .exactOptional(),
        allowedHeaders: headerNames,
        allowedResponseHeaders: headerNames,
      })
      .exactOptional(),
    forwardBody: z.object({ maxSize: z.int32().min(0).exactOptional() }).exactOptional(),
  }),
  goTogether('protocol', { GRPC: 'grpc', HTTP: 'http' }),
);

/** What such a filter says. */
export type HTTPExternalAuthFilter = Frozen<z.infer<typeof externalAuth>>;

/** An object of the filter's own namespace. */
export const extensionRef = z.object({ group: groupName, kind: kindName, name: objectName });

/** Filters of requests of every kind. */
export const commonFilters = {
  RequestHeaderModifier: { requestHeaderModifier: headerModifier },
  ResponseHeaderModifier: { responseHeaderModifier: headerModifier },
  RequestMirror: { requestMirror },
  ExtensionRef: { extensionRef },
};

const filter = oneOf({
  type: 'What the filter does.',
  variants: {
    ...commonFilters,
    RequestRedirect: { requestRedirect },
    URLRewrite: { urlRewrite },
    CORS: { cors: corsSchema },
    ExternalAuth: { externalAuth },
  },
  common: {},
});

/** One filter of a rule or of a backend. */
export type HTTPRouteFilter = Frozen<z.infer<typeof filter>>;

/** Filters in the order they stand. */
export type Filters = readonly HTTPRouteFilter[];

/** How many filters of a type there are. */
export function count(filters: Filters, type: HTTPRouteFilter['type']): number {
  return filters.filter((one) => one.type === type).length;
}

const filterRules: readonly Rule<Filters>[] = [
  {
    cel: "!(self.exists(f, f.type == 'RequestRedirect') && self.exists(f, f.type == 'URLRewrite'))",
    message: 'RequestRedirect and URLRewrite exclude each other: remove one',
    holds: (filters) => count(filters, 'RequestRedirect') === 0 || count(filters, 'URLRewrite') === 0,
  },
  ...onceOnly('CORS', 'RequestHeaderModifier', 'ResponseHeaderModifier', 'RequestRedirect', 'URLRewrite'),
];

/** Rules by which filters of these types may stand in a list once each. */
export function onceOnly(
  ...types: readonly HTTPRouteFilter['type'][]
): readonly Rule<readonly { readonly type: string }[]>[] {
  return types.map((type) => ({
    cel: `self.filter(f, f.type == '${type}').size() <= 1`,
    message: `a filter of type ${type} may stand here once: join them into one`,
    holds: (filters) => filters.filter((one) => one.type === type).length <= 1,
  }));
}

/** `filters` of a rule, or of one of its backends. */
export const filtersSchema = withRules(atomicList(filter).max(16), filterRules).default([]);
