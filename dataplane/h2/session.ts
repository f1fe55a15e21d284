// One HTTP/2 connection (RFC 9113), of a server or of a client: octets in, streams out, and back. It knows the
// protocol's rules, its windows, and what a peer may cost; it knows no socket, no clock but the one given, no
// meaning of any field, and no policy.
import { errorCodes, type H2Fault } from './error-code.ts';
import { defaultWindowBytes, Outflow, ReceiveWindow, windowBytesMax, type Transport } from './flow.ts';
import { FloodGuard, type Clock } from './flood.ts';
import {
  clientPreface,
  frameBytesMax,
  frameFlags,
  frameHeadBytes,
  frameTypes,
  settingIds,
  streamIdMax,
} from './frame.ts';
import { FrameReader, type FrameEvents } from './frame-reader.ts';
import { FrameWriter } from './frame-writer.ts';
import { contentOf, HeaderAssembler } from './header-assembler.ts';
import { HeaderBlockReader, type BlockSection } from './header-block.ts';
import { HpackDecoder } from './hpack-decoder.ts';
import { RememberedBlocks } from './remembered-blocks.ts';
import { firstTableBytes, PeerSettings } from './peer-settings.ts';
import { WastedStreams, type ResetPace } from './wasted-streams.ts';
import { Streams } from './streams.ts';
import type { StreamsHost } from './streams-options.ts';
import type { H2Stream, StreamEvents } from './stream.ts';

/** What the peer may do. Counts and octets. */
export interface SessionSettings {
  /** Streams at once that the peer may open. */
  readonly streamsMax: number;
  /** At least those of RFC 9113 section 6.9.2, 65,535: what a peer may send before it knows better. */
  readonly streamWindowBytes: number;
  readonly connectionWindowBytes: number;
  /** Of a header block (RFC 9113 section 6.5.2); as compressed a frame more. */
  readonly listBytesMax: number;
  readonly fieldsMax: number;
  /** Streams that come to nothing. */
  readonly resetsPerSecondMax: number;
  /** Frames that move nothing. */
  readonly controlFramesPerSecondMax: number;
  readonly continuationsMax: number;
  /** Whether requests may ask for another protocol (RFC 8441). */
  readonly extendedConnect: boolean;
  /** How many streams we reset; null for any number. */
  readonly ownResets: ResetPace | null;
}

/** Who a session works for: a connection. */
export interface SessionHost extends StreamsHost, Transport, Clock {
  /** GOAWAY has come. Streams above `lastId` have been told that they were not acted on. */
  goneAway(lastId: number, code: number): void;
  /** SETTINGS have come. */
  settingsChanged(): void;
  /** The connection is beyond help: GOAWAY is written, all streams were told. Nothing more is told. */
  sessionFailed(fault: H2Fault): void;
}

/** See the head of this file. */
export class Session implements FrameEvents {
  readonly #role: 'Server' | 'Client';
  readonly #settings: SessionSettings;
  readonly #host: SessionHost;
  readonly #outflow: Outflow;
  readonly #reader: FrameReader;
  readonly #assembler: HeaderAssembler;
  readonly #guard: FloodGuard;
  readonly #incoming: ReceiveWindow;
  readonly #streams: Streams;
  readonly #peer = new PeerSettings();
  #peerIsGoing = false;
  #over = false;

