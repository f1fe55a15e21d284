// The numbers of HTTP/2's frames (RFC 9113 sections 4.1, 6 and 6.5.2; RFC 8441 section 3).

export const frameTypes = {
  data: 0x0,
  headers: 0x1,
  priority: 0x2,
  resetStream: 0x3,
  settings: 0x4,
  pushPromise: 0x5,
  ping: 0x6,
  goAway: 0x7,
  windowUpdate: 0x8,
  continuation: 0x9,
} as const;

/** Bits of a frame's flags. Those of END_STREAM and ACK are the same, and never mean both in one type. */
export const frameFlags = {
  endStream: 0x1,
  ack: 0x1,
  endHeaders: 0x4,
  padded: 0x8,
  priority: 0x20,
} as const;

export const settingIds = {
  headerTableSize: 0x1,
  enablePush: 0x2,
  maxConcurrentStreams: 0x3,
  initialWindowSize: 0x4,
  maxFrameSize: 0x5,
  maxHeaderListSize: 0x6,
  enableConnectProtocol: 0x8,
} as const;

/** Octets of a frame's head: length, type, flags, stream (RFC 9113 section 4.1). */
export const frameHeadBytes = 9;

/** The payload that every peer takes: the least and first SETTINGS_MAX_FRAME_SIZE. We neither send nor take more. */
export const frameBytesMax = 16_384;

/** What a client sends first (RFC 9113 section 3.4), as latin1. */
export const clientPreface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/** The greatest id of a stream. */
export const streamIdMax = 0x7fff_ffff;
