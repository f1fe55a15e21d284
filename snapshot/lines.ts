import { SnapshotError } from './snapshot-error.ts';

const lineFeed = 0x0a;
const firstCapacity = 1024;

/** Cuts a stream of bytes into lines of UTF-8. Holds at most one unfinished line of `maxBytes` bytes. */
export class LineReader {
  readonly #maxBytes: number;
  readonly #text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  /** The unfinished line, copied: a chunk's own memory may be far larger than what is kept of it. */
  #pending = new Uint8Array(0);
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * The lines that `chunk` completes, without their ends. Throws {@link SnapshotError} when one is over the limit
   * or no UTF-8; the stream is of no use after that.
   */
  push(chunk: Uint8Array): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      lines.push(this.#finish(chunk.subarray(start, end)));
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
    return lines;
  }

  #finish(end: Uint8Array): string {
    if (this.#length === 0) {
      this.#checkLength(end.length);
      return this.#decode(end);
    }
    this.#keep(end);
    const line = this.#decode(this.#pending.subarray(0, this.#length));
    this.#pending = new Uint8Array(0);
    this.#length = 0;
    return line;
  }

  #keep(part: Uint8Array): void {
    if (part.length === 0) return;
    const length = this.#length + part.length;
    this.#checkLength(length);
    if (length > this.#pending.length) {
      const larger = new Uint8Array(Math.max(firstCapacity, length, this.#pending.length * 2));
      larger.set(this.#pending.subarray(0, this.#length));
      this.#pending = larger;
    }
    this.#pending.set(part, this.#length);
    this.#length = length;
  }

  #checkLength(length: number): void {
    if (length <= this.#maxBytes) return;
    const problem = `a line is longer than ${this.#maxBytes} bytes`;
    throw new SnapshotError('LineTooLong', { id: null, path: '', problem });
  }

  #decode(line: Uint8Array): string {
    try {
      return this.#text.decode(line);
    } catch {
      throw new SnapshotError('NotJson', { id: null, path: '', problem: 'a line is not UTF-8' });
    }
  }
}
