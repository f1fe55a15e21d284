// A client of HTTP/2 that is Node's own, and the header blocks that it writes.
import { connect, type ClientHttp2Session, type OutgoingHttpHeaders, type Settings } from 'node:http2';
import { duplexPair, type Duplex } from 'node:stream';
import { errorCodes } from '#dataplane/h2/error-code.ts';
import { frameTypes, settingIds } from '#dataplane/h2/frame.ts';
import { FrameReader } from '#dataplane/h2/frame-reader.ts';
import { FrameWriter } from '#dataplane/h2/frame-writer.ts';
import { HeaderAssembler } from '#dataplane/h2/header-assembler.ts';

/** One connection of it, to nobody: each request is refused once its block has come. */
export class BlockSource {
  readonly #writer = new FrameWriter();
  readonly #assembler = new HeaderAssembler({ blockBytesMax: 1_000_000, continuationsMax: 100 });
  readonly #side: Duplex;
  readonly #session: ClientHttp2Session;
  readonly #blocks: Buffer[] = [];
  #waiting: (() => void) | null = null;
  #acknowledged: (() => void) | null = null;

  /** `tableBytesMax`: what its encoder uses of the tables that it is offered. */
  constructor(tableBytesMax: number) {
    const [client, side] = duplexPair();
    this.#side = side;
    const options: Settings & { maxDeflateDynamicTableSize: number; createConnection: () => Duplex } = {
      maxDeflateDynamicTableSize: tableBytesMax,
      createConnection: () => client,
    };
    this.#session = connect('http://a.example', options);
    this.#session.on('error', () => {});
    const reader = new FrameReader(16_384, { frame: (...frame) => this.#frame(...frame) }, 'Preface');
    side.on('data', (octets: Buffer) => {
      if (reader.read(octets) !== null) side.destroy();
    });
    side.on('error', () => {});
    this.#writer.settings([]);
    this.#send();
  }

  /** Offers another size of table, and waits until it is taken. */
  async offer(...tableBytes: readonly number[]): Promise<void> {
    for (const bytes of tableBytes) {
      const acknowledged = Promise.withResolvers<void>();
      this.#acknowledged = acknowledged.resolve;
      this.#writer.settings([[settingIds.headerTableSize, bytes]]);
      this.#send();
      await acknowledged.promise;
    }
  }

  /** The block that a request with these fields makes. */
  async blockOf(headers: OutgoingHttpHeaders): Promise<Buffer> {
    const came = Promise.withResolvers<void>();
    this.#waiting = came.resolve;
    const request = this.#session.request(headers, { endStream: true });
    request.on('error', () => {});
    await came.promise;
    return this.#blocks.shift() ?? Buffer.alloc(0);
  }

  close(): void {
    this.#session.destroy();
    this.#side.destroy();
  }

  #frame(type: number, flags: number, streamId: number, payload: Buffer): void {
    if (type === frameTypes.settings) {
      if (flags === 0) this.#writer.settingsAck();
      else this.#acknowledged?.();
    }
    if (type === frameTypes.headers) this.#assembler.headers(flags, streamId, payload);
    if (type === frameTypes.continuation) this.#assembler.continuation(flags, payload);
    const { block } = this.#assembler;
    if (block !== null) {
      this.#assembler.block = null;
      this.#blocks.push(Buffer.from(block));
      this.#writer.reset(streamId, errorCodes.refusedStream);
      this.#waiting?.();
    }
    this.#send();
  }

  #send(): void {
    const batch = this.#writer.take();
    if (batch !== null) this.#side.write(batch);
  }
}
