/**
 * What came of taking a key. `Held`: somebody has it, and has put this there; `''`: nothing yet. `Unknown`: nobody can
 * tell.
 */
export type Taken =
  | { readonly kind: 'Taken' }
  | { readonly kind: 'Held'; readonly value: string }
  | { readonly kind: 'Unknown' };

/** Hears what a log says. */
export interface LogEvents {
  /** All that the log has is told from its beginning on: after each connection. */
  begun(): void;
  /** `ageMs`: since it was added, by the clock of the memory. */
  told(entry: string, ageMs: number): void;
  /** All that there was a moment ago is told. */
  caughtUp(): void;
}

/**
 * What data planes remember together. Every answer comes soon, and nothing rejects: without the others, each goes by
 * what it knows by itself.
 */
export interface SharedMemory {
  /** Takes `key` for so long, if nobody has it. */
  take(key: string, ms: number): Promise<Taken>;
  /** Has whoever wants to take `key` find `value`, for so long. */
  put(key: string, value: string, ms: number): Promise<void>;
  /** Adds to a log, where entries are kept for so long; whether it was added. */
  append(log: string, entry: string, ms: number): Promise<boolean>;
  /** From now on tells what stands in the log, for as long as there is this memory. */
  follow(log: string, events: LogEvents): void;
}

/** Of a data plane that knows of no other. */
export const noSharedMemory: SharedMemory = {
  take: () => Promise.resolve({ kind: 'Unknown' }),
  put: () => Promise.resolve(),
  append: () => Promise.resolve(false),
  follow: () => undefined,
};
