// The door of the contract: text in, frozen resources out. Every field of every kind is checked here, once, so that
// nobody behind it needs to. A kind it does not know is refused alone; a filter or an action it does not know stays as
// that, so that it can be closed. Fields it does not know are ignored, but where they ask something of requests: a rule
// is closed for them, and a resource that does nothing else is refused (docs/decisions/0024).
import {
  authenticationShape,
  credentialSetShape,
  keySetShape,
  resourceMetadataFields,
  tokenRevocationsShape,
} from './authentication-shape.ts';
import type { Certificate, TicketSecret } from './certificate.ts';
import { clientSettingsShape, listenerShape } from './client-shape.ts';
import {
  backendDefaults,
  forwardDefaults,
  hostnameDefaults,
  retryDefaults,
  timeoutDefaults,
} from './cluster-defaults.ts';
import { clusterShape, endpointGroupShape, endpointsShape } from './cluster-shape.ts';
import {
  count,
  fieldName,
  fieldValue,
  hostname,
  millis,
  pathText,
  port,
  statusCode,
} from './field-shapes.ts';
import type { BackendFilter, CorsFilter, Filter, HeaderValue } from './filter.ts';
import { type Fleet, fleetDefaults } from './fleet.ts';
import type { ResourceKind } from './ids.ts';
import { limitShape } from './limit-shape.ts';
import { filtersOf } from './listener.ts';
import type { Plan } from './plan.ts';
import { rateLimitShape } from './rate-limit-shape.ts';
import type { RateLimitStore } from './rate-limit.ts';
import type {
  Attachment,
  Mirror,
  PathRewrite,
  Route,
  RouteAction,
  RouteMatch,
  RouteRetry,
  RouteRule,
  ValueMatch,
} from './route.ts';
import type { ServerNames } from './server-names.ts';
import { persistenceShape, sessionSecretShape } from './session-shape.ts';
import { loginSecretShape } from './open-id-connect-shape.ts';
import { banShape, addressListShape, protectionShape } from './protection-shape.ts';
import * as shape from './shape.ts';
import { type Shape, object, variant } from './shape.ts';
import { sharedRedisFields } from './shared-redis-shape.ts';
import { SnapshotError } from './snapshot-error.ts';
import type { Resource } from './snapshot.ts';
import type { StreamRoute } from './stream-route.ts';
import { closedBy, whole } from './unread.ts';

/** The resource that `encoded` tells, frozen deep. Throws {@link SnapshotError} with id and path of what is wrong. */
export function decodeResource(encoded: string): Resource {
  return resourceOf(parseJson(encoded));
}

/** As {@link decodeResource}, from what JSON.parse made of it. */
export function resourceOf(value: unknown): Resource {
  const told = shape.peek(value, 'id');
  const id = typeof told === 'string' ? told : null;
  const kind = shape.peek(value, 'kind');
  const read = typeof kind === 'string' && Object.hasOwn(shapes, kind) ? shapes[kind as ResourceKind] : null;
  if (read === null) {
    const problem =
      typeof kind === 'string' ? `kind ${kind.slice(0, 64)} is not known to this build` : 'is missing';
    throw new SnapshotError('UnknownKind', { id, path: 'kind', problem });
  }
  try {
    return read(value);
  } catch (error) {
    if (!(error instanceof shape.Mismatch)) throw error;
    const failure = error instanceof shape.Unread || asking.has(String(kind)) ? 'Closing' : 'Invalid';
    throw new SnapshotError(failure, { id, path: error.path, problem: error.message });
  }
}

/** What a build that knows more has put into the resource, such as `filter NAME` or `member NAME`; null when all of it is known here. */
export function unknownIn(resource: Resource): string | null {
  if (resource.kind === 'Protection') return resource.unread === null ? null : `member ${resource.unread}`;
  if (resource.kind === 'Listener')
    return filtersOf(resource).find((one) => one.kind === 'Unknown')?.told ?? null;
  if (resource.kind !== 'Route') return null;
  for (const { filters, action } of resource.rules) {
    const backends = action.kind === 'Forward' ? action.backends.flatMap((backend) => backend.filters) : [];
    const filter = [...filters, ...backends].find(({ kind }) => kind === 'Unknown');
    if (filter?.kind === 'Unknown') return `filter ${filter.told}`;
    if (action.kind === 'Unknown') return action.told;
  }
  return null;
}

/** JSON.parse whose failure is a {@link SnapshotError} that does not quote the text. */
export function parseJson(encoded: string): unknown {
  try {
    return JSON.parse(encoded);
  } catch {
    throw new SnapshotError('NotJson', { id: null, path: '', problem: 'not JSON' });
  }
}

