// The rules of one route as requests meet them. What must be enforced and cannot be closes the rule it stands in.
import { CrossOrigin } from '#dataplane/filters/cors.ts';
import { requestHeaders, responseHeaders } from '#dataplane/filters/headers.ts';
import { problemOfEdits } from '#snapshot/header-edits.ts';
import { inOrder } from '#dataplane/filters/order.ts';
import { redirecting, redirectLocation } from '#dataplane/filters/redirect.ts';
import { tellingMetadata } from '#dataplane/filters/resource-metadata.ts';
import { planOfCaller } from '#dataplane/filters/rate-limit/plans.ts';
import { rewrite } from '#dataplane/filters/rewrite.ts';
import type { RequestFilter } from '#dataplane/http/exchange.ts';
import type { Action, Backend, Mirror, ResponseFilter, Retry, Rule } from '#dataplane/runtime.ts';
import { Sessions } from '#dataplane/upstream/sessions/sessions.ts';
import { sessionSecretId, type Persistence } from '#snapshot/sessions.ts';
import type { Filter } from '#snapshot/filter.ts';
import type {
  ForwardAction,
  Mirror as RouteMirror,
  Route,
  RouteRetry,
  RouteRule,
  RouteTimeouts,
  WeightedBackend,
} from '#snapshot/route.ts';
import type { Parts } from './parts.ts';
import { timeoutsOf } from './timeouts.ts';
import { weightedPick, type Weighted } from './weights.ts';

/** Where rules serve, as far as it makes a difference. */
export interface RulesPlace {
  /** Of the listeners. */
  readonly port: number;
  /** Whether some listener of the port finds out who calls. */
  readonly knowsCallers: boolean;
}

/** The rules of `route` at `place`, in the route's order. */
export function compileRules(route: Route, place: RulesPlace, parts: Parts): readonly Rule[] {
  return route.rules.map((rule) => compileRule({ route, rule, place, parts }));
}

/** Whether the rules of `route` are different on another port: a redirect may tell the listener's. */
export function dependsOnPort(route: Route): boolean {
  return route.rules.some(({ action }) => action.kind === 'Redirect');
}

interface RuleContext {
  readonly route: Route;
  readonly rule: RouteRule;
  readonly place: RulesPlace;
  readonly parts: Parts;
}

function compileRule(context: RuleContext): Rule {
  const { route, rule, parts } = context;
  const labels = { route: route.name, name: rule.name };
  const policies = compilePolicies(rule, parts);
  // Where nobody is asked who calls, nobody is known to be a Consumer.
  const asked = context.place.knowsCallers || policies.authentications.length > 0;
  const edits = compileEdits(rule.filters);
  const action = compileAction(context);
  const reason = policies.closed ?? edits.closed ?? (action.kind === 'Closed' ? action.reason : null);
  if (reason !== null) {
    return { ...labels, requestFilters: [], responseFilters: [], action: { kind: 'Closed', reason } };
  }
  const plans = asked ? [planOfCaller] : [];
  const metering = asked ? [parts.metering(route.name)] : [];
  const { crossOrigin, request } = edits;
  const requestFilters = inOrder({ ...policies, crossOrigin, plans, metering, edits: request });
  return { ...labels, requestFilters, responseFilters: edits.response, action };
}

interface CompiledPolicies {
  readonly addressLimits: readonly RequestFilter[];
  readonly authentications: readonly RequestFilter[];
  readonly identityLimits: readonly RequestFilter[];
  readonly closed: string | null;
}

function compilePolicies(rule: RouteRule, parts: Parts): CompiledPolicies {
  const authentications: RequestFilter[] = [];
  const addressLimits: RequestFilter[] = [];
  const identityLimits: RequestFilter[] = [];
  let closed: string | null = null;
  for (const id of rule.authentications) {
    const filter = parts.authentication(id);
    if (filter === null) closed ??= `${id} is not in the snapshot`;
    else authentications.push(filter);
  }
  for (const id of rule.rateLimits) {
    const limit = parts.rateLimit(id);
    if (limit === null) closed ??= `${id} is not in the snapshot`;
    else (limit.early ? addressLimits : identityLimits).push(limit.filter);
  }
  return { addressLimits, authentications, identityLimits, closed };
}

interface CompiledEdits {
  readonly crossOrigin: readonly RequestFilter[];
  readonly request: readonly RequestFilter[];
  readonly response: readonly ResponseFilter[];
  readonly closed: string | null;
}

