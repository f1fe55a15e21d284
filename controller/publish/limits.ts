/** What bounds the publisher; all spans in milliseconds. */
export interface PublishLimits {
  /** TCP connections with TLS. */
  readonly sessionsMax: number;
  /** Of one address: a node, where its pods have none of their own. */
  readonly sessionsPerAddressMax: number;
  /** Data planes and replicas that are connected at once. */
  readonly streamsMax: number;
  /** Streams of one address that are not known to be a data plane's or a replica's yet; more are answered 503. */
  readonly strangersPerAddressMax: number;
  /** Tokens being checked at once; more are answered 503. */
  readonly authenticationsMax: number;
  /** The check of one token. */
  readonly authenticateMs: number;
  /** A token that still holds is checked again after this long: its pod may be gone. */
  readonly recheckMs: number;
  /** From the request to its first line. */
  readonly helloMs: number;
  /** A connection on which nothing is asked. */
  readonly idleMs: number;
  readonly pingEveryMs: number;
  /** A peer that does not answer a ping for this long is dead. */
  readonly pingAnswerMs: number;
  /** A peer that takes nothing for this long, though it answers pings, is let go. */
  readonly stalledMs: number;
  /** Lines taken from one data plane in one second. */
  readonly linesPerSecondMax: number;
  /** Bytes read from one data plane in one second; more wait. */
  readonly bytesPerSecondMax: number;
  /** Lines taken from one following replica in one second: it tells of all its data planes when it comes. */
  readonly peerLinesPerSecondMax: number;
  /** Bytes read from one following replica in one second; more wait. */
  readonly peerBytesPerSecondMax: number;
  /**
   * How often in a row the data planes of one Gateway are heard at once; after that, what is newest of all of them once
   * in `heardEveryMs`.
   */
  readonly heardBurst: number;
  readonly heardEveryMs: number;
  /** Key sets in which a Gateway's data planes miss keys, until they are heard. */
  readonly missingKeySetsMax: number;
  /** A snapshot that changed in nothing but its order is told after this long. */
  readonly orderDelayMs: number;
  /** Data planes that one following replica may tell of. */
  readonly peerRecordsMax: number;
}

/** What holds unless told otherwise. */
export const publishLimits: PublishLimits = Object.freeze({
  sessionsMax: 4_000,
  sessionsPerAddressMax: 500,
  streamsMax: 2_000,
  strangersPerAddressMax: 16,
  authenticationsMax: 64,
  authenticateMs: 10_000,
  recheckMs: 15 * 60_000,
  helloMs: 5_000,
  idleMs: 10_000,
  pingEveryMs: 5_000,
  pingAnswerMs: 5_000,
  stalledMs: 60_000,
  linesPerSecondMax: 1_000,
  bytesPerSecondMax: 1024 * 1024,
  peerLinesPerSecondMax: 50_000,
  peerBytesPerSecondMax: 32 * 1024 * 1024,
  heardBurst: 20,
  heardEveryMs: 200,
  missingKeySetsMax: 64,
  orderDelayMs: 1_000,
  peerRecordsMax: 5_000,
});
