import { createAddressRule } from './address-rule.ts';
import { clusterDefaults, endpointDefaults } from './cluster-defaults.ts';
import type { HealthCheck, OutlierDetection } from './cluster-health.ts';
import type {
  Balance,
  Cluster,
  ClusterSettings,
  ClusterTls,
  EndpointGroup,
  Endpoints,
  HashSource,
} from './cluster.ts';
import {
  cookieName,
  count,
  fieldName,
  fieldValue,
  hostname,
  millis,
  pathText,
  percent,
  port,
  statusCode,
} from './field-shapes.ts';
import * as shape from './shape.ts';
import { type Shape, object, variant } from './shape.ts';
import { whole } from './unread.ts';

const hashSource = variant<HashSource>('kind', {
  ClientAddress: object({ kind: shape.oneOf('ClientAddress') }),
  Header: object({ kind: shape.oneOf('Header'), name: fieldName }),
  Cookie: object({ kind: shape.oneOf('Cookie'), name: cookieName }),
});

const balance = variant<Balance>('kind', {
  RoundRobin: object({ kind: shape.oneOf('RoundRobin') }),
  LeastRequest: object({ kind: shape.oneOf('LeastRequest') }),
  ConsistentHash: object({ kind: shape.oneOf('ConsistentHash'), by: hashSource }),
});

const tls: Shape<ClusterTls> = object({
  hostname,
  subjectAltNames: shape.list(object({ type: shape.oneOf('Hostname', 'URI'), value: shape.text })),
  authorities: shape.nullable(shape.text),
  clientCertificate: shape.nullable(shape.idOf('Certificate')),
});

const outlier: Shape<OutlierDetection> = object({
  consecutiveFailures: count,
  consecutiveErrors: count,
  intervalMs: shape.integer(1),
  ejectionMs: millis,
  ejectedPercentMax: percent,
  successRatePercentMin: percent,
  requestsMin: count,
  panicPercent: percent,
});

const timing = {
  intervalMs: shape.integer(1),
  timeoutMs: shape.integer(1),
  healthyAfter: shape.integer(1),
  unhealthyAfter: shape.integer(1),
};

const check = variant<HealthCheck>('kind', {
  HTTP: object({
    kind: shape.oneOf('HTTP'),
    path: pathText,
    host: fieldValue,
    codes: shape.list(statusCode, 1),
    ...timing,
  }),
  GRPC: object({ kind: shape.oneOf('GRPC'), service: shape.text, ...timing }),
  TCP: object({ kind: shape.oneOf('TCP'), ...timing }),
});

const trusted: Shape<readonly string[]> = (value) => {
  const networks = shape.list(shape.text)(value);
  try {
    createAddressRule(networks);
  } catch {
    throw new shape.Mismatch('', 'must be networks such as 10.0.0.0/8');
  }
  return networks;
};

const settings: shape.Fields<ClusterSettings> = {
  protocol: shape.oneOf('HTTP1', 'HTTP2'),
  tls: shape.nullable(whole(tls)),
  proxyProtocol: shape.nullable(shape.oneOf('V1', 'V2')),
  balance,
  slowStartMs: millis,
  outlier: shape.nullable(outlier),
  check: shape.nullable(check),
  breaker: object({ connectionsMax: count, pendingMax: count, requestsMax: count, retriesMax: count }),
  connections: object({
    connectTimeoutMs: shape.integer(1),
    idleMs: shape.integer(1),
    ageMsMax: millis,
    requestsMax: count,
    streamsMax: shape.integer(1),
  }),
  budget: object({ percent, intervalMs: shape.integer(1), retriesPerSecondMin: count }),
  outside: shape.nullable(object({ host: shape.shortText(255), port, trusted })),
};

/** Reads a {@link Cluster}; settings that are not there are those of `clusterDefaults`. */
export const clusterShape: Shape<Cluster> = object({
  kind: shape.oneOf('Cluster'),
  id: shape.idOf('Cluster'),
  name: shape.text,
  endpoints: shape.idOf('Endpoints'),
  ...shape.defaulted(settings, clusterDefaults),
});

const endpoints = shape.list(
  object({
    address: shape.shortText(255),
    port,
    state: shape.oneOf('Ready', 'Terminating'),
    ...shape.defaulted(
      { forZones: shape.list(shape.shortText(63)), forNodes: shape.list(shape.shortText(253)) },
      endpointDefaults,
    ),
  }),
);

/** Reads {@link Endpoints}. */
export const endpointsShape: Shape<Endpoints> = object({
  kind: shape.oneOf('Endpoints'),
  id: shape.idOf('Endpoints'),
  endpoints,
});

/** Reads {@link EndpointGroup}. */
export const endpointGroupShape: Shape<EndpointGroup> = object({
  kind: shape.oneOf('EndpointGroup'),
  id: shape.idOf('EndpointGroup'),
  of: shape.idOf('Endpoints'),
  endpoints,
});
