// Settings of TrafficPolicies, and of an HTTPRoute's own rule, as the rule's action has them.
import type { HTTPRouteRule } from '#crds/gateway-api.ts';
import { durationMs, octetCount } from '#crds/fields.ts';
import { grpcCodes, type TrafficSettings } from '#crds/traffic-settings.ts';
import { retryDefaults } from '#snapshot/cluster-defaults.ts';
import type { ForwardAction, RetryCondition, RouteRetry, RouteTimeouts } from '#snapshot/route.ts';
import { milliseconds } from './cluster-settings.ts';
import { policyPersistence, type CookieDefaults } from './session-persistence.ts';
import type { Layer } from './policy.ts';

/** Settings that hold somewhere, and in which place of its policy each group of them stands. */
export interface HeldSettings {
  readonly settings: TrafficSettings;
  readonly layers: ReadonlyMap<string, Layer>;
}

/** What an HTTPRoute says itself comes before rules and defaults of policies, and after their overrides. */
export function actionWith(
  action: ForwardAction,
  { settings, layers }: HeldSettings,
  cookie: CookieDefaults,
): ForwardAction {
  const { timeouts, retry, hedge, sessionPersistence, maxBodyBytes } = settings;
  const overrides = (group: keyof TrafficSettings) => layers.get(group) === 'Overrides';
  return {
    ...action,
    ...(timeouts === undefined
      ? {}
      : { timeouts: timeoutsWith(action.timeouts, timeouts, overrides('timeouts') ? 'Set' : 'Own') }),
    ...(retry === undefined || (action.retry !== null && !overrides('retry'))
      ? {}
      : { retry: retryOf(retry) }),
    ...(hedge === undefined
      ? {}
      : { hedge: { afterMs: durationMs(hedge.delay), attemptsMax: hedge.attempts ?? 1 } }),
    ...(sessionPersistence === undefined || (action.persistence !== null && !overrides('sessionPersistence'))
      ? {}
      : { persistence: policyPersistence(sessionPersistence, cookie) }),
    ...(maxBodyBytes === undefined ? {} : { bodyBytesMax: octetCount(maxBodyBytes) }),
  };
}

function timeoutsWith(
  own: RouteTimeouts,
  timeouts: NonNullable<TrafficSettings['timeouts']>,
  stronger: 'Own' | 'Set',
): RouteTimeouts {
  const set = {
    requestMs: milliseconds(timeouts.request),
    backendRequestMs: milliseconds(timeouts.backendRequest),
    headMs: milliseconds(timeouts.head),
  };
  const [first, second] = stronger === 'Set' ? [set, own] : [own, set];
  return {
    requestMs: first.requestMs ?? second.requestMs,
    backendRequestMs: first.backendRequestMs ?? second.backendRequestMs,
    headMs: first.headMs ?? second.headMs,
  };
}

function sorted(codes: readonly number[]): readonly number[] {
  return [...codes].sort((one, other) => one - other);
}

const defaultBackoffMs = 25;
/** How much longer the longest wait is than the first. */
const backoffGrowth = 10;
const defaultConditions: readonly RetryCondition[] = ['ConnectFailure', 'Refused'];

function retryOf(retry: NonNullable<TrafficSettings['retry']>): RouteRetry {
  const backoffMs = milliseconds(retry.backoff) ?? defaultBackoffMs;
  return {
    attempts: retry.attempts,
    codes: sorted(retry.codes ?? []),
    grpcCodes: sorted((retry.grpcCodes ?? []).map((name) => grpcCodes.indexOf(name) + 1)),
    conditions: retry.conditions ?? defaultConditions,
    backoffMs,
    backoffMsMax: Math.max(backoffMs, milliseconds(retry.maxBackoff) ?? defaultBackoffMs * backoffGrowth),
    perTryMs: milliseconds(retry.perTry) ?? 0,
  };
}

/**
 * What the `retry` of an HTTPRoute's rule asks for (Gateway API: HTTPRouteRetry). It names codes only; connections
 * that fail are tried again too, and a request that may have been acted on is not.
 */
export function routeRetry(retry: HTTPRouteRule['retry']): RouteRetry | null {
  if (retry === undefined) {
    return null;
  }
  const backoffMs = milliseconds(retry.backoff) ?? defaultBackoffMs;
  return {
    attempts: retry.attempts,
    ...retryDefaults,
    codes: sorted(retry.codes),
    conditions: defaultConditions,
    backoffMs,
    backoffMsMax: backoffMs * backoffGrowth,
    perTryMs: 0,
  };
}
