// What the rules of an HTTPRoute or a GRPCRoute ask for, apart from where the route is attached and which policies hold there.
import type { HTTPBackendRef, HTTPRouteRule } from '#crds/gateway-api.ts';
import { durationMs } from '#crds/fields.ts';
import { forwardDefaults } from '#snapshot/cluster-defaults.ts';
import type { Filter } from '#snapshot/filter.ts';
import type {
  ForwardAction,
  Mirror,
  RouteAction,
  RouteMatch,
  RouteTimeouts,
  WeightedBackend,
} from '#snapshot/route.ts';
import { resolveBackend, type Backend } from '../backends.ts';
import { askedServices, type AskedService } from '../filters/external-auth.ts';
import { backendFilters, ruleFilters, type Extension, type RuleFilters } from '../filters/filters.ts';
import type { MirrorFilter } from '../filters/mirror.ts';
import type { Read, Unit } from '../memo.ts';
import { routeRetry } from '../policies/forward-settings.ts';
import { cookieDefaults, routePersistence, type CookieDefaults } from '../policies/session-persistence.ts';
import { fieldOf, type Problem } from '../problem.ts';
import type { ObjectRef } from '../translation.ts';
import { ruleMatches, type RuleMatches } from './matches.ts';

/** A rule of a route. */
export interface RuleModel {
  /** Its name, or its index as text. */
  readonly name: string;
  /** Its name, when it has one: policies can target it. */
  readonly sectionName: string | null;
  /** Empty: no match could be compiled, so the rule serves nothing. */
  readonly matches: readonly RouteMatch[];
  readonly filters: readonly Filter[];
  readonly extensions: readonly Extension[];
  /** Whether services are to be asked, and which can be. Where one cannot, the rule is closed. */
  readonly asks: boolean;
  readonly asked: readonly AskedService[];
  readonly action: RouteAction;
  readonly backends: readonly Backend[];
  /** For want of a policy's own words. */
  readonly cookie: CookieDefaults;
  /** Who gets copies of its requests, or of those to one of its backends. */
  readonly mirrored: readonly Backend[];
  /** Why the rule cannot be served as it is written. */
  readonly problem: Problem | null;
  readonly referenceProblems: readonly Problem[];
  /** Fields that have no effect yet. */
  readonly ignored: readonly string[];
}

/** A rule as it is written; what a kind of route does not have is left out. */
type GivenRule<Match> = Omit<HTTPRouteRule, 'matches'> & { readonly matches: readonly Match[] };

/** Where a rule stands, and how its matches are read. */
interface RuleReading<Match> {
  readonly index: number;
  readonly matchesAt: (matches: readonly Match[], field: string) => RuleMatches;
}

/** The rules of the HTTPRoute of a namespace and name, in their order. */
export const httpRulesUnit: Unit<readonly RuleModel[]> = {
  name: 'rules',
  compute(read, namespace = '', name = '') {
    const rules = read.get('HTTPRoute', namespace, name)?.spec.rules ?? [];
    const route = { kind: 'HTTPRoute', namespace, name };
    return rules.map((rule, index) => ruleModel(read, route, rule, { index, matchesAt: ruleMatches }));
  },
};

/** A rule of any kind of route: whatever it matches, the rest is the same. */
export function ruleModel<Match>(
  read: Read,
  route: ObjectRef,
  rule: GivenRule<Match>,
  { index, matchesAt }: RuleReading<Match>,
): RuleModel {
  const field = `spec.rules[${String(index)}]`;
  const name = rule.name ?? String(index);
  const { matches, problem: matchProblem } = matchesAt(rule.matches, field);
  const found = ruleFilters(rule.filters, field);
  const services = askedServices(read, route, found.asking);
  const copies = resolveMirrors(read, route, found.mirrors);
  const resolved = rule.backendRefs.map((reference, at) =>
    weightedBackend(read, route, reference, `${field}.backendRefs[${String(at)}]`),
  );
  const filterProblem = found.problem ?? resolved.find((one) => one.filterProblem !== null)?.filterProblem;
  const problem = matchProblem ?? filterProblem ?? null;
  const closing = problem ?? services.problems[0] ?? null;
  const cookie = cookieDefaults(route, name, matches);
  const sessions = routePersistence(rule.sessionPersistence, cookie);
  const ignored = found.redirect === null ? sessions.ignored : ['sessionPersistence'];
  return {
    name,
    sectionName: rule.name ?? null,
    matches,
    extensions: found.extensions,
    asks: found.asking.length > 0,
    asked: services.asked,
    ...(closing === null
      ? openPart(rule, found, { copies, resolved, persistence: sessions.persistence })
      : closedPart(route, closing)),
    problem,
    referenceProblems: [...resolved, copies, services].flatMap((one) => one.problems),
    cookie,
    ignored: [...found.ignored, ...ignoredOf(rule, ignored).map((one) => `${field}.${one}`)],
  };
}

