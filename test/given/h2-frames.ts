// HTTP/2 by hand (RFC 9113 section 4), so that tests of our codec do not trust our codec.

/** A frame as it came. */
export interface SeenFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

export const types = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  window: 8,
  continuation: 9,
} as const;

export const endStream = 0x1;
export const ack = 0x1;
export const endHeaders = 0x4;
export const padded = 0x8;
export const priority = 0x20;

/** A frame's octets. */
export function frame(type: number, flags: number, stream: number, payload: Buffer | string = ''): Buffer {
  const octets = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const head = Buffer.alloc(9);
  head.writeUIntBE(octets.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, octets]);
}

/** Four octets. */
export function number(value: number): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value);
  return octets;
}

/** SETTINGS of pairs of id and value. */
export function settings(...pairs: readonly (readonly [number, number])[]): Buffer {
  const payload = pairs.map(([id, value]) => {
    const octets = Buffer.alloc(6);
    octets.writeUInt16BE(id);
    octets.writeUInt32BE(value, 2);
    return octets;
  });
  return frame(types.settings, 0, 0, Buffer.concat(payload));
}

/** A header block of literals without indexing and without Huffman (RFC 7541 section 6.2.2). */
export function block(...fields: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0), literal(name), literal(value)]));
}

function literal(text: string): Buffer {
  const octets = Buffer.from(text, 'latin1');
  if (octets.length < 0x7f) return Buffer.concat([Buffer.of(octets.length), octets]);
  const length = [0x7f];
  let rest = octets.length - 0x7f;
  for (; rest >= 0x80; rest >>>= 7) length.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([...length, rest]), octets]);
}

/** The block of a plain request. */
export function requestBlock(
  method: string,
  path: string,
  ...fields: readonly (readonly [name: string, value: string])[]
): Buffer {
  const pseudo = [
    [':method', method],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'a.test'],
  ] as const;
  return block(...pseudo, ...fields);
}

/** HEADERS of a plain request, with END_HEADERS. */
export function request(
  stream: number,
  flags: number = endStream,
  of: Buffer = requestBlock('GET', '/'),
): Buffer {
  return frame(types.headers, flags | endHeaders, stream, of);
}

/** The whole frames in octets, and what is behind them. */
export function readFrames(octets: Buffer): { frames: SeenFrame[]; rest: Buffer } {
  const frames: SeenFrame[] = [];
  let at = 0;
  while (octets.length - at >= 9) {
    const end = at + 9 + octets.readUIntBE(at, 3);
    if (end > octets.length) break;
    const stream = octets.readUInt32BE(at + 5);
    frames.push({
      type: octets[at + 3] ?? 0,
      flags: octets[at + 4] ?? 0,
      stream,
      payload: octets.subarray(at + 9, end),
    });
    at = end;
  }
  return { frames, rest: octets.subarray(at) };
}
