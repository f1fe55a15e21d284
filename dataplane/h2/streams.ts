import { ClosedStreams } from './closed-streams.ts';
import { errorCodes, isPeersFault, type H2Fault } from './error-code.ts';
import { streamIdMax } from './frame.ts';
import * as faults from './stream-faults.ts';
import { H2Stream, type StreamEvents, type StreamOwner } from './stream.ts';
import type { StreamsHost, StreamsParts, StreamsSettings } from './streams-options.ts';
import type { Outflow, ReceiveWindow } from './flow.ts';
import type { WastedStreams } from './wasted-streams.ts';
import type { FloodGuard } from './flood.ts';
import type { HeaderAssembler } from './header-assembler.ts';
import type { HeaderBlockReader, RequestBlock } from './header-block.ts';
import type { Fields } from '#dataplane/http/fields.ts';

/** For connections without any, which are most: never added to. */
const noStreams = new Map<number, H2Stream>();

/**
 * All streams of a connection: their states (RFC 9113 section 5.1), the order of what comes on one (section 8.1), the
 * connection's window for what comes, and what streams that come to nothing may cost.
 */
export class Streams implements StreamOwner {
  readonly outflow: Outflow;

  readonly #role: 'Server' | 'Client';
  readonly #settings: StreamsSettings;
  readonly #host: StreamsHost;
  readonly #guard: FloodGuard;
  readonly #blocks: HeaderBlockReader;
  readonly #wasted: WastedStreams | null;
  readonly #session: StreamsParts['session'];
  readonly #incoming: ReceiveWindow;
  readonly #closed: ClosedStreams;
  #open = noStreams;
  #touched: H2Stream[] = [];
  #lastPeerId = 0;
  /** That of a client's upgrade is 1, which so is never used. */
  #lastOwnId = 1;
  /** Streams of the peer above this are not looked at: our GOAWAY says so. */
  #lastTakenId = streamIdMax;

  constructor(role: 'Server' | 'Client', settings: StreamsSettings, host: StreamsHost, parts: StreamsParts) {
    this.#role = role;
    this.#settings = settings;
    this.#host = host;
    this.outflow = parts.outflow;
    this.#guard = parts.guard;
    this.#blocks = parts.blocks;
    this.#wasted = parts.wasted;
    this.#closed = new ClosedStreams(parts.wasted);
    this.#session = parts.session;
    this.#incoming = parts.incoming;
  }

