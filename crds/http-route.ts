// HTTPRoute as the CRD of Gateway API 1.7 defines it (standard channel; experimental fields are known by name and
// kept as they are): shape, defaults and rules.
import * as z from 'zod';
import { atomicList, listByKeys, oneOf, setOf, withRules, type Frozen, type Rule } from './grammar.ts';
import {
  duration,
  durationMs,
  fieldName,
  groupName,
  hostname,
  kindName,
  namespaceName,
  objectName,
  port,
  preciseHostname,
  sectionName,
} from './fields.ts';
import { conditionsSchema, kindSchema, ownController, parentReferenceSchema } from './kubernetes.ts';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'] as const;

const pathCharacters = /^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$/;
const pathForbidden = ['//', '/./', '/../', '%2f', '%2F', '#'] as const;

interface PathValue {
  readonly type: 'Exact' | 'PathPrefix' | 'RegularExpression';
  readonly value: string;
}

function pathRule(cel: string, message: string, holds: (value: string) => boolean): Rule<PathValue> {
  return {
    cel: `(self.type in ['Exact','PathPrefix']) ? ${cel} : true`,
    message,
    holds: (path) => path.type === 'RegularExpression' || holds(path.value),
  };
}

const pathMatch = withRules(
  z.object({
    type: z.enum(['Exact', 'PathPrefix', 'RegularExpression']).default('PathPrefix'),
    value: z.string().max(1024).default('/'),
  }),
  [
    pathRule(
      "self.value.startsWith('/')",
      "value must begin with '/' for types Exact and PathPrefix",
      (value) => value.startsWith('/'),
    ),
    ...pathForbidden.map((part) =>
      pathRule(
        `!self.value.contains('${part}')`,
        `value must not contain '${part}' for types Exact and PathPrefix: write the path as it is after normalisation`,
        (value) => !value.includes(part),
      ),
    ),
    ...['/..', '/.'].map((part) =>
      pathRule(
        `!self.value.endsWith('${part}')`,
        `value must not end with '${part}' for types Exact and PathPrefix`,
        (value) => !value.endsWith(part),
      ),
    ),
    pathRule(
      `self.value.matches(r"""${pathCharacters.source}""")`,
      'value must hold only characters of a path for types Exact and PathPrefix: encode others as %XX',
      (value) => pathCharacters.test(value),
    ),
  ],
);

const fieldMatchType = z.enum(['Exact', 'RegularExpression']).default('Exact');

const match = z.object({
  path: pathMatch.prefault({}),
  headers: listByKeys(
    z.object({ type: fieldMatchType, name: fieldName, value: z.string().min(1).max(4096) }),
    ['name'],
  )
    .max(16)
    .default([]),
  queryParams: listByKeys(
    z.object({ type: fieldMatchType, name: fieldName, value: z.string().min(1).max(1024) }),
    ['name'],
  )
    .max(16)
    .default([]),
  /** Left out: all methods. */
  method: z.enum(methods).exactOptional(),
});

export type HTTPRouteMatch = Frozen<z.infer<typeof match>>;
export type HTTPPathMatch = HTTPRouteMatch['path'];

const headerValues = listByKeys(z.object({ name: fieldName, value: z.string().min(1).max(4096) }), ['name'])
  .max(16)
  .default([]);

const headerModifier = z.object({
  set: headerValues,
  add: headerValues,
  remove: setOf(z.string()).max(16).default([]),
});

export type HTTPHeaderFilter = Frozen<z.infer<typeof headerModifier>>;

const pathModifier = oneOf({
  type: 'Whether the whole path or the matched prefix is replaced.',
  variants: {
    ReplaceFullPath: { replaceFullPath: z.string().max(1024) },
    ReplacePrefixMatch: { replacePrefixMatch: z.string().max(1024) },
  },
  common: {},
});

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

const backendReferenceFields = {
  group: groupName.default(''),
  kind: kindName.default('Service'),
  name: objectName,
  /** Left out: that of the route. */
  namespace: namespaceName.exactOptional(),
  port: port.exactOptional(),
};

/** Reference to a backend: a Service with its port, or another kind. */
export const backendObjectReference = withRules(z.object(backendReferenceFields), [serviceNeedsPort]);

export type BackendObjectReference = Frozen<z.infer<typeof backendObjectReference>>;

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

const aloneIfStar: Rule<readonly string[]> = {
  cel: "!('*' in self && self.size() > 1)",
  message: "'*' means all: remove the other values, or '*'",
  holds: (values) => !values.includes('*') || values.length === 1,
};

