// Heads of requests as header blocks. What belongs to a connection of HTTP/1.1 and framing never comes from fields.
import { HpackEncoder } from '#dataplane/h2/hpack-encoder.ts';
import { isHopByHop } from '#dataplane/http/hop-by-hop.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { SentRequest } from '../sent-request.ts';

/** Encodes what all connections send: no block depends on the one before. */
export class RequestHeads {
  readonly #encoder = new HpackEncoder();

  /** The list of the block made last (RFC 9113 section 6.5.2). */
  get listBytes(): number {
    return this.#encoder.listBytes;
  }

  /** The head of a request (RFC 9113 section 8.3.1). */
  request({ head, length, takesTrailers }: SentRequest, scheme: 'http' | 'https'): Buffer {
    const encoder = this.#encoder;
    encoder.pseudo(':method', head.method);
    encoder.pseudo(':scheme', scheme);
    encoder.pseudo(':authority', head.authority);
    encoder.pseudo(':path', pathOf(head));
    this.#fields(head.fields, null);
    if (length >= 0) encoder.field('content-length', String(length));
    if (takesTrailers) encoder.field('te', 'trailers');
    return encoder.take();
  }

  /** A request to leave HTTP for WebSocket, as an extended CONNECT (RFC 8441 section 5). */
  webSocket({ head }: SentRequest, scheme: 'http' | 'https'): Buffer {
    const encoder = this.#encoder;
    encoder.pseudo(':method', 'CONNECT');
    encoder.pseudo(':protocol', 'websocket');
    encoder.pseudo(':scheme', scheme);
    encoder.pseudo(':authority', head.authority);
    encoder.pseudo(':path', pathOf(head));
    this.#fields(head.fields, 'sec-websocket-key');
    return encoder.take();
  }

  /** A trailer section; null for one without fields. */
  trailers(fields: Fields): Buffer | null {
    return this.#fields(fields, null) === 0 ? null : this.#encoder.take();
  }

  /** The end-to-end fields but one; how many there were. */
  #fields(fields: Fields, except: string | null): number {
    const encoder = this.#encoder;
    const { size } = fields;
    let count = 0;
    for (let line = 0; line < size; line += 1) {
      const name = fields.nameAt(line);
      if (name === except || isHopByHop(name)) continue;
      encoder.line(fields, line);
      count += 1;
    }
    return count;
  }
}

function pathOf({ path, query }: SentRequest['head']): string {
  return query === null ? path : `${path}?${query}`;
}
