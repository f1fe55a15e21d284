import net from 'node:net';
import { oneSpelling } from '#dataplane/http/address.ts';

/** What a proxy before us says of the client (HAProxy's PROXY protocol, versions 1 and 2). */
export interface ProxyHeader {
  readonly kind: 'Header';
  /** Null where the proxy names nobody (LOCAL, UNKNOWN, not TCP over IP): the connection is its own. */
  readonly source: ProxySource | null;
  /** So many octets it is long. */
  readonly length: number;
}

export interface ProxySource {
  /** As `Client.address`: one spelling for each address. */
  readonly address: string;
  readonly port: number;
}

/** A header with all of its additions (TLVs) is no longer than this. */
export const proxyHeaderBytesMax = 4 * 1024;

/**
 * Reads the header that `bytes` begin with. `Incomplete`: so far it may become one. `None`: they begin otherwise.
 * `Malformed`: they begin as one and go on as none. Believed must be only what a named source sends.
 */
export function proxyHeader(bytes: Buffer): ProxyHeader | 'Incomplete' | 'None' | 'Malformed' {
  if (beginsAs(bytes, signature)) return bytes.length < 16 ? early(bytes) : binaryHeader(bytes);
  if (beginsAs(bytes, word)) return textHeader(bytes);
  return 'None';
}

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const word = Buffer.from('PROXY ', 'latin1');
/** With its line end. */
const textBytesMax = 107;

/** As far as both go. */
function beginsAs(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.compare(start, 0, length, 0, length) === 0;
}

/** `PROXY TCP4 <source> <destination> <port> <port>`, CR LF; behind UNKNOWN anything may stand. */
function textHeader(bytes: Buffer): ProxyHeader | 'Incomplete' | 'Malformed' {
  const end = bytes.subarray(0, textBytesMax).indexOf('\r\n');
  if (end === -1) return bytes.length < textBytesMax ? 'Incomplete' : 'Malformed';
  const length = end + 2;
  const [, family, from = '', to = '', fromPort = '', toPort = '', ...more] = bytes
    .toString('latin1', 0, end)
    .split(' ');
  if (family === 'UNKNOWN') return { kind: 'Header', source: null, length };
  const version = family === 'TCP4' ? 4 : 6;
  if (family !== 'TCP4' && family !== 'TCP6') return 'Malformed';
  if (net.isIP(from) !== version || net.isIP(to) !== version || from.includes('%')) return 'Malformed';
  if (!portForm.test(fromPort) || !portForm.test(toPort) || more.length > 0) return 'Malformed';
  const port = Number(fromPort);
  if (port > 65_535 || Number(toPort) > 65_535) return 'Malformed';
  return { kind: 'Header', source: { address: oneSpelling(from), port }, length };
}

const portForm = /^(?:0|[1-9]\d{0,4})$/u;

const commands = { local: 0x20, proxy: 0x21 };
/** Octets of addresses and ports by family and transport; of those with 0 nothing is read. */
const addressBytes: ReadonlyMap<number, number> = new Map([
  [0x00, 0],
  [0x11, 12],
  [0x12, 12],
  [0x21, 36],
  [0x22, 36],
  [0x31, 216],
  [0x32, 216],
]);
const tcpOverIpv4 = 0x11;
const tcpOverIpv6 = 0x21;

function early(bytes: Buffer): 'Incomplete' | 'Malformed' {
  const [command = commands.local] = bytes.subarray(12, 13);
  return isCommand(command) ? 'Incomplete' : 'Malformed';
}

function isCommand(octet: number): boolean {
  return octet === commands.local || octet === commands.proxy;
}

function binaryHeader(bytes: Buffer): ProxyHeader | 'Incomplete' | 'Malformed' {
  const [command = 0, family = 0] = bytes.subarray(12, 14);
  const length = 16 + bytes.readUInt16BE(14);
  if (!isCommand(command) || length > proxyHeaderBytesMax) return 'Malformed';
  if (command === commands.proxy && length - 16 < (addressBytes.get(family) ?? length)) return 'Malformed';
  if (bytes.length < length) return 'Incomplete';
  return { kind: 'Header', source: command === commands.local ? null : sourceOf(bytes, family), length };
}

function sourceOf(bytes: Buffer, family: number): ProxySource | null {
  if (family === tcpOverIpv4)
    return { address: bytes.subarray(16, 20).join('.'), port: bytes.readUInt16BE(24) };
  if (family !== tcpOverIpv6) return null;
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(16 + 2 * at).toString(16));
  return { address: oneSpelling(groups.join(':')), port: bytes.readUInt16BE(48) };
}
