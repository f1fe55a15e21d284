// Routes as a snapshot holds them, valid and as short as a test wants to tell them.
import { forwardDefaults } from '#snapshot/cluster-defaults.ts';
import { resourceId, type ResourceId } from '#snapshot/ids.ts';
import type {
  AttachedHostname,
  Attachment,
  ForwardAction,
  PathMatch,
  Route,
  RouteMatch,
  RouteRule,
  ValueMatch,
} from '#snapshot/route.ts';

/** The id of the listener `name` of the tests' Gateway. */
export function listenerId(name: string): ResourceId {
  return resourceId('Listener', 'infra', 'edge', name);
}

/** `Exact /a`, `Prefix /a`, `Regex /a.*` or `Last /a`; the Prefix `/` is told as the snapshot tells it, `''`. */
export function pathMatch(text: string): PathMatch {
  const [kind = '', value = ''] = text.split(' ');
  if (kind === 'Exact' || kind === 'Regex' || kind === 'Last') return { kind, value };
  return { kind: 'Prefix', value: value === '/' ? '' : value };
}

/** `name=value` is an Exact match, `name~pattern` a Regex one. */
export function valueMatch(text: string): ValueMatch {
  const parts = /^([^=~]+)([=~])(.*)$/.exec(text);
  const [, name = '', sign = '', value = ''] = parts ?? [];
  return { kind: sign === '=' ? 'Exact' : 'Regex', name, value };
}

/** A match; what is left out matches everything. */
export function givenMatch(
  given: { path?: string; method?: string; headers?: readonly string[]; query?: readonly string[] } = {},
): RouteMatch {
  return {
    path: pathMatch(given.path ?? 'Prefix /'),
    method: given.method ?? null,
    headers: (given.headers ?? []).map(valueMatch),
    query: (given.query ?? []).map(valueMatch),
  };
}

/** Forwards to nothing, with the default time-outs. */
export const forwardToNothing: ForwardAction = {
  kind: 'Forward',
  backends: [],
  timeouts: { requestMs: null, backendRequestMs: null, headMs: null },
  ...forwardDefaults,
};

/** A rule that matches everything and forwards to nothing, but for what is given. */
export function givenRule(given: Partial<RouteRule> = {}): RouteRule {
  return {
    name: '0',
    matches: [givenMatch()],
    filters: [],
    authentications: [],
    rateLimits: [],
    action: forwardToNothing,
    ...given,
  };
}

/** The HTTPRoute `<namespace>/<name>` (namespace `shop` when only a name is told) on the listener `http` for all hosts, but for what is given. */
export function givenRoute(name: string, given: Partial<Route> = {}): Route {
  const [namespace, own] = name.includes('/') ? name.split('/') : ['shop', name];
  return {
    kind: 'Route',
    id: resourceId('Route', 'HTTPRoute', namespace ?? '', own ?? ''),
    name: `HTTPRoute/${namespace}/${own}`,
    createdMs: 0,
    attachments: [attached('http', [''])],
    rules: [givenRule()],
    ...given,
  };
}

/** An attachment to the listener `name`; hostnames told as text are the route's own and are served as they are. */
export function attached(name: string, hostnames: readonly (string | AttachedHostname)[]): Attachment {
  return {
    listener: listenerId(name),
    hostnames: hostnames.map((host) =>
      typeof host === 'string' ? { serves: host, own: host, oneLabel: false } : host,
    ),
  };
}