function compileEdits(filters: readonly Filter[]): CompiledEdits {
  const crossOrigin: CrossOrigin[] = [];
  const request: RequestFilter[] = [];
  const response: ResponseFilter[] = [];
  let closed: string | null = null;
  for (const filter of filters) {
    switch (filter.kind) {
      case 'RequestHeaders':
        closed ??= problemOfEdits(filter);
        request.push(requestHeaders(filter));
        break;
      case 'ResponseHeaders':
        closed ??= problemOfEdits(filter);
        response.push(responseHeaders(filter));
        break;
      case 'Rewrite':
        request.push(rewrite(filter));
        break;
      case 'Cors':
        crossOrigin.push(new CrossOrigin(filter));
        break;
      case 'Unknown':
        closed ??= `the filter ${filter.told} is not known to this build`;
        break;
      default:
        filter satisfies never;
    }
  }
  const answer = crossOrigin.map((one) => one.answerFilter);
  return { crossOrigin, request, response: [...response, ...answer], closed };
}

function compileAction({ route, rule, place, parts }: RuleContext): Action {
  const { action } = rule;
  switch (action.kind) {
    case 'Forward':
      return compileForward(action, `${route.name} ${rule.name}`, parts);
    case 'Redirect':
      return redirecting(action.status, redirectLocation(action, place.port));
    case 'ResourceMetadata':
      return tellingMetadata(action);
    case 'Closed':
      return { kind: 'Closed', reason: action.reason };
    case 'Unknown':
      return { kind: 'Closed', reason: `the ${action.told} is not known to this build` };
    default:
      return action satisfies never;
  }
}

/** `scope`: what tells the rule from all others. */
function compileForward(action: ForwardAction, scope: string, parts: Parts): Action {
  const mirrors = action.mirrors.flatMap((mirror) => compileMirror(mirror, parts));
  const backends: { value: Backend; weight: number }[] = [];
  for (const backend of action.backends) {
    const edits = compileEdits(backend.filters);
    if (edits.closed !== null) return { kind: 'Closed', reason: edits.closed };
    const value = compileBackend(backend, { edits, mirrors, parts });
    backends.push({ value, weight: backend.weight });
  }
  const { bodyBytesMax, hedge } = action;
  const retry = action.retry === null ? null : compileRetry(action.retry);
  const timeouts = timeoutsOf(ofOneTry(action));
  const sessions = compileSessions(action.persistence, { scope, parts, backends });
  return { kind: 'Forward', pick: weightedPick(backends), sessions, bodyBytesMax, retry, hedge, ...timeouts };
}

/** None where there is no seal: a token that anybody can make could lead anywhere. */
function compileSessions(
  persistence: Persistence | null,
  of: { readonly scope: string; readonly parts: Parts; readonly backends: readonly Weighted<Backend>[] },
): Sessions<Backend> | null {
  const seal = persistence === null ? null : of.parts.sessionSeal(sessionSecretId);
  if (persistence === null || seal === null) return null;
  const backends = of.backends.flatMap(({ value, weight }) => (weight > 0 ? [value] : []));
  return new Sessions({ persistence, scope: of.scope, seal, backends });
}

/** What a try has by its rule's retries, if that is less. */
function ofOneTry({ timeouts, retry }: ForwardAction): RouteTimeouts {
  const perTryMs = retry?.perTryMs ?? 0;
  if (perTryMs === 0) return timeouts;
  const { backendRequestMs } = timeouts;
  const isLess = backendRequestMs === null || backendRequestMs === 0 || perTryMs < backendRequestMs;
  return isLess ? { ...timeouts, backendRequestMs: perTryMs } : timeouts;
}

/** One that is not in the snapshot takes nothing from anybody: it is left out. */
function compileMirror(
  { cluster: id, numerator, denominator }: RouteMirror,
  parts: Parts,
): readonly Mirror[] {
  const cluster = parts.cluster(id);
  return cluster === null ? [] : [{ cluster, share: numerator / denominator }];
}

function compileRetry({ codes, grpcCodes, conditions, ...retry }: RouteRetry): Retry {
  const { attempts, backoffMs, backoffMsMax } = retry;
  const sets = { codes: new Set(codes), grpcCodes: new Set(grpcCodes), conditions: new Set(conditions) };
  return { attempts, ...sets, backoffMs, backoffMsMax };
}

/** `mirrors`: those of the rule. */
function compileBackend(
  { cluster, mirrors: own }: WeightedBackend,
  of: { readonly edits: CompiledEdits; readonly mirrors: readonly Mirror[]; readonly parts: Parts },
): Backend {
  const { edits, mirrors, parts } = of;
  return {
    cluster: cluster === null ? null : parts.cluster(cluster),
    requestFilters: edits.request,
    responseFilters: edits.response,
    mirrors:
      own.length === 0 ? mirrors : [...mirrors, ...own.flatMap((mirror) => compileMirror(mirror, parts))],
  };
}
