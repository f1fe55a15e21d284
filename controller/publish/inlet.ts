import type { Readable } from 'node:stream';
import { LineReader } from '#snapshot/lines.ts';
import { clientLineBytesMax } from '#snapshot/message.ts';
import { SnapshotError } from '#snapshot/snapshot-error.ts';
import { PublishError } from './publish-error.ts';

/** Why a peer's words end: its stream did, or it broke a rule. */
export type InletEnd = { readonly kind: 'Ended' } | { readonly kind: 'Broken'; readonly reason: string };

interface InletOptions {
  /** Asked at each line. */
  readonly linesPerSecondMax: () => number;
  /** A line; a SnapshotError or PublishError that it throws breaks the stream. */
  readonly onLine: (line: string) => void;
  /** Called once, after the last line. */
  readonly onEnd: (end: InletEnd) => void;
}

/** Reads the lines that a peer sends, within the limits of length and rate. */
export function readLines(stream: Readable, options: InletOptions): void {
  const reader = new LineReader(clientLineBytesMax);
  let ended = false;
  let second = 0;
  let lines = 0;
  const end = (end: InletEnd) => {
    if (ended) return;
    ended = true;
    options.onEnd(end);
  };
  const count = () => {
    const now = Math.floor(performance.now() / 1000);
    lines = now === second ? lines + 1 : 1;
    second = now;
    if (lines > options.linesPerSecondMax()) throw new PublishError('TooMuch', 'too many lines in a second');
  };
  stream.on('data', (chunk: Buffer) => {
    if (ended) return;
    try {
      for (const line of reader.push(chunk)) {
        count();
        if (!ended) options.onLine(line);
      }
    } catch (error) {
      if (!(error instanceof SnapshotError || error instanceof PublishError)) throw error;
      end({ kind: 'Broken', reason: error.message });
    }
  });
  stream.on('end', () => end({ kind: 'Ended' }));
  stream.on('close', () => end({ kind: 'Ended' }));
}
