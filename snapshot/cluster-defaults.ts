// What holds for a cluster, its endpoints and a rule that forwards where nobody says otherwise: told here alone. What
// equals it is left out of the bytes of a snapshot, so a snapshot of an older build is read as the same.
import type { ClusterSettings, Endpoint } from './cluster.ts';
import type { OutlierDetection } from './cluster-health.ts';
import type { AttachedHostname, ForwardAction, RouteRetry, RouteTimeouts, WeightedBackend } from './route.ts';

/** On for what shows that an endpoint cannot be reached; a 500 is its application's own word. */
export const outlierDefaults: OutlierDetection = Object.freeze({
  consecutiveFailures: 5,
  consecutiveErrors: 0,
  intervalMs: 10_000,
  ejectionMs: 30_000,
  ejectedPercentMax: 50,
  successRatePercentMin: 0,
  requestsMin: 100,
  panicPercent: 50,
});

/** How endpoints are called without any policy. */
export const clusterDefaults: ClusterSettings = Object.freeze({
  protocol: 'HTTP1',
  tls: null,
  proxyProtocol: null,
  balance: Object.freeze({ kind: 'LeastRequest' }),
  slowStartMs: 0,
  outlier: outlierDefaults,
  check: null,
  breaker: Object.freeze({ connectionsMax: 8_192, pendingMax: 1_024, requestsMax: 0, retriesMax: 64 }),
  connections: Object.freeze({
    connectTimeoutMs: 1_000,
    idleMs: 60_000,
    ageMsMax: 3_600_000,
    requestsMax: 0,
    streamsMax: 100,
  }),
  budget: Object.freeze({ percent: 20, intervalMs: 10_000, retriesPerSecondMin: 10 }),
  outside: null,
});

/** What an endpoint is told to have when nobody says. */
export const endpointDefaults: Pick<Endpoint, 'forZones' | 'forNodes'> = Object.freeze({
  forZones: Object.freeze([]),
  forNodes: Object.freeze([]),
});

/** What a rule that forwards does beyond that without being told. */
export const forwardDefaults: Pick<
  ForwardAction,
  'retry' | 'hedge' | 'mirrors' | 'persistence' | 'bodyBytesMax'
> = Object.freeze({
  retry: null,
  hedge: null,
  mirrors: Object.freeze([]),
  persistence: null,
  bodyBytesMax: 0,
});

/** How the hosts of a route are read. */
export const hostnameDefaults: Pick<AttachedHostname, 'oneLabel'> = Object.freeze({ oneLabel: false });

/** What a backend of such a rule has beyond that without being told. */
export const backendDefaults: Pick<WeightedBackend, 'mirrors'> = Object.freeze({
  mirrors: Object.freeze([]),
});

/** What only policies tell of retries. */
export const retryDefaults: Pick<RouteRetry, 'grpcCodes'> = Object.freeze({ grpcCodes: Object.freeze([]) });

/** The time that only policies tell of: null for the data plane's own. */
export const timeoutDefaults: Pick<RouteTimeouts, 'headMs'> = Object.freeze({ headMs: null });
