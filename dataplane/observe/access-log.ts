import type { RequestRecord } from '#dataplane/http/observer.ts';
import { write } from 'node:fs';
import { accessLine, Places } from './access-line.ts';

/** Lines are written when so many characters are there, or after so long: each write wakes another thread. */
const batchLength = 131_072;
const holdMs = 10;
/** A pipe that takes nothing now is tried again after so long. */
const stalledMs = 20;
/** The most characters that wait for a sink that stalls; further lines are dropped and counted. */
const waitingLengthMax = 1_048_576;
const closeMs = 2000;

/** Writes a line for each request. */
export interface AccessLog {
  /** Switched off, nothing is built or written. */
  enabled: boolean;
  /** Hot path: builds the line and keeps it for the next write; never waits for the sink. */
  add(record: RequestRecord): void;
  /** Lines that were lost because the sink stalled or failed. */
  readonly dropped: number;
  /** Writes what waits, for two seconds at most. */
  close(): Promise<void>;
}

export interface AccessLogOptions {
  /** An open file descriptor: a file, a pipe, standard output. */
  readonly fd: number;
  /** Milliseconds since 1970, for the time of a line. */
  readonly wallClock: () => number;
}

/** A log of lines of JSON on a file descriptor. Each request is exactly one line, or is counted as dropped. */
export function createAccessLog(options: AccessLogOptions): AccessLog {
  return new BatchedLog(options);
}

class BatchedLog implements AccessLog {
  enabled = true;
  dropped = 0;
  readonly #fd: number;
  readonly #time: (durationMs: number) => string;
  readonly #places = new Places();
  #waiting = '';
  #lines = 0;
  #timer: NodeJS.Timeout | null = null;
  #writing = false;
  #onIdle: (() => void) | null = null;

  constructor({ fd, wallClock }: AccessLogOptions) {
    this.#fd = fd;
    this.#time = timeTeller(wallClock);
  }

  add(record: RequestRecord): void {
    if (!this.enabled) return;
    if (this.#waiting.length >= waitingLengthMax) {
      this.dropped += 1;
      return;
    }
    this.#waiting += accessLine(record, this.#time(record.durationMs), this.#places);
    this.#lines += 1;
    if (this.#writing) return;
    if (this.#waiting.length >= batchLength) this.#write();
    else this.#timer ??= setTimeout(() => this.#write(), holdMs);
  }

  async close(): Promise<void> {
    this.enabled = false;
    if (!this.#writing) this.#write();
    if (!this.#writing) return;
    await new Promise<void>((resolve) => {
      const deadline = setTimeout(resolve, closeMs);
      this.#onIdle = () => {
        clearTimeout(deadline);
        resolve();
      };
    });
  }

  #write(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#waiting === '') {
      this.#onIdle?.();
      return;
    }
    const batch = Buffer.from(this.#waiting, 'utf8');
    const lines = this.#lines;
    this.#waiting = '';
    this.#lines = 0;
    this.#writing = true;
    this.#push(batch, lines);
  }

  #push(batch: Buffer, lines: number): void {
    write(this.#fd, batch, 0, batch.length, null, (error, written) => {
      if (error?.code === 'EAGAIN') {
        setTimeout(() => this.#push(batch, lines), stalledMs).unref();
        return;
      }
      if (error === null && written < batch.length) {
        this.#push(batch.subarray(written), lines);
        return;
      }
      if (error !== null) this.dropped += lines;
      this.#writing = false;
      this.#write();
    });
  }
}

/** Tells when a request that just ended began (RFC 3339, UTC, milliseconds); works a second out only once. */
function timeTeller(wallClock: () => number): (durationMs: number) => string {
  let second = -1;
  let prefix = '';
  return (durationMs) => {
    const ms = Math.floor(wallClock() - durationMs);
    const itsSecond = Math.floor(ms / 1000);
    if (itsSecond !== second) {
      second = itsSecond;
      prefix = new Date(itsSecond * 1000).toISOString().slice(0, 20);
    }
    return `${prefix}${String(ms - itsSecond * 1000).padStart(3, '0')}Z`;
  };
}