  /** Does nothing before {@link start}. `section`: see {@link HeaderBlockReader}. */
  constructor(
    role: 'Server' | 'Client',
    settings: SessionSettings,
    host: SessionHost,
    section: BlockSection,
  ) {
    this.#role = role;
    this.#settings = settings;
    this.#host = host;
    const { listBytesMax, continuationsMax, ownResets } = settings;
    this.#outflow = new Outflow(new FrameWriter(), host);
    this.#reader = new FrameReader(frameBytesMax, this, role === 'Server' ? 'Preface' : 'Frames');
    // somewhat more than is taken: a head that is only too large is refused, and the connection lives on
    const blockBytesMax = listBytesMax + frameBytesMax;
    this.#assembler = new HeaderAssembler({ blockBytesMax, continuationsMax });
    this.#guard = new FloodGuard(settings, host);
    const blocks = new HeaderBlockReader(decoderFor(role), settings, section);
    const wasted = ownResets === null ? null : new WastedStreams(ownResets, host);
    this.#incoming = new ReceiveWindow(settings.connectionWindowBytes);
    const parts = { outflow: this.#outflow, incoming: this.#incoming, guard: this.#guard, blocks, wasted };
    this.#streams = new Streams(role, settings, host, { ...parts, session: this });
  }

  /** Streams that are not over, and those of which the peer cannot know it yet. */
  get openStreams(): number {
    return this.#streams.count;
  }

  /** Streams that count for the peer: those that are given up and not reset as well. */
  get takenStreams(): number {
    return this.#streams.taken;
  }

  /** Streams at once that the peer takes. */
  get peerStreamsMax(): number {
    return this.#peer.streamsMax;
  }

  /** What the peer takes of a header block, as its encoder has counted it. */
  get peerListBytesMax(): number {
    return this.#peer.listBytesMax;
  }

  get peerExtendedConnect(): boolean {
    return this.#peer.extendedConnect;
  }

  /** Whether the peer's SETTINGS have come. */
  get isSettled(): boolean {
    return this.#peer.came;
  }

  /** The stream of a header block that has begun and not ended; 0 for none. */
  get headUnderWay(): number {
    return this.#reader.blockUnderWay;
  }

  /** Octets of a stream's content that have come, and are not told before their frame is whole. */
  arriving(streamId: number): number {
    return this.#reader.partialDataOf === streamId ? this.#reader.buffered : 0;
  }

  /** False while content that has come and not gone on, of whichever stream, keeps the peer from sending any. */
  get takesContent(): boolean {
    return !this.#incoming.isUsedUp;
  }

  /** Octets it holds: what waits for windows and the transport, and beginnings of frames and heads. */
  get buffered(): number {
    return this.#outflow.unsent + this.#streams.unsent + this.#reader.buffered + this.#assembler.buffered;
  }

  /** Writes what comes first: a client's preface, SETTINGS, the connection's window. */
  start(): void {
    const { streamsMax, streamWindowBytes, listBytesMax, extendedConnect } = this.#settings;
    const { writer } = this.#outflow;
    const isServer = this.#role === 'Server';
    if (!isServer) writer.raw(Buffer.from(clientPreface, 'latin1'));
    writer.settings([
      isServer ? [settingIds.maxConcurrentStreams, streamsMax] : [settingIds.enablePush, 0],
      [settingIds.initialWindowSize, streamWindowBytes],
      [settingIds.maxHeaderListSize, listBytesMax],
      ...(isServer && extendedConnect ? [[settingIds.enableConnectProtocol, 1] as const] : []),
    ]);
    const more = this.#settings.connectionWindowBytes - defaultWindowBytes;
    if (more > 0) writer.windowUpdate(0, more);
    this.#outflow.wrote();
  }

  /**
   * Takes octets of the peer: content is told as views of them. Then tells the streams that
   * got some, and writes what came of it in one batch.
   */
  receive(bytes: Buffer): void {
    if (this.#over) return;
    this.#outflow.hold();
    const fault = this.#reader.read(bytes);
    if (fault !== null) this.fail(fault);
    this.#streams.tellFlush();
    this.#outflow.release();
  }

  /** The transport takes octets again. */
  ready(): void {
    if (!this.#over) this.#outflow.ready();
  }

  /** To be called regularly: does what time brings. */
  sweep(): void {
    if (!this.#over) this.#streams.sweep();
  }

  /** Nothing has come or gone for a while: lets go of memory that is of use only when something does. */
  rest(): void {
    this.#streams.rest();
    this.#outflow.rest();
  }

  /** Writes now what would be written when this turn of the event loop is over. */
  flush(): void {
    this.#outflow.flush();
  }

  /**
   * Client role: sends a request, whose head `block` an encoder made; `ended`: it has no content. Null when no stream
   * can be opened: see {@link canRequest}.
   */
  request(block: Buffer, ended: boolean, events: StreamEvents): H2Stream | null {
    if (!this.canRequest) return null;
    return this.#streams.request(block, { ended, events, max: this.#peer.streamsMax });
  }

  /** Whether a stream can be opened: the peer takes one more, does not go, and ids are left. */
  get canRequest(): boolean {
    return !this.#over && !this.#peerIsGoing && this.#streams.mayOpen(this.#peer.streamsMax);
  }

  /** Asks whether the peer is there: something comes of it, and {@link receive} hears of it. */
  ping(): void {
    if (this.#over) return;
    this.#outflow.writer.ping(nothingToSay, false);
    this.#outflow.wrote();
  }

  /** Announce: no request shall follow, those on their way are taken. Final: none that comes after this is taken. */
  goAway(phase: 'Announce' | 'Final', code: number = errorCodes.noError): void {
    if (this.#over) return;
    this.#outflow.writer.goAway(this.#streams.goAway(phase), code);
    this.#outflow.wrote();
  }

  /** The transport is gone: all streams are told. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#reader.stop();
    this.#outflow.stop();
    this.#streams.resetAll(errorCodes.cancel);
  }

  /** The connection is beyond help. */
  fail(fault: H2Fault): void {
    if (this.#over) return;
    this.#outflow.writer.goAway(this.#streams.goAway('Final'), fault.code);
    this.#outflow.flush();
    this.end();
    this.#host.sessionFailed(fault);
  }

  // ---- frames

  frame(type: number, flags: number, streamId: number, payload: Buffer): void {
    const fault =
      this.#peer.came || type === frameTypes.settings
        ? this.#take(type, flags, streamId, payload)
        : noSettings;
    if (fault !== null) this.fail(fault);
  }

  #take(type: number, flags: number, streamId: number, payload: Buffer): H2Fault | null {
    switch (type) {
      case frameTypes.data:
        return this.#takeData(flags, streamId, payload);
      case frameTypes.headers:
        return this.#assembler.headers(flags, streamId, payload) ?? this.#takeHead();
      case frameTypes.continuation:
        return this.#assembler.continuation(flags, payload) ?? this.#takeHead();
      case frameTypes.resetStream:
        return this.#streams.takeReset(streamId, payload.readUInt32BE(0));
      case frameTypes.settings:
        return this.#takeSettings(flags, payload);
      case frameTypes.ping:
        return this.#takePing(flags, payload);
      case frameTypes.goAway:
        return this.#takeGoAway(payload);
      case frameTypes.windowUpdate:
        return this.#takeWindowUpdate(streamId, payload.readUInt32BE(0) & windowBytesMax);
      default:
        if (!this.#guard.takesFrame()) return tooManyFrames;
        if (type !== frameTypes.priority) return null;
        return this.#streams.takePriority(streamId, payload.readUInt32BE(0) & streamIdMax);
    }
  }

  #takeData(flags: number, streamId: number, payload: Buffer): H2Fault | null {
    const data = contentOf(flags, payload);
    if (data === null) return tooMuchPadding;
    const ended = (flags & frameFlags.endStream) !== 0;
    if (data.length === 0 && !ended && !this.#guard.takesFrame()) return tooManyFrames;
    return this.#streams.takeData(streamId, data, { length: payload.length, ended });
  }

  #takeHead(): H2Fault | null {
    const assembler = this.#assembler;
    const { block } = assembler;
    if (block === null) return null;
    // it is a view of all that was read with it
    assembler.block = null;
    return this.#streams.takeHead(assembler, block);
  }

  #takeSettings(flags: number, payload: Buffer): H2Fault | null {
    if (!this.#guard.takesFrame()) return tooManyFrames;
    if ((flags & frameFlags.ack) !== 0) return this.#peer.came ? null : noSettings;
    const fault = this.#peer.read(payload);
    if (fault !== null) return fault;
    const outflow = this.#outflow;
    if (this.#peer.tableBytes < firstTableBytes) outflow.writer.sayNoTable();
    const by = this.#peer.windowBytes - outflow.streamWindow;
    outflow.streamWindow = this.#peer.windowBytes;
    outflow.writer.settingsAck();
    if (!outflow.wroteControl(frameHeadBytes)) return tooManyUnread;
    const overrun = by === 0 ? null : this.#streams.resizeWindows(by);
    outflow.pump();
    this.#host.settingsChanged();
    return overrun;
  }

  #takePing(flags: number, payload: Buffer): H2Fault | null {
    if (!this.#guard.takesAnswer()) return tooManyFrames;
    if ((flags & frameFlags.ack) !== 0) return null;
    this.#outflow.writer.ping(payload, true);
    return this.#outflow.wroteControl(frameHeadBytes + payload.length) ? null : tooManyUnread;
  }

  #takeGoAway(payload: Buffer): H2Fault | null {
    if (!this.#guard.takesFrame()) return tooManyFrames;
    const lastId = payload.readUInt32BE(0) & streamIdMax;
    if (lastId !== 0 && !this.#streams.isOwn(lastId)) return strangeGoAway;
    this.#peerIsGoing = true;
    this.#streams.resetAbove(lastId);
    this.#host.goneAway(lastId, payload.readUInt32BE(4));
    return null;
  }

  #takeWindowUpdate(streamId: number, by: number): H2Fault | null {
    if (!this.#guard.takesAnswer()) return tooManyFrames;
    const outflow = this.#outflow;
    if (streamId === 0) {
      if (by === 0) return noIncrement;
      outflow.window += by;
      if (outflow.window > windowBytesMax) return windowOverflow;
    } else {
      const fault = this.#streams.takeWindow(streamId, by);
      if (fault !== null) return fault;
    }
    outflow.pump();
    return null;
  }
}

/** Backends repeat themselves on few connections; clients' are many, and each would hold what it remembers. */
function decoderFor(role: 'Server' | 'Client'): HpackDecoder {
  return new HpackDecoder(firstTableBytes, role === 'Client' ? new RememberedBlocks() : null);
}

const nothingToSay = Buffer.alloc(8);
const { protocolError, flowControlError, enhanceYourCalm } = errorCodes;
const noSettings: H2Fault = { code: protocolError, detail: 'no SETTINGS first' };
const strangeGoAway: H2Fault = { code: protocolError, detail: 'GOAWAY with a stream of its sender' };
const tooMuchPadding: H2Fault = { code: protocolError, detail: 'more padding than frame' };
const noIncrement: H2Fault = { code: protocolError, detail: 'WINDOW_UPDATE of 0' };
const windowOverflow: H2Fault = { code: flowControlError, detail: 'WINDOW_UPDATE beyond the maximum' };
const tooManyFrames: H2Fault = { code: enhanceYourCalm, detail: 'too many frames' };
const tooManyUnread: H2Fault = { code: enhanceYourCalm, detail: 'frames that nobody reads' };
