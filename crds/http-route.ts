// HTTPRoute as the CRD of Gateway API 1.7 defines it (standard channel; experimental fields are known by name and
// kept as they are): shape, defaults and rules. Does not know what a route means.
import * as z from 'zod';
import { atomicList, setOf, withRules, type Frozen } from './grammar.ts';
import { duration, durationMs, hostname, sectionName } from './fields.ts';
import { backendReferenceFields, count, filtersSchema, serviceNeedsPort } from './http-filter.ts';
import { matchSchema } from './http-match.ts';
import { conditionsSchema, kindSchema, ownController, parentReferenceSchema } from './kubernetes.ts';
import { routeSessionPersistence } from './session-persistence.ts';
import { namedOnce, wholeOrSections } from './targets.ts';

const backendReference = withRules(
  z.object({
    ...backendReferenceFields,
    weight: z.int32().min(0).max(1_000_000).default(1),
    filters: filtersSchema,
  }),
  [serviceNeedsPort],
);

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

const sameParent =
  "p1.group == p2.group && p1.kind == p2.kind && p1.name == p2.name && (((!has(p1.__namespace__) || p1.__namespace__ == '') && (!has(p2.__namespace__) || p2.__namespace__ == '')) || (has(p1.__namespace__) && has(p2.__namespace__) && p1.__namespace__ == p2.__namespace__ ))";

const parentRefs = withRules(atomicList(parentReferenceSchema).max(32), [
  {
    cel: `self.all(p1, self.all(p2, ${sameParent} ? ((!has(p1.sectionName) || p1.sectionName == '') == (!has(p2.sectionName) || p2.sectionName == '')) : true))`,
    message: 'one parent is named twice, with sectionName and without: give all of them a sectionName',
    holds: wholeOrSections,
  },
  {
    cel: `self.all(p1, self.exists_one(p2, ${sameParent} && (((!has(p1.sectionName) || p1.sectionName == '') && (!has(p2.sectionName) || p2.sectionName == '')) || (has(p1.sectionName) && has(p2.sectionName) && p1.sectionName == p2.sectionName))))`,
    message: 'one parent is named twice with the same sectionName: remove one',
    holds: namedOnce,
  },
]);

/** The schema of an HTTPRoute. */
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

/** A decoded HTTPRoute. */
export type HTTPRoute = Frozen<z.infer<typeof httpRouteSchema>>;
