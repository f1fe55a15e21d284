import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import { proxyHeader } from '#dataplane/listen/proxy-header.ts';

/** A backend that is told by the PROXY protocol whose connection each one is. */
export interface ToldBackend extends AsyncDisposable {
  readonly port: number;
  /** Of each connection that it has taken: the client it is told of (null for the gateway itself), and its header. */
  readonly told: readonly { readonly client: string | null; readonly header: string }[];
  /** Which connections (counted from 1) requests came by. */
  readonly requests: readonly number[];
  /** Connections that are open now. */
  open(): number;
}

/** Starts one on loopback that answers 200 to all; a connection without a header is cut. */
export async function aToldBackend(protocol: 'HTTP1' | 'HTTP2' = 'HTTP1'): Promise<ToldBackend> {
  const told: { client: string | null; header: string }[] = [];
  const requests: number[] = [];
  /** By the port from which it goes on to the server behind. */
  const numbers = new Map<number | undefined, number>();
  const came = (port: number | undefined): void => void requests.push(numbers.get(port) ?? 0);
  const behind =
    protocol === 'HTTP1'
      ? http.createServer((request, answer) => {
          came(request.socket.remotePort);
          answer.end('ok');
        })
      : http2.createServer((request, answer) => {
          came(request.stream.session?.socket.remotePort);
          answer.end('ok');
        });
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.once('data', (octets: Buffer) => {
      const header = proxyHeader(octets);
      if (typeof header === 'string') {
        socket.destroy();
        return;
      }
      const client = header.source === null ? null : `${header.source.address} ${header.source.port}`;
      socket.pause();
      const number = told.push({ client, header: octets.toString('latin1', 0, header.length) });
      const inner = net.connect(portOf(behind), '127.0.0.1', () => {
        numbers.set(inner.localPort, number);
        inner.write(octets.subarray(header.length));
        inner.pipe(socket).pipe(inner);
      });
      inner.on('error', () => socket.destroy());
      socket.on('close', () => inner.destroy());
    });
  });
  for (const one of [behind, server]) {
    one.listen(0, '127.0.0.1');
    await once(one, 'listening');
  }
  return {
    port: portOf(server),
    told,
    requests,
    open: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      behind.close();
      await once(server, 'close');
    },
  };
}

function portOf(server: net.Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
