/** What one client, and all of them, may cost. Octets, milliseconds, counts; 0 ms is never. */
export interface Limits {
  /** Connections at once, over all ports; one more is closed at once. */
  readonly connectionsMax: number;
  /** The head of a request, and a trailer section, with line ends. More: 431. */
  readonly headBytesMax: number;
  /** The request line alone. More: 414. */
  readonly requestLineBytesMax: number;
  readonly fieldCountMax: number;
  /** The content of a request. More: 413. 0 for no limit. */
  readonly bodyBytesMax: number;
  /** After so many the connection is closed by its answer; bounds what one connection can pin. */
  readonly requestsPerConnectionMax: number;
  /** From the first octet of a connection's or request's head to its end. More: 408. */
  readonly headTimeoutMs: number;
  /** Between requests. */
  readonly idleTimeoutMs: number;
  /** Without an octet of content that we wait for. More: 408. */
  readonly bodyTimeoutMs: number;
  /** Without the client taking an octet of its answer. */
  readonly sendTimeoutMs: number;
  /** A tunnel in which nothing moves. */
  readonly tunnelIdleTimeoutMs: number;
  /** A TLS handshake. */
  readonly handshakeTimeoutMs: number;
  /** Content that nobody wants is read up to this, so that the connection, or the answer, can be kept. */
  readonly discardBytesMax: number;
  readonly discardTimeoutMs: number;
  /** How often the above times are looked at. */
  readonly sweepMs: number;
}

/** Safe for a gateway that meets the internet. */
export const defaultLimits: Limits = {
  connectionsMax: 20_000,
  headBytesMax: 32 * 1024,
  requestLineBytesMax: 16 * 1024,
  fieldCountMax: 100,
  bodyBytesMax: 0,
  requestsPerConnectionMax: 100_000,
  headTimeoutMs: 10_000,
  idleTimeoutMs: 75_000,
  bodyTimeoutMs: 30_000,
  sendTimeoutMs: 30_000,
  tunnelIdleTimeoutMs: 3_600_000,
  handshakeTimeoutMs: 10_000,
  discardBytesMax: 64 * 1024,
  discardTimeoutMs: 2_000,
  sweepMs: 500,
};