  /** Nobody has asked for a while: lets go of what is empty. */
  rest(): void {
    if (this.#open.size === 0) this.#open = noStreams;
  }

  /** Streams that are not over, and those of which the peer cannot know it yet. */
  get count(): number {
    return this.#open.size + this.outflow.endedUnsent;
  }

  /** Those that count for the peer: beside the open ones, those that are given up and not reset. */
  get taken(): number {
    return this.#open.size + (this.#wasted?.size ?? 0);
  }

  /** Content that waits for windows or the transport. */
  get unsent(): number {
    let octets = 0;
    for (const stream of this.#open.values()) octets += stream.unsent;
    return octets;
  }

  /** The last stream of the peer that we look at; `Final`: none that comes after this. */
  goAway(phase: 'Announce' | 'Final'): number {
    if (phase === 'Final') this.#lastTakenId = Math.min(this.#lastTakenId, this.#lastPeerId);
    return this.#lastTakenId;
  }

  /** Client role: opens a stream for a request, if `max` allows one more; null when not, or when ids are used up. */
  request(block: Buffer, of: { ended: boolean; events: StreamEvents; max: number }): H2Stream | null {
    if (!this.mayOpen(of.max)) return null;
    this.#lastOwnId += 2;
    const stream = new H2Stream(this.#lastOwnId, this, this.#settings.streamWindowBytes);
    stream.events = of.events;
    this.#add(stream);
    this.outflow.isBusy = true;
    stream.head(block, of.ended);
    return stream;
  }

  mayOpen(max: number): boolean {
    return this.taken < max && this.#lastOwnId + 2 <= streamIdMax;
  }

  /** Tells each stream that got a head or data that there is no more for now. */
  tellFlush(): void {
    const touched = this.#touched;
    if (touched.length === 0) return;
    this.#touched = [];
    for (const stream of touched) {
      stream.touched = false;
      stream.events?.streamFlush();
    }
  }

  /** All streams are gone with their connection. */
  resetAll(code: number): void {
    for (const stream of this.#open.values()) this.#tellReset(stream, code, true);
    this.#wasted?.clear();
  }

  /** Resets streams that were given up before, as many as may be by now. */
  sweep(): void {
    for (let id = this.#wasted?.due() ?? null; id !== null; id = this.#wasted?.due() ?? null) {
      this.outflow.writer.reset(id, errorCodes.cancel);
      this.outflow.wrote();
      this.#wasted?.over(id);
    }
  }

  /** The peer's GOAWAY: our streams above `lastId` were not acted on. */
  resetAbove(lastId: number): void {
    for (const stream of this.#open.values()) {
      if (this.isOwn(stream.id) && stream.id > lastId)
        this.#tellReset(stream, errorCodes.refusedStream, false);
    }
  }

  // ---- frames of streams

  /** DATA: `data` in a frame of `length` octets with its padding. */
  takeData(id: number, data: Buffer, frame: { length: number; ended: boolean }): H2Fault | null {
    const { length } = frame;
    if (this.#isIdle(id)) return faults.idleStream;
    if (!this.#incoming.takes(length)) return faults.connectionOverrun;
    const stream = this.#open.get(id);
    if (stream === undefined || stream.remoteEnded || !stream.takes(length)) {
      this.returned(length);
      if (stream === undefined)
        return this.#closed.takes(id, frame) ? null : this.#rejectNew(id, errorCodes.streamClosed);
      return this.#reject(stream, stream.remoteEnded ? errorCodes.streamClosed : errorCodes.flowControlError);
    }
    if (length > data.length) stream.credit(length - data.length);
    if (!stream.hasHead) return this.#reject(stream, errorCodes.protocolError);
    if (data.length > 0) {
      this.#touch(stream);
      stream.events?.streamData(data);
    }
    if (frame.ended) this.#endRemote(stream, null);
    return null;
  }

  /** HEADERS, put together. */
  takeHead({ streamId: id, endStream, dependsOn }: HeaderAssembler, block: Buffer): H2Fault | null {
    const stream = this.#open.get(id);
    // its block changes the table, whatever becomes of it
    if (stream === undefined)
      return this.#takeFirstHead(id, endStream, { block, isOwnChild: dependsOn === id });
    const isTrailers = this.#role === 'Server' || stream.hasHead;
    const head = isTrailers ? this.#blocks.trailers(block) : this.#blocks.response(block);
    if (head === 'CompressionError') return faults.brokenTables;
    if (stream.remoteEnded) return this.#reject(stream, errorCodes.streamClosed);
    if (typeof head === 'string' || dependsOn === id) return this.#reject(stream, errorCodes.protocolError);
    if ('status' in head) {
      stream.hasHead = head.status >= 200;
      if (endStream && !stream.hasHead) return this.#reject(stream, errorCodes.protocolError);
      if (endStream) stream.remoteEnded = true;
      // who waits for content must not wait for the head as well
      this.#touch(stream);
      stream.events?.streamHead(head, endStream);
      this.#closeIfEnded(stream);
    } else if (endStream) this.#endRemote(stream, head);
    else return this.#reject(stream, errorCodes.protocolError);
    return null;
  }

  /** RST_STREAM. */
  takeReset(id: number, code: number): H2Fault | null {
    if (this.#isIdle(id)) return faults.idleStream;
    const stream = this.#open.get(id);
    if (stream === undefined) {
      this.#wasted?.over(id);
      return this.#guard.takesFrame() ? null : faults.tooManyFrames;
    }
    // what a server says behind an answer that is whole, when it does not want the rest of the request
    const isCourtesy = this.#role === 'Client' && stream.remoteEnded && code === errorCodes.noError;
    if (!isCourtesy && !this.#guard.takesReset()) return faults.tooManyResets;
    this.#tellReset(stream, code, code !== errorCodes.refusedStream);
    return null;
  }

  /** WINDOW_UPDATE of a stream. */
  takeWindow(id: number, by: number): H2Fault | null {
    if (this.#isIdle(id)) return faults.idleStream;
    const stream = this.#open.get(id);
    if (stream === undefined) return null;
    if (by === 0) return this.#reject(stream, errorCodes.protocolError);
    return stream.widen(by) ? null : this.#reject(stream, errorCodes.flowControlError);
  }

  /** The peer's SETTINGS_INITIAL_WINDOW_SIZE has changed (RFC 9113 section 6.9.2). */
  resizeWindows(by: number): H2Fault | null {
    for (const stream of this.#open.values()) if (!stream.widen(by)) return faults.connectionOverrun;
    return null;
  }

  /** PRIORITY, which means nothing to us; but no stream depends on itself (RFC 7540 section 5.3.1). */
  takePriority(id: number, dependsOn: number): H2Fault | null {
    if (dependsOn !== id) return null;
    const stream = this.#open.get(id);
    return stream === undefined ? faults.ownChild : this.#reject(stream, errorCodes.protocolError);
  }

  #takeFirstHead(id: number, ended: boolean, of: { block: Buffer; isOwnChild: boolean }): H2Fault | null {
    const blocks = this.#blocks;
    if (this.#role === 'Client' || id <= this.#lastPeerId) {
      return blocks.trailers(of.block) === 'CompressionError'
        ? faults.brokenTables
        : this.#takeLateHead(id, ended);
    }
    const head = blocks.request(of.block);
    if (head === 'CompressionError') return faults.brokenTables;
    if (id % 2 === 0) return faults.evenStream;
    this.#closed.opened(id, this.#lastPeerId);
    this.#lastPeerId = id;
    if (id > this.#lastTakenId) {
      this.#closed.abandoned(id, this.#settings.streamWindowBytes);
      return null;
    }
    if (this.count >= this.#settings.streamsMax) return this.#refuse(id);
    if (head === 'Malformed' || of.isOwnChild) {
      const fault = this.#rejectNew(id, errorCodes.protocolError);
      this.#host.streamRejected(of.isOwnChild ? 'depends on itself' : blocks.fault);
      return fault;
    }
    return this.#openStream(id, head, ended);
  }

  #openStream(id: number, head: RequestBlock | 'TooLarge', ended: boolean): H2Fault | null {
    const stream = new H2Stream(id, this, this.#settings.streamWindowBytes);
    stream.hasHead = true;
    stream.remoteEnded = ended;
    this.#add(stream);
    this.outflow.isBusy = true;
    const events = this.#host.streamOpened(stream, head, ended);
    if (stream.isClosed) return null;
    stream.events = events;
    if (events !== null) return null;
    this.#close(stream);
    return this.#refuse(id);
  }

  #add(stream: H2Stream): void {
    if (this.#open === noStreams) this.#open = new Map();
    this.#open.set(stream.id, stream);
  }

  #refuse(id: number): H2Fault | null {
    this.#closed.abandoned(id, this.#settings.streamWindowBytes);
    return this.#rejectNew(id, errorCodes.refusedStream);
  }

  #takeLateHead(id: number, ended: boolean): H2Fault | null {
    if (this.#isIdle(id)) return faults.idleStream;
    if (this.#wasted?.has(id) === true) {
      if (ended) this.#wasted.ended(id);
      return null;
    }
    if (this.#closed.isExpected(id)) return this.#guard.takesFrame() ? null : faults.tooManyFrames;
    return this.#closed.wasSkipped(id) ? faults.skippedStream : faults.closedStream;
  }

  #touch(stream: H2Stream): void {
    if (stream.touched) return;
    stream.touched = true;
    this.#touched.push(stream);
  }

  #endRemote(stream: H2Stream, trailers: Fields | null): void {
    if (stream.isClosed) return;
    stream.remoteEnded = true;
    stream.events?.streamEnd(trailers);
    this.#closeIfEnded(stream);
  }

  // ---- ends

  #closeIfEnded(stream: H2Stream): void {
    if (stream.remoteEnded && stream.localEnded && !stream.isClosed) this.#close(stream);
  }

  /** A fault of the peer that costs it the stream. */
  #reject(stream: H2Stream, code: number): H2Fault | null {
    if (stream.isClosed) return null;
    this.#writeReset(stream, code);
    this.#tellReset(stream, code, true);
    return this.#guard.takesReset() ? null : faults.tooManyResets;
  }

  #rejectNew(id: number, code: number): H2Fault | null {
    this.outflow.writer.reset(id, code);
    this.outflow.wrote();
    return this.#guard.takesReset() ? null : faults.tooManyResets;
  }

  #writeReset(stream: H2Stream, code: number): void {
    this.#expectLate(stream);
    this.outflow.writer.reset(stream.id, code);
    this.outflow.wrote();
  }

  #expectLate(stream: H2Stream): void {
    if (!stream.remoteEnded) this.#closed.abandoned(stream.id, stream.mayCome);
  }

  /** Gives a stream up, of which the peer shall not hear now. */
  #waste(stream: H2Stream, wasted: WastedStreams): void {
    this.#expectLate(stream);
    wasted.add(stream.id, this.#remove(stream), stream.localEnded);
    this.#tellLast();
  }

  #tellReset(stream: H2Stream, code: number, actedOn: boolean): void {
    const events = this.#remove(stream);
    events?.streamReset(code, actedOn);
    events?.streamClosed();
    this.#tellLast();
  }

  #close(stream: H2Stream): void {
    this.#remove(stream)?.streamClosed();
    this.#tellLast();
  }

  /** Who is still to be told that it is over. */
  #remove(stream: H2Stream): StreamEvents | null {
    const { events } = stream;
    stream.events = null;
    this.#open.delete(stream.id);
    this.returned(stream.close());
    return events;
  }

