import { BlockSection } from '#dataplane/h2/header-block.ts';
import { Session } from '#dataplane/h2/session.ts';
import { preface, readFrames, settings } from './h2-frames.ts';
import type { H2Fault } from '#dataplane/h2/error-code.ts';
import type { RequestBlock, ResponseBlock } from '#dataplane/h2/header-block.ts';
import type { SessionHost, SessionSettings } from '#dataplane/h2/session.ts';
import type { H2Stream, StreamEvents } from '#dataplane/h2/stream.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { SeenFrame } from './h2-frames.ts';

/** What came on one stream, in order. */
export class SeenStream implements StreamEvents {
  readonly stream: H2Stream;
  readonly head: RequestBlock | 'TooLarge' | null;
  readonly ended: boolean;
  readonly events: string[] = [];
  data = '';
  isClosed = false;
  /** Whether data is credited as it comes. */
  credits: boolean;

  constructor(
    stream: H2Stream,
    head: RequestBlock | 'TooLarge' | null,
    of: { ended: boolean; credits: boolean },
  ) {
    this.stream = stream;
    this.head = head;
    this.ended = of.ended;
    this.credits = of.credits;
  }

  streamHead(head: ResponseBlock, ended: boolean): void {
    this.events.push(`head ${head.status}${ended ? ' ended' : ''}`);
  }

  streamData(data: Buffer): void {
    this.data += data.toString('latin1');
    this.events.push(`data ${data.length}`);
    if (this.credits) this.stream.credit(data.length);
  }

  streamEnd(trailers: Fields | null): void {
    this.events.push(trailers === null ? 'end' : `end ${trailers.nameAt(0)}`);
  }

  streamFlush(): void {
    this.events.push('flush');
  }

  streamReady(): void {
    this.events.push('ready');
  }

  streamReset(code: number, actedOn: boolean): void {
    this.events.push(`reset ${code}${actedOn ? '' : ' not acted on'}`);
  }

  streamClosed(): void {
    this.isClosed = true;
  }
}

/** A server's session without a socket, and what it says and tells. */
export class GivenSession implements SessionHost {
  readonly session: Session;
  readonly streams: SeenStream[] = [];
  readonly rejected: string[] = [];
  fault: H2Fault | null = null;
  takes = true;
  /** Whether what it is given is still on its way when it comes back. */
  keeps = false;
  /** Whether streams credit what they get. */
  credits = true;
  accepts = true;
  nowMs = 0;
  #written: Buffer[] = [];

  constructor(wanted: Partial<SessionSettings> = {}, begins = true) {
    this.session = new Session('Server', { ...ordinary, ...wanted }, this, new BlockSection());
    this.session.start();
    if (!begins) return;
    this.receive(preface, settings());
    this.frames();
  }

  receive(...octets: readonly Buffer[]): void {
    this.session.receive(Buffer.concat(octets));
  }

  /** What has been written since this was asked last. */
  frames(): SeenFrame[] {
    this.session.flush();
    const { frames } = readFrames(Buffer.concat(this.#written));
    this.#written = [];
    return frames;
  }

  /** The last stream that was opened. */
  get last(): SeenStream {
    const last = this.streams.at(-1);
    if (last === undefined) throw new Error('no stream was opened');
    return last;
  }

  write(octets: Buffer): boolean {
    this.#written.push(this.keeps ? octets : Buffer.from(octets));
    return this.takes;
  }

  keepsOctets(): boolean {
    return this.keeps;
  }

  streamOpened(stream: H2Stream, head: RequestBlock | 'TooLarge', ended: boolean): StreamEvents | null {
    if (!this.accepts) return null;
    const seen = new SeenStream(stream, head, { ended, credits: this.credits });
    this.streams.push(seen);
    return seen;
  }

  streamRejected(detail: string): void {
    this.rejected.push(detail);
  }

  goneAway(): void {}
  settingsChanged(): void {}
  lastStreamClosed(): void {}

  sessionFailed(fault: H2Fault): void {
    this.fault = fault;
  }
}

const ordinary: SessionSettings = {
  streamsMax: 100,
  streamWindowBytes: 65_536,
  connectionWindowBytes: 1_048_576,
  listBytesMax: 32_768,
  fieldsMax: 100,
  resetsPerSecondMax: 100,
  controlFramesPerSecondMax: 500,
  continuationsMax: 16,
  extendedConnect: true,
  ownResets: null,
};
