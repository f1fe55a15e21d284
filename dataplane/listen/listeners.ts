// The clients' side of the data plane: server sockets that follow the runtime's ports, connections, their limits, and
// the drain. Knows nothing of routes, filters and backends: requests go to the engine as they come.
import { noBans, type BanList } from '#dataplane/http/ban-list.ts';
import { createGateway } from '#dataplane/proxy/gateway.ts';
import { AddressCounts } from '#dataplane/http/address-counts.ts';
import { Http2Terms } from './http2/session-terms.ts';
import { LentMemory } from '#dataplane/http/lent-memory.ts';
import { fixedLimits } from './limits.ts';
import type { HeapMode } from './heap-mode.ts';
import { Newcomers } from './newcomers.ts';
import { OverloadGuard } from './overload-guard.ts';
import { PortServer } from './port-server.ts';
import { inTurns } from './turns.ts';
import { DatagramRoom } from './relay/datagram-room.ts';
import { DatagramServer } from './relay/datagram-server.ts';
import type { ClientConnection } from './client-connection.ts';
import type { Limits } from './limits.ts';
import type { ConnectionSurroundings } from './surroundings.ts';
import type { OverloadLevel } from './overload-guard.ts';
import type { DatagramLimits } from './relay/datagram-server.ts';
import type { PortServerOptions } from './port-server.ts';
import type { Observer } from '#dataplane/http/observer.ts';
import type { DatagramPort, Port, RuntimeCell } from '#dataplane/runtime.ts';
import type { PortProtocol } from '#snapshot/port-key.ts';

export interface ListenersOptions {
  readonly cell: RuntimeCell;
  readonly observer: Observer;
  /** Nobody is banned unless told. */
  readonly bans?: BanList;
  /** What stands before the limits of each port. */
  readonly limits?: Partial<Limits>;
  readonly datagramLimits?: Partial<DatagramLimits>;
  /** The address to bind; all of them by default, of both families where there are two. */
  readonly address?: string;
  /** The port to bind for a port of the Gateway; the same one by default. 0 takes a free one. */
  bindPort?(port: number): number;
  /** A port that cannot be served, and what about it; tried again while it is wanted. */
  problem?(problem: PortProblem): void;
  /** A port is open from now on. */
  opened?(port: OpenPort): void;
  /** There is more to do than can be done, or no longer; see OverloadGuard. */
  overload?(level: OverloadLevel): void;
  /** Told how many connections there are; V8 stays as it is by default. */
  readonly heap?: HeapMode;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** A port of the Gateway. */
export interface OpenPort {
  readonly port: number;
  readonly protocol: PortProtocol;
}

/** Why a port of the Gateway is not served. */
export interface PortProblem extends OpenPort {
  readonly bindPort: number;
  /** As of node:net, for example `EADDRINUSE`. */
  readonly code: string;
  readonly message: string;
}

export interface DrainOptions {
  /** So long connections are still taken, for load balancers that have not heard yet. */
  readonly acceptMs: number;
  /** Idle connections are closed when no request has come on them for so long after that. */
  readonly idleMs: number;
  /** After so long in all, what is left is cut. */
  readonly deadlineMs: number;
}

export interface Listeners {
  /**
   * Opens and closes server sockets so that they are those of the cell's runtime; to be called after each swap.
   * Settles when every new one is bound or has told its problem.
   */
  follow(): Promise<void>;
  /** The bound port for a port of the Gateway; null while there is none. */
  boundPort(port: number): number | null;
  /** The same for a port of UDP. */
  boundDatagramPort(port: number): number | null;
  /** Connections there are, tunnels included. */
  connectionCount(): number;
  /** Ends serving without failing a request; settles when the last connection is gone or the deadline is over. */
  drain(options: DrainOptions): Promise<void>;
  /** Cuts everything at once. */
  close(): void;
}

/** Ports that could not be bound are tried again this often. */
const retryMs = 1_000;

/** Begins without sockets: `follow` opens them. */
export function createListeners(options: ListenersOptions): Listeners {
  return new FollowingListeners(options);
}

class FollowingListeners implements Listeners {
  readonly #options: ListenersOptions;
  readonly #now: () => number;
  readonly #guard = new OverloadGuard();
  readonly #around: ConnectionSurroundings & { readonly guard: OverloadGuard; nowMs: number };
  readonly #connections = new Set<ClientConnection>();
  readonly #addresses = new AddressCounts();
  readonly #servers = new Map<number, PortServer>();
  readonly #datagramServers = new Map<number, DatagramServer>();
  readonly #datagramRoom = new DatagramRoom();
  readonly #sweepMs: number;
  readonly #sweepTimer: NodeJS.Timeout;
  #isSweeping = false;
  #retryTimer: NodeJS.Timeout | null = null;
  #isEnding = false;

