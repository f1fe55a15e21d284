import { once } from 'node:events';
import net from 'node:net';
import { eventually } from './eventually.ts';

/** A request as a raw backend saw it. */
export interface SeenRequest {
  /** Request line and field lines, as they came, without the empty line. */
  readonly head: string;
  readonly requestLine: string;
  /** Content as it was framed, unframed; latin1. */
  readonly body: string;
  /** Trailer lines of chunked content. */
  readonly trailers: string;
  /** The number of the connection it came by. */
  readonly connection: number;
}

/** What a raw backend does on a request: octets to answer, or anything with the socket. */
export type Respond = (request: SeenRequest, socket: net.Socket) => string | Buffer | null;

/** A backend that records exact octets, reading requests by a parser of its own that is not ours. */
export interface RawBackend extends AsyncDisposable {
  readonly port: number;
  readonly seen: readonly SeenRequest[];
  /** Connections it has taken. */
  connections(): number;
  /** Settles when it has seen so many requests; fails after 5 s. */
  untilSeen(count: number): Promise<void>;
  /** Octets it could not read as a request. */
  rest(): string;
}

export const plainAnswer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** Starts one on loopback; answers 200 to all by default. */
export async function aRawBackend(respond: Respond = () => plainAnswer): Promise<RawBackend> {
  const seen: SeenRequest[] = [];
  const sockets = new Set<net.Socket>();
  let connections = 0;
  let rest = '';
  const server = net.createServer((socket) => {
    connections += 1;
    const connection = connections;
    sockets.add(socket);
    let octets = '';
    socket.on('data', (chunk: Buffer) => {
      octets += chunk.toString('latin1');
      for (;;) {
        const request = readRequest(octets, connection);
        if (request === null) break;
        octets = octets.slice(request.length);
        seen.push(request.seen);
        const answer = respond(request.seen, socket);
        if (answer !== null) socket.write(answer);
      }
      rest = octets;
    });
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    seen,
    connections: () => connections,
    untilSeen: (count) => eventually(() => seen.length >= count),
    rest: () => rest,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function readRequest(octets: string, connection: number): { seen: SeenRequest; length: number } | null {
  const headEnd = octets.indexOf('\r\n\r\n');
  if (headEnd === -1) return null;
  const head = octets.slice(0, headEnd);
  const requestLine = head.split('\r\n')[0] ?? '';
  const from = headEnd + 4;
  const made = (body: string, trailers: string, length: number): { seen: SeenRequest; length: number } => ({
    seen: { head, requestLine, body, trailers, connection },
    length,
  });
  if (/^transfer-encoding:/imu.test(head)) {
    const content = readChunks(octets.slice(from));
    return content === null ? null : made(content.body, content.trailers, from + content.length);
  }
  const length = Number(/^content-length: *(\d+)/imu.exec(head)?.[1] ?? 0);
  return octets.length < from + length ? null : made(octets.slice(from, from + length), '', from + length);
}

function readChunks(octets: string): { body: string; trailers: string; length: number } | null {
  let at = 0;
  let body = '';
  for (;;) {
    const lineEnd = octets.indexOf('\r\n', at);
    if (lineEnd === -1) return null;
    const size = Number.parseInt(octets.slice(at, lineEnd), 16);
    at = lineEnd + 2;
    if (size === 0) break;
    if (octets.length < at + size + 2) return null;
    body += octets.slice(at, at + size);
    at += size + 2;
  }
  if (octets.startsWith('\r\n', at)) return { body, trailers: '', length: at + 2 };
  const end = octets.indexOf('\r\n\r\n', at);
  return end === -1 ? null : { body, trailers: octets.slice(at, end), length: end + 4 };
}

/** A small answer to `/small`, to all else 100 MB as fast as they are taken. */
export function smallOrLarge({ requestLine }: SeenRequest, socket: net.Socket): string | null {
  if (requestLine.startsWith('GET /small ')) return plainAnswer;
  socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n');
  const piece = Buffer.alloc(1_000_000);
  const more = (): void => {
    while (socket.write(piece) && !socket.destroyed);
  };
  socket.on('drain', more);
  more();
  return null;
}
