import type { RevocationStream } from '#snapshot/token-revocations.ts';

/** An entry of a stream: names and values in their order. */
export type StreamEntry = readonly (readonly [name: string, value: string])[];

/** What whoever follows a stream hears. `asOfMs`: since 1970; all that was there then is told. */
export interface StreamEvents {
  /** These are all. False: they are not understood, and all must be told anew. */
  replaced(entries: readonly StreamEntry[], asOfMs: number): boolean;
  /** These came since; often none. False as above. */
  added(entries: readonly StreamEntry[], asOfMs: number): boolean;
  /** The stream cannot be read now, for the log. */
  failed(reason: string): void;
}

/** Follows a stream of Redis until it is stopped, whatever becomes of the connection. */
export type FollowStream = (stream: RevocationStream, events: StreamEvents) => { stop(): void };
