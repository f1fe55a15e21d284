import net from 'node:net';
import { HeadScanner } from '#dataplane/http/head-scanner.ts';
import { accept } from './accept.ts';
import { Admissions } from './admissions.ts';
import { fixedLimits } from './limits.ts';
import { spoken } from './protocols.ts';
import { TlsServers } from './tls-servers.ts';
import type { AcceptHome } from './accept.ts';
import type { AddressCounts } from '#dataplane/http/address-counts.ts';
import type { ClientConnection } from './client-connection.ts';
import type { Limits } from './limits.ts';
import type { Protocol } from './protocols.ts';
import type { ConnectionSurroundings } from './surroundings.ts';
import type { ClientRules, Port, PortGuard, Relay, RuntimeCell, TlsPort } from '#dataplane/runtime.ts';

/** A client whose machine is gone answers no probe: else its connection would stay for ever. */
const socketOptions = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 };

/** What a port's server needs of its surroundings. */
export interface PortServerOptions {
  readonly around: ConnectionSurroundings;
  readonly cell: RuntimeCell;
  readonly connections: Set<ClientConnection>;
  readonly addresses: AddressCounts;
  /** As it is in the runtime now. */
  readonly port: Port;
  /** What stands before the port's own limits. */
  readonly limits: Partial<Limits>;
  /** Where to bind; null for all addresses. */
  readonly address: string | null;
  readonly bindPort: number;
  /** Told once, when the socket is open. */
  bound(): void;
  /** The server could not be opened, or broke: told once, after which it is closed. */
  failed(error: Error): void;
}

/** The server socket of one port of the Gateway, and what holds for the connections that come in by it. */
export class PortServer implements AcceptHome {
  readonly port: number;

  readonly #options: PortServerOptions;
  readonly #server: net.Server;
  #rules: ClientRules;
  #guard: PortGuard | null;
  #limits: Limits;
  #scanner: HeadScanner;
  #protocols: ReadonlySet<Protocol>;
  #tls: TlsServers | null;
  #draining = false;
  #closed = false;

  /** Opens the socket. */
  constructor(options: PortServerOptions) {
    this.#options = options;
    const { port } = options;
    this.port = port.number;
    this.around = options.around;
    this.connections = options.connections;
    this.addresses = options.addresses;
    this.#rules = port.client;
    this.#guard = port.guard;
    this.#limits = limitsOf(port.client, options.limits);
    this.#scanner = scannerFor(this.#limits);
    this.#protocols = spoken(port.client.protocols);
    this.#tls = isSecure(port) ? new TlsServers(this.#protocols) : null;
    // TLS reads its sockets itself
    this.#server = isSecure(port)
      ? net.createServer(socketOptions, (socket) => accept(this, socket))
      : net.createServer({ ...socketOptions, pauseOnConnect: true }, (socket) => accept(this, socket));
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

  readonly around: ConnectionSurroundings;
  readonly connections: Set<ClientConnection>;
  readonly addresses: AddressCounts;
  readonly admissions = new Admissions();

  get draining(): boolean {
    return this.#draining;
  }

  get rules(): ClientRules {
    return this.#rules;
  }

  get guard(): PortGuard | null {
    return this.#guard;
  }

  get limits(): Limits {
    return this.#limits;
  }

  get scanner(): HeadScanner {
    return this.#scanner;
  }

  get protocols(): ReadonlySet<Protocol> {
    return this.#protocols;
  }

  get tls(): TlsServers | null {
    return this.#tls;
  }

  /** The port that is bound, once it is; null before and after. */
  get boundPort(): number | null {
    const address = this.#server.address();
    return address === null || typeof address === 'string' ? null : address.port;
  }

  tlsPort(): TlsPort | null {
    const port = this.#options.cell.current.ports.get(this.port);
    return port?.kind === 'Http' ? port.tls : null;
  }

  relay(): Relay | null {
    const port = this.#options.cell.current.ports.get(this.port);
    return port?.kind === 'Relay' ? port.relay : null;
  }

  /** What holds from now on; false when that takes another server: TLS and what is in the clear share no socket. */
  follow(port: Port): boolean {
    const { client } = port;
    if (isSecure(port) !== (this.#tls !== null)) return false;
    this.admissions.review(this.tlsPort());
    this.#guard = port.guard;
    if (client === this.#rules) return true;
    this.#rules = client;
    this.#limits = limitsOf(client, this.#options.limits);
    const { headBytesMax, fieldCountMax } = this.#limits;
    if (headBytesMax !== this.#scanner.bytesMax || fieldCountMax !== this.#scanner.fieldsMax)
      this.#scanner = scannerFor(this.#limits);
    const protocols = spoken(client.protocols);
    if (this.#protocols.symmetricDifference(protocols).size > 0) {
      this.#protocols = protocols;
      this.#tls = isSecure(port) ? new TlsServers(protocols) : null;
    }
    return true;
  }

  /** Lets go of what nobody has used for a while. */
  sweep(nowMs: number): void {
    this.#tls?.sweep(nowMs);
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
}

function isSecure(port: Port): boolean {
  return port.kind === 'Http' && port.tls !== null;
}

function limitsOf({ limits }: ClientRules, before: Partial<Limits>): Limits {
  return Object.freeze({ ...fixedLimits, ...limits, ...before });
}

function scannerFor({ headBytesMax: bytesMax, fieldCountMax: fieldsMax }: Limits): HeadScanner {
  return new HeadScanner({ bytesMax, fieldsMax, underscores: 'Refuse' });
}
