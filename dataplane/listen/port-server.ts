import net from 'node:net';
import tls from 'node:tls';
import { clientOf } from './client-address.ts';
import { ServerConnection } from './http1/connection.ts';
import type { ConnectionHome, ConnectionSurroundings } from './surroundings.ts';
import type { RuntimeCell } from '#dataplane/runtime.ts';

/** A client whose machine is gone answers no probe: else its connection would stay for ever. */
const socketOptions = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 };

/** What a port's server needs of its surroundings. */
export interface PortServerOptions {
  readonly around: ConnectionSurroundings;
  readonly cell: RuntimeCell;
  readonly connections: Set<ServerConnection>;
  readonly port: number;
  readonly secure: boolean;
  /** Where to bind; null for all addresses. */
  readonly address: string | null;
  readonly bindPort: number;
  /** Told once, when the socket is open. */
  bound(): void;
  /** The server could not be opened, or broke: told once, after which it is closed. */
  failed(error: Error): void;
}

/** The server socket of one port of the Gateway, and which of all connections came in by it. */
export class PortServer implements ConnectionHome {
  readonly port: number;
  readonly secure: boolean;

  readonly #options: PortServerOptions;
  readonly #server: net.Server;
  #draining = false;
  #closed = false;
  #handshakes = 0;

  /** Opens the socket. */
  constructor(options: PortServerOptions) {
    this.port = options.port;
    this.secure = options.secure;
    this.#options = options;
    this.#server = options.secure ? this.#createTlsServer() : this.#createPlainServer();
    this.#server.on('error', (error) => {
      this.#closed = true;
      this.#server.close();
      options.failed(error);
    });
    this.#server.listen(
      {
        ...(options.address === null ? {} : { host: options.address }),
        port: options.bindPort,
        backlog: 4096,
      },
      () => options.bound(),
    );
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** The port that is bound, once it is; null before and after. */
  get boundPort(): number | null {
    const address = this.#server.address();
    return address === null || typeof address === 'string' ? null : address.port;
  }

  /** Answers say `Connection: close` from now on. */
  drain(): void {
    this.#draining = true;
  }

  /** Takes no more connections; those there are live on, and drain. */
  close(): void {
    this.#draining = true;
    if (this.#closed) return;
    this.#closed = true;
    this.#server.close();
  }

  #createPlainServer(): net.Server {
    return net.createServer(socketOptions, (socket) => this.#accept(socket, null));
  }

  #createTlsServer(): net.Server {
    return net.createServer(socketOptions, (socket) => this.#shakeHands(socket));
  }

  /** Each handshake takes its certificate from the runtime of its moment, so that a swap needs no new socket. */
  #shakeHands(raw: net.Socket): void {
    const { cell, port, around, connections } = this.#options;
    const secureContext = contextFor(cell, port, null);
    if (connections.size + this.#handshakes >= around.limits.connectionsMax) {
      raw.destroy();
      return;
    }
    this.#handshakes += 1;
    const socket = new tls.TLSSocket(raw, {
      isServer: true,
      ALPNProtocols: ['http/1.1'],
      ...(secureContext === null ? {} : { secureContext }),
      SNICallback: (serverName, done) =>
        done(null, contextFor(cell, port, serverName.toLowerCase()) ?? undefined),
    });
    const timer = setTimeout(() => socket.destroy(), around.limits.handshakeTimeoutMs);
    timer.unref();
    let isShaking = true;
    const shaken = (): void => {
      if (isShaking) this.#handshakes -= 1;
      isShaking = false;
      clearTimeout(timer);
    };
    raw.on('error', () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', shaken);
    socket.once('secure', () => {
      shaken();
      this.#accept(socket, { serverName: serverNameOf(socket) });
    });
  }

  #accept(socket: net.Socket, secure: { readonly serverName: string | null } | null): void {
    const { around, connections } = this.#options;
    if (connections.size >= around.limits.connectionsMax) {
      socket.destroy();
      return;
    }
    const connection = new ServerConnection(around, this, socket, clientOf(socket, secure));
    connections.add(connection);
    socket.on('close', () => connections.delete(connection));
  }
}

function contextFor(cell: RuntimeCell, port: number, serverName: string | null): tls.SecureContext | null {
  try {
    return cell.current.ports.get(port)?.tls?.contextFor(serverName) ?? null;
  } catch {
    return null;
  }
}

/** `servername` is false for none, and after TLS 1.2 resumption. */
function serverNameOf(socket: tls.TLSSocket): string | null {
  const { servername } = socket as { servername?: string | false | null };
  return typeof servername === 'string' && servername !== '' ? servername.toLowerCase() : null;
}
