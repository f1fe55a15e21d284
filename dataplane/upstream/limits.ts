/** How backends' connections are kept. Milliseconds and counts. */
export interface UpstreamLimits {
  /** Short, since another endpoint is tried then: the address of a pod that is gone answers nothing at all. */
  readonly connectTimeoutMs: number;
  /** An endpoint that takes longer for a connection is passed over already. */
  readonly slowConnectMs: number;
  /** An endpoint that did not take a connection is passed over for so long, while there are others. */
  readonly passOverMs: number;
  /** Idle connections kept for each endpoint. */
  readonly idlePerEndpointMax: number;
  /** Connections to one endpoint, busy ones included. */
  readonly connectionsPerEndpointMax: number;
  readonly idleTimeoutMs: number;
  /** A request that must not be sent twice takes no connection that was idle longer: it may be just closing. */
  readonly idleForUnsafeMsMax: number;
  /** The head of an answer, and a trailer section. */
  readonly headBytesMax: number;
  readonly fieldCountMax: number;
  readonly sweepMs: number;
}

export const defaultUpstreamLimits: UpstreamLimits = {
  connectTimeoutMs: 1_000,
  slowConnectMs: 250,
  passOverMs: 1_000,
  idlePerEndpointMax: 256,
  connectionsPerEndpointMax: 8_192,
  idleTimeoutMs: 60_000,
  idleForUnsafeMsMax: 1_000,
  headBytesMax: 64 * 1024,
  fieldCountMax: 200,
  sweepMs: 250,
};