const cors = z.object({
  allowOrigins: withRules(
    setOf(
      z
        .string()
        .min(1)
        .max(253)
        .regex(
          /(^\*$)|(^(http(s)?):\/\/(((\*\.)?([a-zA-Z0-9-]+\.)*[a-zA-Z0-9-]+|\*)(:([0-9]{1,5}))?)$)/,
          "must be an origin such as https://app.example.com, or '*'",
        ),
    ).max(64),
    [aloneIfStar],
  ).default([]),
  allowCredentials: z.boolean().exactOptional(),
  allowMethods: withRules(setOf(z.enum([...methods, '*'])).max(9), [aloneIfStar]).default([]),
  allowHeaders: withRules(setOf(fieldName).max(64), [aloneIfStar]).default([]),
  exposeHeaders: setOf(fieldName).max(64).default([]),
  maxAge: z.int32().min(1).default(5),
});

const filter = oneOf({
  type: 'What the filter does.',
  variants: {
    RequestHeaderModifier: { requestHeaderModifier: headerModifier },
    ResponseHeaderModifier: { responseHeaderModifier: headerModifier },
    RequestMirror: { requestMirror },
    RequestRedirect: { requestRedirect },
    URLRewrite: { urlRewrite },
    ExtensionRef: { extensionRef: z.object({ group: groupName, kind: kindName, name: objectName }) },
    CORS: { cors },
    ExternalAuth: { externalAuth: z.unknown() },
  },
  common: {},
});

export type HTTPRouteFilter = Frozen<z.infer<typeof filter>>;

type Filters = readonly HTTPRouteFilter[];

function count(filters: Filters, type: HTTPRouteFilter['type']): number {
  return filters.filter((one) => one.type === type).length;
}

const onceOnly = [
  'CORS',
  'RequestHeaderModifier',
  'ResponseHeaderModifier',
  'RequestRedirect',
  'URLRewrite',
] as const;

const filterRules: readonly Rule<Filters>[] = [
  {
    cel: "!(self.exists(f, f.type == 'RequestRedirect') && self.exists(f, f.type == 'URLRewrite'))",
    message: 'RequestRedirect and URLRewrite exclude each other: remove one',
    holds: (filters) => count(filters, 'RequestRedirect') === 0 || count(filters, 'URLRewrite') === 0,
  },
  ...onceOnly.map((type) => ({
    cel: `self.filter(f, f.type == '${type}').size() <= 1`,
    message: `a filter of type ${type} may stand here once: join them into one`,
    holds: (filters: Filters) => count(filters, type) <= 1,
  })),
];

const filters = withRules(atomicList(filter).max(16), filterRules).default([]);

const backendReference = withRules(
  z.object({
    ...backendReferenceFields,
    weight: z.int32().min(0).max(1_000_000).default(1),
    filters,
  }),
  [serviceNeedsPort],
);

export type HTTPBackendRef = Frozen<z.infer<typeof backendReference>>;

const timeouts = withRules(
  z.object({ request: duration.exactOptional(), backendRequest: duration.exactOptional() }),
  [
    {
      cel: "!(has(self.request) && has(self.backendRequest) && duration(self.request) != duration('0s') && duration(self.backendRequest) > duration(self.request))",
      message: 'backendRequest must not be longer than request: shorten it, or lengthen request',
      holds: ({ request, backendRequest }) =>
        request === undefined ||
        backendRequest === undefined ||
        durationMs(request) === 0 ||
        durationMs(backendRequest) <= durationMs(request),
    },
  ],
);

const retry = z.object({
  codes: setOf(z.int().min(400).max(599)).default([]),
  attempts: z.int().min(0).default(1),
  backoff: duration.exactOptional(),
});

const unruledRule = z.object({
  name: sectionName.exactOptional(),
  matches: atomicList(match).max(64).prefault([{}]),
  filters,
  backendRefs: atomicList(backendReference).max(16).default([]),
  timeouts: timeouts.exactOptional(),
  retry: retry.exactOptional(),
  sessionPersistence: z.unknown().exactOptional(),
});

export type HTTPRouteRule = Frozen<z.infer<typeof unruledRule>>;

function replacesPrefix(filters: Filters): boolean {
  return filters.some(
    (one) =>
      (one.type === 'RequestRedirect' && one.requestRedirect.path?.type === 'ReplacePrefixMatch') ||
      (one.type === 'URLRewrite' && one.urlRewrite.path?.type === 'ReplacePrefixMatch'),
  );
}

