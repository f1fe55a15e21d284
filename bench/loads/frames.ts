// WebSocket messages of 1 KB as both ends of the bench send them (RFC 6455 section 5.2).

const length = 1024;

/** From a client: binary, final, masked with zeros, so that masking costs the ends nothing. Proxies do not look. */
export const messageFrame = Buffer.concat([
  Buffer.from([0x82, 0x80 | 126, length >> 8, length & 0xff, 0, 0, 0, 0]),
  Buffer.alloc(length, 0x61),
]);

/** From a backend. */
export const answerFrame = Buffer.concat([
  Buffer.from([0x82, 126, length >> 8, length & 0xff]),
  Buffer.alloc(length, 0x62),
]);

/** Octets of a message and of its answer. */
export const maskedFrameLength = messageFrame.length;