  #tellLast(): void {
    if (this.#open.size > 0) return;
    this.outflow.isBusy = false;
    this.#host.lastStreamClosed();
  }

  /** Whether a stream of this number would be one that we open. */
  isOwn(id: number): boolean {
    return id % 2 === (this.#role === 'Client' ? 1 : 0);
  }

  /** Nobody has opened it; no server pushes here. */
  #isIdle(id: number): boolean {
    if (id % 2 === 0) return true;
    return id > (this.#role === 'Client' ? this.#lastOwnId : this.#lastPeerId);
  }

  // ---- what streams ask for

  returned(octets: number): void {
    const announced = this.#incoming.give(octets);
    if (announced === 0) return;
    this.outflow.writer.windowUpdate(0, announced);
    this.outflow.wrote();
  }

  sent(): void {
    this.#guard.sent();
  }

  localEnded(stream: H2Stream): void {
    if (this.#role === 'Client' || stream.isTunnel) {
      this.#closeIfEnded(stream);
      return;
    }
    this.outflow.endedUnsent += 1;
    // the answer is whole, and the rest of the request of no use (RFC 9113 section 8.1)
    if (!stream.remoteEnded) this.#writeReset(stream, errorCodes.noError);
    this.#close(stream);
  }

  abandoned(stream: H2Stream, code: number): void {
    const wasted = this.#wasted;
    if (wasted !== null && !isPeersFault(code) && !wasted.mayReset()) {
      this.#waste(stream, wasted);
      return;
    }
    this.#writeReset(stream, code);
    this.#close(stream);
    if (isPeersFault(code) && !this.#guard.takesReset()) this.#session.fail(faults.tooManyResets);
  }
}
