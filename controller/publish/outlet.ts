import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { PublishError } from './publish-error.ts';

const sliceBytes = 16 * 1024;

/**
 * Writes `lines` in slices of 16 KiB, each only when the peer has taken the one before, so that no more than that
 * waits in memory for a slow peer. The first slice leaves before this returns. Rejects with
 * {@link PublishError} when the stream ends, or when the peer takes nothing for `stalledMs`.
 */
export async function writeLines(
  stream: Writable,
  lines: Iterable<string>,
  stalledMs: number,
): Promise<void> {
  let waiting: string[] = [];
  let length = 0;
  for (const line of lines) {
    waiting.push(line);
    length += line.length;
    if (length < sliceBytes) continue;
    await writeSlices(stream, waiting.join(''), stalledMs);
    waiting = [];
    length = 0;
  }
  if (length > 0) await writeSlices(stream, waiting.join(''), stalledMs);
}

async function writeSlices(stream: Writable, text: string, stalledMs: number): Promise<void> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += sliceBytes) {
    if (stream.destroyed || stream.writableEnded) throw new PublishError('Ended', 'the stream has ended');
    if (!stream.write(bytes.subarray(start, start + sliceBytes))) await drained(stream, stalledMs);
  }
}

async function drained(stream: Writable, stalledMs: number): Promise<void> {
  const over = new AbortController();
  const stalled = setTimeout(
    () => over.abort(new PublishError('Stalled', 'the peer takes nothing')),
    stalledMs,
  );
  const closed = () => over.abort(new PublishError('Ended', 'the stream has ended'));
  stream.once('close', closed);
  try {
    await once(stream, 'drain', { signal: over.signal });
  } catch (error) {
    throw over.signal.aborted
      ? over.signal.reason
      : new PublishError('Ended', 'the stream has failed', error);
  } finally {
    clearTimeout(stalled);
    stream.off('close', closed);
  }
}
