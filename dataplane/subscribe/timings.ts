/** The spans a subscriber waits, in milliseconds. */
export interface SubscribeTimings {
  /** After this long without a controller's word, the last good snapshot on disk is served. */
  readonly startFromDiskMs: number;
  readonly backOffMinMs: number;
  readonly backOffMaxMs: number;
  /** TCP and TLS. */
  readonly connectMs: number;
  /** From the request to its answer: the controller asks the API server whose token it is. */
  readonly answerMs: number;
  readonly pingEveryMs: number;
  readonly pingAnswerMs: number;
  /** How often the token is read again: the kubelet renews it long before it expires. */
  readonly tokenEveryMs: number;
  /** A controller that has seen less than we have is left for another after this long. */
  readonly behindMs: number;
  /** A key set's unknown key is asked for once in this span. */
  readonly missingKeyEveryMs: number;
  /** The last good snapshot is written at most this often. */
  readonly saveEveryMs: number;
  /** After a failed write. */
  readonly saveAgainMs: number;
}

/** What holds unless told otherwise. */
export const subscribeTimings: SubscribeTimings = Object.freeze({
  startFromDiskMs: 1_000,
  backOffMinMs: 100,
  backOffMaxMs: 5_000,
  connectMs: 5_000,
  answerMs: 15_000,
  pingEveryMs: 5_000,
  pingAnswerMs: 5_000,
  tokenEveryMs: 30_000,
  behindMs: 5_000,
  missingKeyEveryMs: 10_000,
  saveEveryMs: 1_000,
  saveAgainMs: 30_000,
});

/** How long to wait before the attempt after `failures` failed ones; `random` is in [0, 1). */
export function backOffMs(
  failures: number,
  random: number,
  timings: Pick<SubscribeTimings, 'backOffMinMs' | 'backOffMaxMs'>,
): number {
  const { backOffMinMs, backOffMaxMs } = timings;
  const ceiling = Math.min(backOffMaxMs, backOffMinMs * 2 ** Math.min(failures, 20));
  return Math.max(backOffMinMs, ceiling * (0.5 + random / 2));
}