const headerValue: Shape<HeaderValue> = object({ name: fieldName, value: fieldValue });

const headerEdits = {
  set: shape.list(headerValue),
  add: shape.list(headerValue),
  remove: shape.list(fieldName),
};

const pathRewrite: Shape<PathRewrite> = variant<PathRewrite>('kind', {
  Full: object({ kind: shape.oneOf('Full'), value: pathText }),
  Prefix: object({ kind: shape.oneOf('Prefix'), value: pathText }),
});

const backendFilters = {
  RequestHeaders: object({ kind: shape.oneOf('RequestHeaders'), ...headerEdits }),
  ResponseHeaders: object({ kind: shape.oneOf('ResponseHeaders'), ...headerEdits }),
  Rewrite: object({
    kind: shape.oneOf('Rewrite'),
    hostname: shape.nullable(hostname),
    path: shape.nullable(pathRewrite),
  }),
} satisfies Record<Exclude<BackendFilter['kind'], 'Unknown'>, Shape<BackendFilter>>;

const cors: Shape<CorsFilter> = object({
  kind: shape.oneOf('Cors'),
  origins: shape.list(shape.pattern(/^[!-~]{1,261}$/, 'an origin')),
  credentials: shape.flag,
  methods: shape.list(shape.pattern(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, 'a method')),
  headers: shape.list(fieldName),
  exposed: shape.list(fieldName),
  maxAgeS: count,
});

const unknownFilter = (name: string) => ({ kind: 'Unknown', told: name.slice(0, 64) }) as const;

const unknownAction = (told: string) => Object.freeze({ kind: 'Unknown', told: told.slice(0, 64) } as const);

const valueMatch: Shape<ValueMatch> = object({
  kind: shape.oneOf('Exact', 'Regex'),
  name: shape.text,
  value: shape.text,
});

const match: Shape<RouteMatch> = object({
  path: object({ kind: shape.oneOf('Exact', 'Prefix', 'Regex', 'Last'), value: shape.text }),
  method: shape.nullable(shape.text),
  headers: shape.list(valueMatch),
  query: shape.list(valueMatch),
});

const retry: Shape<RouteRetry> = object({
  attempts: count,
  codes: shape.list(statusCode),
  conditions: shape.list(shape.oneOf('ConnectFailure', 'Refused', 'Reset', 'Timeout')),
  backoffMs: millis,
  backoffMsMax: millis,
  perTryMs: millis,
  ...shape.defaulted({ grpcCodes: shape.list(shape.integer(1, 16)) }, retryDefaults),
});

const mirror: Shape<Mirror> = object({
  cluster: shape.idOf('Cluster'),
  numerator: count,
  denominator: shape.integer(1),
});

const forwardExtras: shape.Fields<typeof forwardDefaults> = {
  retry: shape.nullable(retry),
  hedge: shape.nullable(object({ afterMs: shape.integer(1), attemptsMax: shape.integer(1) })),
  mirrors: shape.list(mirror),
  persistence: shape.nullable(persistenceShape),
  bodyBytesMax: count,
};

const actions = {
  Forward: object({
    kind: shape.oneOf('Forward'),
    backends: shape.list(
      object({
        cluster: shape.nullable(shape.idOf('Cluster')),
        weight: shape.integer(0),
        filters: shape.list(variant<BackendFilter>('kind', backendFilters, unknownFilter)),
        ...shape.defaulted({ mirrors: shape.list(mirror) }, backendDefaults),
      }),
    ),
    timeouts: object({
      requestMs: shape.nullable(millis),
      backendRequestMs: shape.nullable(millis),
      ...shape.defaulted({ headMs: shape.nullable(millis) }, timeoutDefaults),
    }),
    ...shape.defaulted(forwardExtras, forwardDefaults),
  }),
  Redirect: object({
    kind: shape.oneOf('Redirect'),
    status: shape.oneOf(301, 302, 303, 307, 308),
    scheme: shape.nullable(shape.oneOf('http', 'https')),
    hostname: shape.nullable(hostname),
    port: shape.nullable(port),
    path: shape.nullable(pathRewrite),
  }),
  ResourceMetadata: object({ kind: shape.oneOf('ResourceMetadata'), ...resourceMetadataFields }),
  Closed: object({ kind: shape.oneOf('Closed'), reason: shape.text }),
} satisfies Record<Exclude<RouteAction['kind'], 'Unknown'>, Shape<RouteAction>>;

