import type { Readable } from 'node:stream';
import { LineReader } from '#snapshot/lines.ts';
import { clientLineBytesMax } from '#snapshot/message.ts';
import { SnapshotError } from '#snapshot/snapshot-error.ts';
import { PublishError } from './publish-error.ts';

/** Why a peer's words end: its stream did, or it broke a rule. */
export type InletEnd = { readonly kind: 'Ended' } | { readonly kind: 'Broken'; readonly reason: string };

/** How much a peer may say in one second. */
export interface InletRate {
  /** More break the stream. */
  readonly linesPerSecondMax: number;
  /** More wait for the next second, at the peer: no stream is read on before. */
  readonly bytesPerSecondMax: number;
}

interface InletOptions {
  /** Asked at each line and each piece of the stream. */
  readonly rate: () => InletRate;
  /** A line; a SnapshotError or PublishError that it throws breaks the stream. */
  readonly onLine: (line: string) => void;
  /** Called once, after the last line. */
  readonly onEnd: (end: InletEnd) => void;
}

/** Reads the lines that a peer sends, within the limits of length and rate. */
export function readLines(stream: Readable, options: InletOptions): void {
  const reader = new LineReader(clientLineBytesMax);
  const lines = new PerSecond();
  const bytes = new PerSecond();
  let ended = false;
  let pause: NodeJS.Timeout | undefined;
  const end = (end: InletEnd) => {
    if (ended) return;
    ended = true;
    clearTimeout(pause);
    options.onEnd(end);
  };
  const take = (line: string) => {
    if (lines.add(1) > options.rate().linesPerSecondMax)
      throw new PublishError('TooMuch', 'too many lines in a second');
    if (!ended) options.onLine(line);
  };
  stream.on('data', (chunk: Buffer) => {
    if (ended) return;
    try {
      for (const line of reader.push(chunk)) take(line);
    } catch (error) {
      if (!(error instanceof SnapshotError || error instanceof PublishError)) throw error;
      return end({ kind: 'Broken', reason: error.message });
    }
    if (bytes.add(chunk.length) <= options.rate().bytesPerSecondMax || ended) return;
    stream.pause();
    pause = setTimeout(() => stream.resume(), bytes.leftMs());
  });
  stream.on('end', () => end({ kind: 'Ended' }));
  stream.on('close', () => end({ kind: 'Ended' }));
}

/** Counts what comes in each second. */
class PerSecond {
  #second = 0;
  #count = 0;

  /** Answers how much has come in this second, with `more`. */
  add(more: number): number {
    const now = Math.floor(performance.now() / 1000);
    this.#count = now === this.#second ? this.#count + more : more;
    this.#second = now;
    return this.#count;
  }

  /** Until the second is over that was counted last. */
  leftMs(): number {
    return Math.max(0, (this.#second + 1) * 1000 - performance.now());
  }
}
