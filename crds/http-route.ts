// HTTPRoute as the CRD of Gateway API 1.7 defines it (standard channel; experimental fields are known by name and
// kept as they are): shape, defaults and rules. Does not know what a route means.
import * as z from 'zod';
import { atomicList, setOf, withRules, type Frozen } from './grammar.ts';
import { duration, durationMs, hostname, sectionName } from './fields.ts';
import { count, filtersSchema, serviceNeedsPort, weightedReferenceFields } from './http-filter.ts';
import { matchSchema } from './http-match.ts';
import { kindSchema } from './kubernetes.ts';
import { parentRefsSchema, routeStatusSchema } from './route-parents.ts';
import { requestRules } from './route-rules.ts';
import { routeSessionPersistence } from './session-persistence.ts';

const backendReference = withRules(z.object({ ...weightedReferenceFields, filters: filtersSchema }), [
  serviceNeedsPort,
]);

/** A backend of a rule, with its weight and filters. */
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
  matches: atomicList(matchSchema).max(64).prefault([{}]),
  filters: filtersSchema,
  backendRefs: atomicList(backendReference).max(16).default([]),
  timeouts: timeouts.exactOptional(),
  retry: retry.exactOptional(),
  sessionPersistence: routeSessionPersistence.exactOptional(),
});

/** One rule of an HTTPRoute. */
export type HTTPRouteRule = Frozen<z.infer<typeof unruledRule>>;

interface Replacing {
  readonly path?: { readonly type: string };
}

/** By members alone: whether they are those of `type` another rule says, which may be broken. */
function replacesPrefix(filters: readonly MayReplace[]): boolean {
  return filters.some(({ requestRedirect, urlRewrite }) =>
    [requestRedirect, urlRewrite].some((one) => one?.path?.type === 'ReplacePrefixMatch'),
  );
}

interface MayReplace {
  readonly type: string;
  readonly requestRedirect?: Replacing;
  readonly urlRewrite?: Replacing;
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

const rules = withRules(atomicList(rule).min(1).max(16), requestRules);

/** The schema of an HTTPRoute. */
export const httpRouteSchema = kindSchema('HTTPRoute', 'gateway.networking.k8s.io/v1', {
  spec: z.object({
    parentRefs: parentRefsSchema,
    hostnames: atomicList(hostname).max(16).default([]),
    rules: rules.prefault([{}]),
    useDefaultGateways: z.unknown().exactOptional(),
  }),
  status: routeStatusSchema,
});

/** A decoded HTTPRoute. */
export type HTTPRoute = Frozen<z.infer<typeof httpRouteSchema>>;
