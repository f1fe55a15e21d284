// Settings of TrafficPolicies as a cluster has them. What they leave out is as it is by default.
import { durationMs } from '#crds/fields.ts';
import type { TrafficSettings } from '#crds/traffic-settings.ts';
import { clusterDefaults, outlierDefaults } from '#snapshot/cluster-defaults.ts';
import type { HealthCheck, OutlierDetection } from '#snapshot/cluster-health.ts';
import type { BackendConnections, Balance, ClusterSettings, RetryBudget } from '#snapshot/cluster.ts';

type Group<Name extends keyof TrafficSettings> = NonNullable<TrafficSettings[Name]>;

/** What of a cluster's settings `settings` say. */
export function clusterSettings(settings: TrafficSettings): Partial<ClusterSettings> {
  const {
    protocol,
    proxyProtocol,
    balance,
    slowStart,
    connection,
    circuitBreaker,
    outlierDetection,
    healthCheck,
    retryConstraint,
  } = settings;
  return {
    ...(protocol === undefined ? {} : { protocol }),
    ...(proxyProtocol === undefined ? {} : { proxyProtocol }),
    ...(balance === undefined ? {} : { balance: balanceOf(balance) }),
    ...(slowStart === undefined ? {} : { slowStartMs: durationMs(slowStart.window) }),
    ...(connection === undefined ? {} : { connections: connectionsOf(connection) }),
    ...(circuitBreaker === undefined ? {} : { breaker: breakerOf(circuitBreaker) }),
    ...(outlierDetection === undefined ? {} : { outlier: outlierOf(outlierDetection) }),
    ...(healthCheck === undefined ? {} : { check: checkOf(healthCheck) }),
    ...(retryConstraint === undefined ? {} : { budget: budgetOf(retryConstraint) }),
  };
}

function balanceOf(balance: Group<'balance'>): Balance {
  if (balance.type !== 'ConsistentHash') {
    return { kind: balance.type };
  }
  const { consistentHash } = balance;
  switch (consistentHash.type) {
    case 'ClientAddress':
      return { kind: 'ConsistentHash', by: { kind: 'ClientAddress' } };
    case 'Header':
      return {
        kind: 'ConsistentHash',
        by: { kind: 'Header', name: consistentHash.header.name.toLowerCase() },
      };
    case 'Cookie':
      return { kind: 'ConsistentHash', by: { kind: 'Cookie', name: consistentHash.cookie.name } };
    default:
      return consistentHash satisfies never;
  }
}

function connectionsOf(given: Group<'connection'>): BackendConnections {
  const defaults = clusterDefaults.connections;
  return {
    connectTimeoutMs: milliseconds(given.connectTimeout) ?? defaults.connectTimeoutMs,
    idleMs: milliseconds(given.idleTimeout) ?? defaults.idleMs,
    ageMsMax: milliseconds(given.maxAge) ?? defaults.ageMsMax,
    requestsMax: given.maxRequests ?? defaults.requestsMax,
    streamsMax: given.maxConcurrentStreams ?? defaults.streamsMax,
  };
}

function breakerOf(given: Group<'circuitBreaker'>): ClusterSettings['breaker'] {
  const defaults = clusterDefaults.breaker;
  return {
    connectionsMax: given.maxConnections ?? defaults.connectionsMax,
    pendingMax: given.maxPending ?? defaults.pendingMax,
    requestsMax: given.maxRequests ?? defaults.requestsMax,
    retriesMax: given.maxRetries ?? defaults.retriesMax,
  };
}

function outlierOf(given: Group<'outlierDetection'>): OutlierDetection {
  return {
    consecutiveFailures: given.consecutiveFailures ?? outlierDefaults.consecutiveFailures,
    consecutiveErrors: given.consecutiveErrors ?? outlierDefaults.consecutiveErrors,
    intervalMs: milliseconds(given.interval) ?? outlierDefaults.intervalMs,
    ejectionMs: milliseconds(given.ejection) ?? outlierDefaults.ejectionMs,
    ejectedPercentMax: given.maxEjectedPercent ?? outlierDefaults.ejectedPercentMax,
    successRatePercentMin: given.minSuccessRatePercent ?? outlierDefaults.successRatePercentMin,
    requestsMin: given.minRequests ?? outlierDefaults.requestsMin,
    panicPercent: given.panicPercent ?? outlierDefaults.panicPercent,
  };
}

function checkOf(given: Group<'healthCheck'>): HealthCheck {
  const timing = {
    intervalMs: milliseconds(given.interval) ?? 5000,
    timeoutMs: milliseconds(given.timeout) ?? 1000,
    healthyAfter: given.healthyAfter ?? 2,
    unhealthyAfter: given.unhealthyAfter ?? 3,
  };
  switch (given.type) {
    case 'HTTP': {
      const { path, host = '', codes = [200] } = given.http;
      return { kind: 'HTTP', path, host, codes, ...timing };
    }
    case 'GRPC':
      return { kind: 'GRPC', service: given.grpc.service ?? '', ...timing };
    case 'TCP':
      return { kind: 'TCP', ...timing };
    default:
      return given satisfies never;
  }
}

function budgetOf({ budget, minRetryRate }: Group<'retryConstraint'>): RetryBudget {
  const defaults = clusterDefaults.budget;
  const { count, interval = '1s' } = minRetryRate ?? {};
  const perSecond =
    count === undefined ? defaults.retriesPerSecondMin : (count * 1000) / durationMs(interval);
  return {
    percent: budget?.percent ?? defaults.percent,
    intervalMs: milliseconds(budget?.interval) ?? defaults.intervalMs,
    retriesPerSecondMin: Math.ceil(perSecond),
  };
}

/** Milliseconds of a duration that may be left out. */
export function milliseconds(duration: string | undefined): number | null {
  return duration === undefined ? null : durationMs(duration);
}
