// Heads of answers as header blocks. What belongs to a connection of HTTP/1.1 and framing never comes from fields.
import { HpackEncoder } from '#dataplane/h2/hpack-encoder.ts';
import { isHopByHop } from '#dataplane/http/hop-by-hop.ts';
import { noContent } from '#dataplane/http/framing.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { ContentLength } from '#dataplane/http/framing.ts';

/** Encodes what all connections send: no block depends on the one before. */
export class AnswerHeads {
  readonly #encoder = new HpackEncoder();

  /** The head of an answer; `declaredLength` is what Content-Length says where there is no content, or -1. */
  answer(status: number, fields: Fields, length: ContentLength, declaredLength: number): Buffer {
    const encoder = this.#encoder;
    encoder.status(status);
    this.#fields(fields);
    const told = length === noContent && status !== 204 ? declaredLength : length;
    if (told >= 0) encoder.field('content-length', String(told));
    return encoder.take();
  }

  /** An interim answer, or the one that begins a tunnel: neither says a length. */
  plain(status: number, fields: Fields): Buffer {
    this.#encoder.status(status);
    this.#fields(fields);
    return this.#encoder.take();
  }

  /** A trailer section; null for one without fields. */
  trailers(fields: Fields): Buffer | null {
    return this.#fields(fields) === 0 ? null : this.#encoder.take();
  }

  /** The end-to-end fields; how many there were. */
  #fields(fields: Fields): number {
    const encoder = this.#encoder;
    const { size } = fields;
    let count = 0;
    for (let line = 0; line < size; line += 1) {
      const name = fields.nameAt(line);
      if (isHopByHop(name)) continue;
      encoder.line(fields, line);
      count += 1;
    }
    return count;
  }
}
