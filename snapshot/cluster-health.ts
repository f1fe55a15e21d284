/**
 * When an endpoint is passed over for how it answered. Failures: connections that fail or break, and time-outs.
 * Errors: answers of 500 to 599.
 */
export interface OutlierDetection {
  /** So many failures in a row eject. */
  readonly consecutiveFailures: number;
  /** So many errors in a row eject; 0 for never. */
  readonly consecutiveErrors: number;
  /** How often shares of success are looked at. */
  readonly intervalMs: number;
  /** The first time; each time in a row it is longer by as much again. */
  readonly ejectionMs: number;
  /** Never more of the endpoints, but always one; 0 for none. */
  readonly ejectedPercentMax: number;
  /** A smaller share of success over the interval ejects; 0 for never. */
  readonly successRatePercentMin: number;
  /** With fewer requests in the interval the share of success says nothing. */
  readonly requestsMin: number;
  /** With fewer usable endpoints all of them are used. */
  readonly panicPercent: number;
}

/** Asks endpoints how they are, whether requests come or not. */
export type HealthCheck = HttpHealthCheck | GrpcHealthCheck | TcpHealthCheck;

interface HealthCheckTiming {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** So many good answers in a row make a bad endpoint good again. */
  readonly healthyAfter: number;
  readonly unhealthyAfter: number;
}

/** GET; good is an answer with one of the codes. */
export interface HttpHealthCheck extends HealthCheckTiming {
  readonly kind: 'HTTP';
  readonly path: string;
  /** `''` for the endpoint's address. */
  readonly host: string;
  readonly codes: readonly number[];
}

/** grpc.health.v1.Health/Check of a service (`''`: the server); good is SERVING. */
export interface GrpcHealthCheck extends HealthCheckTiming {
  readonly kind: 'GRPC';
  readonly service: string;
}

/** A connection; good is that it opens. */
export interface TcpHealthCheck extends HealthCheckTiming {
  readonly kind: 'TCP';
}