const knownRule: Shape<RouteRule> = object({
  name: shape.text,
  matches: shape.list(match, 1),
  filters: shape.list(variant<Filter>('kind', { ...backendFilters, Cors: cors }, unknownFilter)),
  authentications: shape.list(shape.idOf('Authentication')),
  rateLimits: shape.list(shape.idOf('RateLimit')),
  action: variant<RouteAction>('kind', actions, (name) => unknownAction(`action ${name}`)),
});

/** What a rule does may have more to it; what it asks may not. */
const rule = closedBy(knownRule, 'action', closedRule);

function closedRule(read: RouteRule, path: string): RouteRule {
  return Object.freeze({ ...read, action: unknownAction(`member ${path}`) });
}

const attachment: Shape<Attachment> = object({
  listener: shape.idOf('Listener'),
  hostnames: shape.list(
    object({
      serves: hostname,
      own: hostname,
      ...shape.defaulted({ oneLabel: shape.flag }, hostnameDefaults),
    }),
  ),
});

const knownRoute: Shape<Route> = object({
  kind: shape.oneOf('Route'),
  id: shape.idOf('Route'),
  name: shape.text,
  createdMs: millis,
  attachments: shape.list(attachment),
  rules: shape.list(rule),
});

const route = closedBy(knownRoute, 'rules', (read, path) =>
  Object.freeze({ ...read, rules: Object.freeze(read.rules.map((one) => closedRule(one, path))) }),
);

const streamRoute: Shape<StreamRoute> = object({
  kind: shape.oneOf('StreamRoute'),
  id: shape.idOf('StreamRoute'),
  name: shape.text,
  createdMs: millis,
  attachments: shape.list(attachment),
  backends: shape.list(object({ cluster: shape.nullable(shape.idOf('Cluster')), weight: shape.integer(0) })),
});

const certificate: Shape<Certificate> = object({
  kind: shape.oneOf('Certificate'),
  id: shape.idOf('Certificate'),
  chain: shape.text,
  key: shape.secret(shape.text),
});

const serverNames: Shape<ServerNames> = object({
  kind: shape.oneOf('ServerNames'),
  id: shape.idOf('ServerNames'),
  listeners: shape.list(shape.idOf('Listener')),
  hostnames: shape.list(hostname),
  certificate: shape.idOf('Certificate'),
});

const ticketSecret: Shape<TicketSecret> = object({
  kind: shape.oneOf('TicketSecret'),
  id: shape.idOf('TicketSecret'),
  secret: shape.secret(shape.text),
});

const plan: Shape<Plan> = object({
  kind: shape.oneOf('Plan'),
  id: shape.idOf('Plan'),
  name: shape.text,
  limits: shape.list(limitShape),
});

const storeFields = { kind: shape.oneOf('RateLimitStore'), id: shape.idOf('RateLimitStore') };

const rateLimitStore = variant<RateLimitStore>('type', {
  Memory: object({ ...storeFields, type: shape.oneOf('Memory') }),
  Redis: object({ ...storeFields, type: shape.oneOf('Redis'), ...sharedRedisFields }),
});

const fleet: Shape<Fleet> = object({
  kind: shape.oneOf('Fleet'),
  id: shape.idOf('Fleet'),
  replicas: shape.integer(1),
  ...shape.defaulted(
    {
      members: shape.list(
        object({
          instance: shape.shortText(253),
          zone: shape.nullable(shape.shortText(63)),
          node: shape.nullable(shape.shortText(253)),
        }),
      ),
    },
    fleetDefaults,
  ),
});

const shapes: { readonly [K in ResourceKind]: Shape<Extract<Resource, { readonly kind: K }>> } = {
  Listener: listenerShape,
  ClientSettings: clientSettingsShape,
  Protection: protectionShape,
  AddressList: addressListShape,
  Ban: whole(banShape),
  Route: route,
  StreamRoute: streamRoute,
  Cluster: clusterShape,
  Endpoints: endpointsShape,
  EndpointGroup: endpointGroupShape,
  Certificate: certificate,
  ServerNames: serverNames,
  TicketSecret: ticketSecret,
  SessionSecret: sessionSecretShape,
  Authentication: whole(authenticationShape),
  KeySet: whole(keySetShape),
  CredentialSet: whole(credentialSetShape),
  TokenRevocations: whole(tokenRevocationsShape),
  RateLimit: whole(rateLimitShape),
  Plan: whole(plan),
  LoginSecret: loginSecretShape,
  RateLimitStore: rateLimitStore,
  Fleet: fleet,
};

/** They do nothing but ask: what names one that is not there is closed, or lets nobody in by it. */
const asking: ReadonlySet<string> = new Set<ResourceKind>([
  'Authentication',
  'KeySet',
  'CredentialSet',
  'TokenRevocations',
  'RateLimit',
  'Plan',
]);
