import type { JournalFile } from './journal-file.ts';

/** A line that wants to be written. */
export interface Entry {
  /** The text, made when it is written, and made again when that failed. */
  text(): string;
  /** It stands in the journal. */
  written(): void;
}

export interface JournalOptions {
  readonly file: Pick<JournalFile, 'append' | 'close'>;
  /** Told when the journal can be written again, or no more, and why. */
  readonly onChange: (available: boolean, reason: string) => void;
  /** After which a write that does not end is waited for by nobody; 100 unless told. */
  readonly deadlineMs?: number;
  /** After which a write that failed is tried again; 1000 unless told. */
  readonly retryMs?: number;
}

const deadlineMsDefault = 100;
const retryMsDefault = 1000;
const closeMs = 2000;

/**
 * Writes entries in their order, as many as there are in one write, one write at a time. When the disk is full or does
 * not answer nobody waits for it: what is to be written waits, and is written once that can be.
 */
export class Journal {
  readonly #options: JournalOptions;
  #entries: Entry[] = [];
  #writing: Promise<void> | null = null;
  #unavailable = Promise.withResolvers<void>();
  #isAvailable = true;
  #stop: (() => void) | null = null;
  #isClosed = false;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** Whether entries are written soon. */
  get isAvailable(): boolean {
    return this.#isAvailable;
  }

  /** Settles when the journal is not available. */
  get unavailable(): Promise<void> {
    return this.#unavailable.promise;
  }

  /** How many entries wait. */
  get waiting(): number {
    return this.#entries.length;
  }

  /** Once it is closed, in vain. */
  add(entry: Entry): void {
    if (this.#isClosed) return;
    this.#entries.push(entry);
    this.#writing ??= this.#writeAll();
  }

  /** Writes what waits, for two seconds at most. */
  async close(): Promise<void> {
    this.#isClosed = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, closeMs)));
    await Promise.race([this.#writing, late]);
    clearTimeout(timer);
    this.#stop?.();
    await Promise.race([this.#options.file.close(), late]);
  }

  async #writeAll(): Promise<void> {
    // Entries of the same turn go together.
    await Promise.resolve();
    while (this.#entries.length > 0) {
      const batch = this.#entries;
      this.#entries = [];
      if (await this.#write(batch)) continue;
      this.#entries = [...batch, ...this.#entries];
      if (this.#isClosed) break;
      await this.#pause();
    }
    this.#writing = null;
  }

  async #write(batch: readonly Entry[]): Promise<boolean> {
    const { file, deadlineMs = deadlineMsDefault } = this.#options;
    let isOver = false;
    // A loop that was busy for long runs timers before it hears what is written.
    const late = setTimeout(() => {
      setImmediate(() => {
        if (!isOver) this.#lost(`a write takes longer than ${deadlineMs} ms`);
      });
    }, deadlineMs);
    try {
      await file.append(batch.map((entry) => entry.text()).join(''));
    } catch (error) {
      this.#lost(error instanceof Error ? error.message : String(error));
      return false;
    } finally {
      isOver = true;
      clearTimeout(late);
    }
    for (const entry of batch) entry.written();
    this.#found();
    return true;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#options.retryMs ?? retryMsDefault);
      timer.unref();
      this.#stop = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #lost(reason: string): void {
    if (!this.#isAvailable) return;
    this.#isAvailable = false;
    this.#unavailable.resolve();
    this.#options.onChange(false, reason);
  }

  #found(): void {
    if (this.#isAvailable) return;
    this.#isAvailable = true;
    this.#unavailable = Promise.withResolvers();
    this.#options.onChange(true, '');
  }
}
