/** How backends' connections are kept, beside what each cluster's own settings say. Milliseconds and counts. */
export interface UpstreamLimits {
  /** An endpoint that takes longer for a connection is passed over already. */
  readonly slowConnectMs: number;
  /** An endpoint that did not take a connection is passed over for so long, while there are others. */
  readonly passOverMs: number;
  /** Idle connections kept for each endpoint. */
  readonly idlePerEndpointMax: number;
  /** Clients that have connections of their own to each endpoint, where the PROXY protocol wants that. */
  readonly callersPerEndpointMax: number;
  /** A request waits no longer until its cluster may have one connection more. */
  readonly roomTimeoutMs: number;
  /** A request that has no connection while its content is still to come is looked at again so often. */
  readonly heldBackMs: number;
  /** Who has taken nothing of an answer for so long gives its connection up to a request that has none. */
  readonly stalledMs: number;
  /** A request that must not be sent twice takes no connection that was idle longer: it may be just closing. */
  readonly idleForUnsafeMsMax: number;
  /** The head of an answer, and a trailer section. */
  readonly headBytesMax: number;
  readonly fieldCountMax: number;
  readonly sweepMs: number;
}

export const defaultUpstreamLimits: UpstreamLimits = {
  slowConnectMs: 250,
  passOverMs: 1_000,
  idlePerEndpointMax: 256,
  callersPerEndpointMax: 1_024,
  roomTimeoutMs: 10_000,
  heldBackMs: 2_000,
  stalledMs: 1_000,
  idleForUnsafeMsMax: 1_000,
  headBytesMax: 64 * 1024,
  fieldCountMax: 200,
  sweepMs: 250,
};
