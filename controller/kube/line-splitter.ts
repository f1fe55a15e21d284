import { KubeError } from './kube-error.ts';

/** Cuts a stream of bytes into lines, without ever holding more than `lineBytesMax` of an unfinished one. */
export class LineSplitter {
  readonly #lineBytesMax: number;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax;
  }

  /**
   * The lines that `chunk` completes; empty ones are left out.
   * @throws {KubeError} `TooLarge` when a line is longer than allowed.
   */
  *push(chunk: Uint8Array): Iterable<string> {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      this.#keep(chunk.subarray(from, end));
      from = end + 1;
      const line = Buffer.concat(this.#pending, this.#pendingBytes).toString('utf8').trim();
      this.#pending = [];
      this.#pendingBytes = 0;
      if (line !== '') {
        yield line;
      }
    }
    this.#keep(chunk.subarray(from));
  }

  #keep(part: Uint8Array): void {
    this.#pendingBytes += part.length;
    if (this.#pendingBytes > this.#lineBytesMax) {
      throw new KubeError('TooLarge', `an event of the watch is longer than ${this.#lineBytesMax} bytes`);
    }
    if (part.length > 0) {
      this.#pending.push(part);
    }
  }
}