const rule = withRules(unruledRule, [
  {
    cel: '(has(self.backendRefs) && size(self.backendRefs) > 0) ? (!has(self.filters) || self.filters.all(f, !has(f.requestRedirect))): true',
    message: 'a rule that redirects has no backends: remove backendRefs or the RequestRedirect filter',
    holds: (one) => one.backendRefs.length === 0 || count(one.filters, 'RequestRedirect') === 0,
  },
  {
    cel: '(four rules of the CRD: ReplacePrefixMatch in filters or backendRefs[].filters needs one PathPrefix match)',
    message:
      'ReplacePrefixMatch needs exactly one match in the rule, of type PathPrefix: split the rule, or use ReplaceFullPath',
    holds: (one) =>
      (!replacesPrefix(one.filters) && !one.backendRefs.some((backend) => replacesPrefix(backend.filters))) ||
      (one.matches.length === 1 && one.matches[0]?.path.type === 'PathPrefix'),
  },
]);

const rules = withRules(atomicList(rule).min(1).max(16), [
  {
    cel: 'self.all(l1, !has(l1.name) || self.exists_one(l2, has(l2.name) && l1.name == l2.name))',
    message: 'two rules have the same name: rename one',
    holds: (list) => {
      const names = list.flatMap((one) => (one.name === undefined ? [] : [one.name]));
      return new Set(names).size === names.length;
    },
  },
  {
    cel: '(self.size() > 0 ? self[0].matches.size() : 0) + ... <= 128',
    message: 'the rules of a route may have 128 matches together: split the route',
    holds: (list) => list.reduce((sum, one) => sum + one.matches.length, 0) <= 128,
  },
]);

/** What tells one target of a list from another: parentRefs and targetRefs have the same two rules. */
interface Target {
  readonly group: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly sectionName?: string;
}

function sectionsByTarget(targets: readonly Target[]): readonly (readonly (string | undefined)[])[] {
  const groups = Map.groupBy(targets, (one) =>
    JSON.stringify([one.group, one.kind, one.namespace ?? '', one.name]),
  );
  return [...groups.values()].map((group) => group.map((one) => one.sectionName));
}

const sameParent =
  "p1.group == p2.group && p1.kind == p2.kind && p1.name == p2.name && (((!has(p1.__namespace__) || p1.__namespace__ == '') && (!has(p2.__namespace__) || p2.__namespace__ == '')) || (has(p1.__namespace__) && has(p2.__namespace__) && p1.__namespace__ == p2.__namespace__ ))";

const parentRefs = withRules(atomicList(parentReferenceSchema).max(32), [
  {
    cel: `self.all(p1, self.all(p2, ${sameParent} ? ((!has(p1.sectionName) || p1.sectionName == '') == (!has(p2.sectionName) || p2.sectionName == '')) : true))`,
    message: 'one parent is named twice, with sectionName and without: give all of them a sectionName',
    holds: (list) =>
      sectionsByTarget(list).every(
        (sections) => new Set(sections.map((one) => one === undefined)).size === 1,
      ),
  },
  {
    cel: `self.all(p1, self.exists_one(p2, ${sameParent} && (((!has(p1.sectionName) || p1.sectionName == '') && (!has(p2.sectionName) || p2.sectionName == '')) || (has(p1.sectionName) && has(p2.sectionName) && p1.sectionName == p2.sectionName))))`,
    message: 'one parent is named twice with the same sectionName: remove one',
    holds: (list) => sectionsByTarget(list).every((sections) => new Set(sections).size === sections.length),
  },
]);

export const httpRouteSchema = kindSchema('HTTPRoute', 'gateway.networking.k8s.io/v1', {
  spec: z.object({
    parentRefs: parentRefs.default([]),
    hostnames: atomicList(hostname).max(16).default([]),
    rules: rules.prefault([{}]),
    useDefaultGateways: z.unknown().exactOptional(),
  }),
  status: z
    .object({
      parents: z
        .array(
          z.object({
            parentRef: parentReferenceSchema,
            controllerName: ownController,
            conditions: conditionsSchema,
          }),
        )
        .default([]),
    })
    .prefault({}),
});

export type HTTPRoute = Frozen<z.infer<typeof httpRouteSchema>>;
export type RouteParentStatus = HTTPRoute['status']['parents'][number];
