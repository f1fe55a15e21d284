// nghttp2, as Node has it, reading header blocks that are written by hand: the reference for ours.
import { createServer, type Http2Session, type Settings } from 'node:http2';
import { duplexPair, type Duplex } from 'node:stream';
import { errorCodes } from '#dataplane/h2/error-code.ts';
import { clientPreface, frameTypes } from '#dataplane/h2/frame.ts';
import { FrameReader } from '#dataplane/h2/frame-reader.ts';
import { FrameWriter } from '#dataplane/h2/frame-writer.ts';

export type Line = readonly [name: string, value: string];

/** The fields it tells; or that it resets the stream, or ends the connection for a fault of compression or another. */
export type Answer = readonly Line[] | 'Reset' | 'CompressionError' | 'Failed';

/** One connection to it. Blocks are read in order, and tables live as long as the connection. */
export class ReferenceReader {
  readonly #writer = new FrameWriter();
  readonly #client: Duplex;
  readonly #side: Duplex;
  #nextId = 1;
  #told: Line[] | null = null;
  #failure: Answer | null = null;
  #waiting: (() => void) | null = null;

  constructor(settings: Settings = {}) {
    const server = createServer({ settings, strictSingleValueFields: false });
    server.on('session', (session: Http2Session) => session.on('error', () => {}));
    server.on('sessionError', () => {});
    server.on('stream', (stream, _headers, _flags, raw: string[]) => {
      stream.on('error', () => {});
      this.#told = Array.from({ length: raw.length / 2 }, (_, line) => [
        raw[line * 2] ?? '',
        raw[line * 2 + 1] ?? '',
      ]);
      stream.close();
    });
    [this.#client, this.#side] = duplexPair();
    const reader = new FrameReader(16_384, { frame: (...frame) => this.#frame(...frame) });
    this.#client.on('data', (octets: Buffer) => void reader.read(octets));
    this.#client.on('close', () => this.#fail('Failed'));
    this.#client.on('end', () => this.#fail('Failed'));
    this.#client.on('error', () => {});
    this.#side.on('error', () => {});
    server.emit('connection', this.#side);
    this.#writer.raw(Buffer.from(clientPreface, 'latin1'));
    this.#writer.settings([]);
  }

  /** Says that no table is used, as a peer that has made its own small demands. */
  sayNoTable(): void {
    this.#writer.sayNoTable();
  }

  /** What it makes of a request's header block; after a failure of the connection always that. */
  async read(block: Buffer): Promise<Answer> {
    if (this.#failure !== null) return this.#failure;
    this.#told = null;
    this.#writer.headers(this.#nextId, block, true);
    this.#nextId += 2;
    await this.#settle();
    return this.#failure ?? this.#told ?? 'Reset';
  }

  close(): void {
    this.#client.destroy();
    this.#side.destroy();
  }

  /** Until it has answered a PING that was sent behind, or failed. */
  async #settle(): Promise<void> {
    const settled = Promise.withResolvers<void>();
    this.#waiting = settled.resolve;
    this.#writer.ping(Buffer.alloc(8), false);
    this.#client.write(this.#writer.take());
    await settled.promise;
  }

  #frame(type: number, flags: number, _streamId: number, payload: Buffer): void {
    if (type === frameTypes.settings && flags === 0) this.#writer.settingsAck();
    else if (type === frameTypes.ping && flags === 1) this.#waiting?.();
    else if (type === frameTypes.goAway && payload.readUInt32BE(4) !== errorCodes.noError)
      this.#fail(payload.readUInt32BE(4) === errorCodes.compressionError ? 'CompressionError' : 'Failed');
  }

  #fail(failure: Answer): void {
    this.#failure ??= failure;
    this.#waiting?.();
  }
}
