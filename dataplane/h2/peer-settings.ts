import { errorCodes, type H2Fault } from './error-code.ts';
import { defaultWindowBytes, windowBytesMax } from './flow.ts';
import { settingIds } from './frame.ts';

/** Streams at once before the peer has said how many it takes. */
const firstStreamsMax = 100;
/** More than anybody reaches; not infinite, as that would be a number of its own for each connection. */
const noMaximum = 0x7fff_ffff;
const frameBytesLeast = 16_384;
const frameBytesMost = 0xff_ffff;
/** What an encoder's table has before the peer's SETTINGS (RFC 7541 section 4.2 with RFC 9113 section 6.5.2). */
export const firstTableBytes = 4096;

/** What the peer's SETTINGS say (RFC 9113 section 6.5.2; RFC 8441 section 3). */
export class PeerSettings {
  /** Streams at once that we may open. */
  streamsMax = firstStreamsMax;
  /** What it takes on a new stream. */
  windowBytes = defaultWindowBytes;
  extendedConnect = false;
  /** What it takes of a block's list; who sends more is refused, or costs it the connection. */
  listBytesMax = noMaximum;
  /** Memory that its decoder has for our encoder. */
  tableBytes = firstTableBytes;
  #came = false;

  /** Whether SETTINGS have come. */
  get came(): boolean {
    return this.#came;
  }

  /** Reads the payload of a SETTINGS frame, whose length is a multiple of six. */
  read(payload: Buffer): H2Fault | null {
    if (!this.#came) this.streamsMax = noMaximum;
    this.#came = true;
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      const fault = this.#set(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
      if (fault !== null) return fault;
    }
    return null;
  }

  #set(id: number, value: number): H2Fault | null {
    switch (id) {
      case settingIds.headerTableSize:
        this.tableBytes = value;
        break;
      case settingIds.enablePush:
        if (value > 1) return wrong('SETTINGS_ENABLE_PUSH');
        break;
      case settingIds.maxConcurrentStreams:
        this.streamsMax = value;
        break;
      case settingIds.initialWindowSize:
        if (value > windowBytesMax)
          return { code: errorCodes.flowControlError, detail: 'SETTINGS_INITIAL_WINDOW_SIZE' };
        this.windowBytes = value;
        break;
      case settingIds.maxFrameSize:
        if (value < frameBytesLeast || value > frameBytesMost) return wrong('SETTINGS_MAX_FRAME_SIZE');
        break;
      case settingIds.maxHeaderListSize:
        this.listBytesMax = value;
        break;
      case settingIds.enableConnectProtocol:
        if (value > 1 || (this.extendedConnect && value === 0))
          return wrong('SETTINGS_ENABLE_CONNECT_PROTOCOL');
        this.extendedConnect = value === 1;
        break;
      default:
    }
    return null;
  }
}

function wrong(detail: string): H2Fault {
  return { code: errorCodes.protocolError, detail };
}
