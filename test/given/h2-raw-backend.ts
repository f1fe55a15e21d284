import { once } from 'node:events';
import net from 'node:net';
import { frame, preface, settings, types } from './h2-frames.ts';

/** What is sent for a request: frames for its stream, written by hand. */
export type RespondByFrames = (stream: number, socket: net.Socket) => Buffer | null;

/** A backend that speaks HTTP/2 as it is told to, reading frames by a parser of its own. */
export interface RawH2Backend extends AsyncDisposable {
  readonly port: number;
  /** Numbers of the requests' streams, and of the connections they came by. */
  readonly seen: readonly { readonly stream: number; readonly connection: number }[];
  connections(): number;
}

/** Starts one; its SETTINGS come first unless `greeting` is something else. */
export async function aRawH2Backend(
  respond: RespondByFrames,
  greeting: Buffer = settings(),
): Promise<RawH2Backend> {
  const seen: { stream: number; connection: number }[] = [];
  const sockets = new Set<net.Socket>();
  let connections = 0;
  const server = net.createServer((socket) => {
    connections += 1;
    const connection = connections;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.write(greeting);
    let octets = Buffer.alloc(0);
    let at = preface.length;
    socket.on('data', (chunk: Buffer) => {
      octets = Buffer.concat([octets, chunk]);
      while (octets.length >= at + 9 && octets.length >= at + 9 + octets.readUIntBE(at, 3)) {
        const type = octets[at + 3];
        const stream = octets.readUInt32BE(at + 5);
        const isAck = ((octets[at + 4] ?? 0) & 1) === 1;
        at += 9 + octets.readUIntBE(at, 3);
        if (type === types.settings && !isAck) socket.write(frame(types.settings, 1, 0));
        if (type !== types.headers) continue;
        seen.push({ stream, connection });
        const answer = respond(stream, socket);
        if (answer !== null) socket.write(answer);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    seen,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