  constructor(options: ListenersOptions) {
    this.#options = options;
    this.#now = options.now ?? ((): number => performance.now());
    const { sweepMs } = { ...fixedLimits, ...options.limits };
    const gateway = createGateway({ ...options, now: this.#now });
    this.#around = {
      gateway,
      bans: options.bans ?? noBans,
      http2: new Http2Terms(),
      memory: new LentMemory(),
      newcomers: new Newcomers(),
      guard: this.#guard,
      nowMs: this.#now(),
    };
    this.#sweepMs = sweepMs;
    this.#sweepTimer = setInterval(() => this.#sweep(), sweepMs);
    this.#sweepTimer.unref();
  }

  async follow(): Promise<void> {
    if (this.#isEnding) return;
    const { ports, datagramPorts } = this.#options.cell.current;
    for (const [number, server] of this.#datagramServers) {
      const port = datagramPorts.get(number);
      if (port === undefined) {
        server.remove();
        this.#datagramServers.delete(number);
      } else {
        server.follow(port);
      }
    }
    for (const [number, server] of this.#servers) {
      const port = ports.get(number);
      if (port !== undefined && server.follow(port)) continue;
      server.close();
      this.#servers.delete(number);
    }
    const opening: Promise<void>[] = [];
    for (const port of ports.values()) {
      if (!this.#servers.has(port.number)) opening.push(this.#open(port));
    }
    for (const port of datagramPorts.values()) {
      if (!this.#datagramServers.has(port.number)) opening.push(this.#openDatagrams(port));
    }
    await Promise.all(opening);
  }

  boundPort(port: number): number | null {
    return this.#servers.get(port)?.boundPort ?? null;
  }

  boundDatagramPort(port: number): number | null {
    return this.#datagramServers.get(port)?.boundPort ?? null;
  }

  connectionCount(): number {
    return this.#connections.size;
  }

  async drain({ acceptMs, idleMs, deadlineMs }: DrainOptions): Promise<void> {
    this.#isEnding = true;
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    const beganMs = this.#now();
    for (const server of this.#all()) server.drain();
    for (const connection of this.#connections) connection.drain();
    // Where no port is open nobody is sent, so nobody needs the time to learn that this data plane ends.
    if (this.#servers.size + this.#datagramServers.size > 0) await delay(Math.min(acceptMs, deadlineMs));
    for (const server of this.#all()) server.close();
    while (this.#connections.size > 0 && this.#now() - beganMs < deadlineMs) {
      const isOver = this.#now() - beganMs >= acceptMs + idleMs;
      if (isOver) for (const connection of this.#connections) connection.endIdle();
      await delay(Math.min(20, deadlineMs));
    }
    this.close();
  }

  close(): void {
    this.#isEnding = true;
    clearInterval(this.#sweepTimer);
    this.#options.heap?.follow(this, 0);
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    for (const server of this.#all()) server.close();
    this.#servers.clear();
    this.#datagramServers.clear();
    for (const connection of this.#connections) connection.destroy();
  }

  #all(): Iterable<PortServer | DatagramServer> {
    return [...this.#servers.values(), ...this.#datagramServers.values()];
  }

  #open(port: Port): Promise<void> {
    const { number } = port;
    return this.#opening({ port: number, protocol: 'TCP' }, (told) => {
      const failed = (error: Error): void => {
        if (this.#servers.get(number) === server) this.#servers.delete(number);
        told.failed(error);
      };
      const server = new PortServer({ ...this.#home(), ...told, failed, port });
      this.#servers.set(number, server);
    });
  }

  #openDatagrams(port: DatagramPort): Promise<void> {
    const { number } = port;
    const { datagramLimits = {} } = this.#options;
    return this.#opening({ port: number, protocol: 'UDP' }, (told) => {
      const failed = (error: Error): void => {
        if (this.#datagramServers.get(number) === server) this.#datagramServers.delete(number);
        told.failed(error);
      };
      const room = this.#datagramRoom;
      const server = new DatagramServer({ ...this.#home(), ...told, failed, port, room, datagramLimits });
      this.#datagramServers.set(number, server);
    });
  }

  /** What all servers have of this one. */
  #home(): Omit<PortServerOptions, 'port' | keyof Opening> {
    const { cell, limits = {}, address = null } = this.#options;
    const connections = this.#connections;
    return { around: this.#around, cell, connections, addresses: this.#addresses, limits, address };
  }

  /** Settles when the port is open or has told its problem. */
  #opening(port: OpenPort, open: (told: Opening) => void): Promise<void> {
    const bindPort = this.#options.bindPort?.(port.port) ?? port.port;
    return new Promise((resolve) => {
      open({
        bindPort,
        bound: () => {
          this.#options.opened?.(port);
          resolve();
        },
        failed: (error) => {
          const code = (error as NodeJS.ErrnoException).code ?? 'UNKNOWN';
          this.#options.problem?.({ ...port, bindPort, code, message: error.message });
          this.#retryLater();
          resolve();
        },
      });
    });
  }

  #retryLater(): void {
    if (this.#isEnding || this.#retryTimer !== null) return;
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = null;
      void this.follow();
    }, retryMs);
    this.#retryTimer.unref();
  }

  #sweep(): void {
    if (this.#isSweeping) return;
    const nowMs = this.#now();
    const lateMs = nowMs - this.#around.nowMs - this.#sweepMs;
    this.#around.nowMs = nowMs;
    this.#options.heap?.follow(this, this.#connections.size);
    for (const server of this.#servers.values()) server.sweep(nowMs);
    let buffered = 0;
    const sweep = (connection: ClientConnection): void => {
      connection.sweep(nowMs);
      buffered += connection.buffered;
    };
    this.#isSweeping = true;
    inTurns(this.#connections, sweep, () => {
      this.#isSweeping = false;
      this.#guardAgainstOverload(lateMs, buffered);
    });
  }

  #guardAgainstOverload(lateMs: number, buffered: number): void {
    const { level } = this.#guard;
    const limits = [...this.#servers.values()].map((server) => server.limits);
    this.#guard.sweep({
      connections: this.#connections,
      buffered,
      nowMs: this.#around.nowMs,
      lateMs,
      connectionsMax: least(limits.map(({ connectionsMax }) => connectionsMax)),
      bufferedBytesMax: least(limits.map(({ bufferedBytesMax }) => bufferedBytesMax)),
    });
    if (this.#guard.level !== level) this.#options.overload?.(this.#guard.level);
  }
}

/** What a server is told of its socket, and tells. */
type Opening = Pick<PortServerOptions, 'bindPort' | 'bound' | 'failed'>;

function least(bounds: readonly number[]): number {
  return Math.min(...bounds, Number.MAX_SAFE_INTEGER);
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
