/** The error codes of HTTP/2 (RFC 9113 section 7). */
export const errorCodes = {
  noError: 0x0,
  protocolError: 0x1,
  internalError: 0x2,
  flowControlError: 0x3,
  settingsTimeout: 0x4,
  streamClosed: 0x5,
  frameSizeError: 0x6,
  refusedStream: 0x7,
  cancel: 0x8,
  compressionError: 0x9,
  connectError: 0xa,
  enhanceYourCalm: 0xb,
  inadequateSecurity: 0xc,
  http11Required: 0xd,
} as const;

/** What the peer did wrong: the code that it is told, and words for the log. Of the connection unless said otherwise. */
export interface H2Fault {
  readonly code: number;
  readonly detail: string;
}

/** Whether a stream that is reset by this code is so for what its peer did. */
export function isPeersFault(code: number): boolean {
  switch (code) {
    case errorCodes.protocolError:
    case errorCodes.flowControlError:
    case errorCodes.streamClosed:
    case errorCodes.enhanceYourCalm:
      return true;
    default:
      return false;
  }
}
