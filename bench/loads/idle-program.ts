// Keep-alive connections that make one request each and then stay.
// usage: idle-program.ts PORT COUNT FIRST-HOST http1|http2
// Connects from 127.0.FIRST-HOST.1 on, 10,000 from each address. Says a line "open N" when all were answered, and ends
// with its input.
import { connect } from 'node:net';
import type { Socket } from 'node:net';

const [port = 0, count = 0, firstHost = 0] = process.argv.slice(2, 5).map(Number);
const isHttp2 = process.argv[5] === 'http2';
const sockets: Socket[] = [];
let next = 0;

function open(at: number): Promise<boolean> {
  return new Promise((resolve) => {
    const localAddress = `127.0.${firstHost + Math.floor(at / 10_000)}.1`;
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    socket.once('connect', () => sockets.push(socket));
    socket.on('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    if (isHttp2) ask2(socket, () => resolve(true));
    else ask1(socket, () => resolve(true));
  });
}

function ask1(socket: Socket, answered: () => void): void {
  socket.once('data', answered);
  socket.write('GET /bench/small HTTP/1.1\r\nHost: bench.example\r\nUser-Agent: bench/1.0 (linux)\r\n\r\n');
}

const [headers, settings] = [1, 4];
const [endStream, ack, endHeaders] = [1, 1, 4];

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.of(0, payload.length >> 8, payload.length, type, flags, 0, 0, 0, stream);
  return Buffer.concat([head, payload]);
}

/** A field whose name is in the static table, and which is put into the other one, as clients do (RFC 7541 section 6.2.1). */
function field(index: number, value: string): Buffer {
  return Buffer.concat([Buffer.of(0x40 | index, value.length), Buffer.from(value, 'latin1')]);
}

const [get, http] = [0x82, 0x86];
const request = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1'),
  frame(settings, 0, 0, Buffer.alloc(0)),
  frame(
    headers,
    endStream | endHeaders,
    1,
    Buffer.concat([
      Buffer.of(get, http),
      field(1, 'bench.example'),
      field(4, '/bench/small'),
      field(58, 'bench/1.0 (linux)'),
    ]),
  ),
]);

function ask2(socket: Socket, answered: () => void): void {
  let octets: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    octets = Buffer.concat([octets, chunk]);
    while (octets.length >= 9 && octets.length >= 9 + octets.readUIntBE(0, 3)) {
      const [type = 0, flags = 0] = [octets[3], octets[4]];
      if (type === settings && (flags & ack) === 0) socket.write(frame(settings, ack, 0, Buffer.alloc(0)));
      if (octets[8] === 1 && (flags & endStream) !== 0) answered();
      octets = octets.subarray(9 + octets.readUIntBE(0, 3));
    }
  });
  socket.write(request);
}

async function repeat(): Promise<void> {
  while (next < count) {
    const at = next;
    next += 1;
    await open(at);
  }
}

await Promise.all(Array.from({ length: 50 }, repeat));
console.log(`open ${sockets.filter((socket) => !socket.destroyed).length}`);
process.stdin.resume().once('end', () => process.exit(0));