/** What becomes of the requests of a rule. */
type RulePart = Pick<RuleModel, 'filters' | 'action' | 'backends' | 'mirrored'>;

function openPart(
  rule: Pick<HTTPRouteRule, 'timeouts' | 'retry'>,
  { filters, redirect }: RuleFilters,
  to: {
    readonly copies: ResolvedMirrors;
    readonly resolved: readonly ResolvedReference[];
    readonly persistence: ForwardAction['persistence'];
  },
): RulePart {
  const { copies, resolved, persistence } = to;
  const forward: ForwardAction = {
    kind: 'Forward',
    ...forwardDefaults,
    backends: resolved.map((one) => one.weighted),
    timeouts: timeoutsOf(rule),
    retry: routeRetry(rule.retry),
    mirrors: copies.mirrors,
    persistence,
  };
  return {
    filters,
    action: redirect ?? forward,
    backends: resolved.flatMap((one) => one.backend ?? []),
    mirrored: [copies, ...resolved].flatMap((one) => one.mirrored),
  };
}

/** Of a rule that cannot be served as it is written. */
function closedPart({ kind, namespace, name }: ObjectRef, problem: Problem): RulePart {
  const reason = `${kind} ${namespace}/${name}: ${fieldOf(problem)} cannot be served`;
  return { filters: [], action: { kind: 'Closed', reason }, backends: [], mirrored: [] };
}

/** Who answers by a redirect leads nobody to an endpoint. */
function ignoredOf(
  rule: Pick<HTTPRouteRule, 'sessionPersistence'>,
  ignored: readonly string[],
): readonly string[] {
  return rule.sessionPersistence === undefined ? [] : ignored;
}

interface ResolvedReference {
  readonly weighted: WeightedBackend;
  readonly backend: Backend | null;
  readonly mirrored: readonly Backend[];
  readonly problems: readonly Problem[];
  readonly filterProblem: Problem | null;
}

function weightedBackend(
  read: Read,
  route: ObjectRef,
  reference: HTTPBackendRef,
  field: string,
): ResolvedReference {
  const { weight } = reference;
  const { filters, mirrors, problem: filterProblem } = backendFilters(reference.filters, field);
  const referrer = { object: route, group: 'gateway.networking.k8s.io', field };
  const resolved = resolveBackend(read, referrer, reference);
  const copies = resolveMirrors(read, route, mirrors);
  const { mirrored, problems } = copies;
  if (resolved.kind === 'Unresolved') {
    const weighted = { cluster: null, weight, filters: [], mirrors: [] };
    return {
      weighted,
      backend: null,
      mirrored: [],
      problems: [resolved.problem, ...problems],
      filterProblem,
    };
  }
  const { backend } = resolved;
  const weighted = { cluster: backend.cluster.id, weight, filters, mirrors: copies.mirrors };
  return { weighted, backend, mirrored, problems, filterProblem };
}

interface ResolvedMirrors {
  readonly mirrors: readonly Mirror[];
  /** Those they name. */
  readonly mirrored: readonly Backend[];
  readonly problems: readonly Problem[];
}

/** One that cannot be resolved is left out, and told: requests are served without it. */
function resolveMirrors(read: Read, route: ObjectRef, filters: readonly MirrorFilter[]): ResolvedMirrors {
  const mirrors: Mirror[] = [];
  const mirrored: Backend[] = [];
  const problems: Problem[] = [];
  for (const { field, reference, numerator, denominator } of filters) {
    const referrer = { object: route, group: 'gateway.networking.k8s.io', field };
    const resolved = resolveBackend(read, referrer, reference);
    if (resolved.kind === 'Unresolved') {
      problems.push(resolved.problem);
      continue;
    }
    const { backend } = resolved;
    mirrored.push(backend);
    mirrors.push({ cluster: backend.cluster.id, numerator, denominator });
  }
  return { mirrors, mirrored, problems };
}

function timeoutsOf({ timeouts }: Pick<HTTPRouteRule, 'timeouts'>): RouteTimeouts {
  const { request, backendRequest } = timeouts ?? {};
  return {
    requestMs: request === undefined ? null : durationMs(request),
    backendRequestMs: backendRequest === undefined ? null : durationMs(backendRequest),
    headMs: null,
  };
}
