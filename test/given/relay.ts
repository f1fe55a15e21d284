import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { defaultClientRules } from '#dataplane/compile/client-rules.ts';
import type { ClientRules, DatagramPort, Relay, RelayPort } from '#dataplane/runtime.ts';
import type { UpstreamCluster } from '#dataplane/upstream/cluster.ts';

/** A relay that always goes to `cluster`. */
export function aRelay(cluster: UpstreamCluster | null, port = 9000): Relay {
  return {
    listener: { name: 'stream', port, hostname: '' },
    route: 'TCPRoute/default/all',
    rule: '0',
    pick: () => cluster,
  };
}

/** A port of TCP that relays all to `cluster`. */
export function aRelayPort(cluster: UpstreamCluster | null, rules: Partial<ClientRules> = {}): RelayPort {
  return {
    kind: 'Relay',
    number: 9000,
    relay: aRelay(cluster),
    client: { ...defaultClientRules, ...rules },
    guard: null,
  };
}

/** The same of UDP. */
export function aDatagramPort(cluster: UpstreamCluster | null): DatagramPort {
  return { number: 9000, relay: aRelay(cluster), client: defaultClientRules };
}

/** A backend of octets. */
export interface StreamBackend extends AsyncDisposable {
  readonly port: number;
  /** Connections it has taken, the oldest first; closed ones too. */
  readonly sockets: readonly net.Socket[];
}

/** Starts one on loopback; `serve` is called with each connection, of which each side ends alone. */
export async function aStreamBackend(serve: (socket: net.Socket) => void): Promise<StreamBackend> {
  const sockets: net.Socket[] = [];
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** An end of UDP on loopback. */
export interface DatagramEnd extends Disposable {
  readonly port: number;
  /** What has come, as text, with whom it came from. */
  readonly seen: readonly { readonly text: string; readonly from: number }[];
  send(text: string, port: number): void;
}

/** Opens one; `answer` says what to send back to who sent a datagram, null for nothing. */
export async function aDatagramEnd(
  answer: (text: string) => string | null = () => null,
  port = 0,
): Promise<DatagramEnd> {
  const socket = dgram.createSocket('udp4');
  const seen: { readonly text: string; readonly from: number }[] = [];
  socket.on('message', (data, from) => {
    const text = data.toString('latin1');
    seen.push({ text, from: from.port });
    const back = answer(text);
    if (back !== null) socket.send(back, from.port, from.address);
  });
  socket.on('error', () => {});
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    seen,
    send: (text, port) => socket.send(text, port, '127.0.0.1'),
    [Symbol.dispose]: () => void socket.close(),
  };
}
