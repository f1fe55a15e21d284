import net from 'node:net';
import { UpstreamConnection } from './http1/connection.ts';
import { ReadBuffer } from './http1/read-buffer.ts';
import type { HeadScanner } from '#dataplane/http/head-scanner.ts';
import type { Endpoint } from '#snapshot/cluster.ts';
import type { UpstreamLimits } from './limits.ts';

/** A connection on which nothing moves for so long is probed by TCP. */
const probeAfterMs = 60_000;

/** Is told how an attempt to connect ended: exactly one of the two, never at once, and nothing after `abort`. */
export interface ConnectEvents {
  connected(connection: UpstreamConnection): void;
  connectFailed(detail: string): void;
}

/** What all pools of a data plane share. `nowMs` is coarse: the last sweep's monotonic time. */
export interface PoolSurroundings {
  readonly limits: UpstreamLimits;
  readonly scanner: HeadScanner;
  readonly connecting: Set<Connecting>;
  nowMs: number;
}

/**
 * The connections to one endpoint. The one used last is taken first: it is the warmest, and the others grow old
 * enough to be closed.
 */
export class EndpointPool {
  /** `address:port`, for logs. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** By the coarse clock; 0 when it is not passed over. */
  passedOverUntilMs = 0;

  readonly #surroundings: PoolSurroundings;
  readonly #idle: UpstreamConnection[] = [];
  #count = 0;
  #retired = false;
  /** It did not take a connection, and has taken none since. */
  #inDoubt = false;

  constructor(endpoint: Endpoint, surroundings: PoolSurroundings) {
    this.address = endpoint.address;
    this.port = endpoint.port;
    this.name = endpoint.address.includes(':')
      ? `[${endpoint.address}]:${endpoint.port}`
      : `${endpoint.address}:${endpoint.port}`;
    this.#surroundings = surroundings;
  }

  /** Connections, idle and busy. */
  get count(): number {
    return this.#count;
  }

  get idleCount(): number {
    return this.#idle.length;
  }

  /** An idle connection, or null. `unsafe`: for a request that must not be sent twice. */
  take(purpose: 'Safe' | 'Unsafe'): UpstreamConnection | null {
    const { limits, nowMs } = this.#surroundings;
    const connection = this.#idle.at(-1);
    if (connection === undefined) return null;
    const idleMs = nowMs - connection.idleSinceMs;
    if (purpose === 'Unsafe' && idleMs > limits.idleForUnsafeMsMax) return null;
    if (idleMs > connection.idleMsMax) return null;
    this.#idle.pop();
    return connection;
  }

  /** Opens a connection for `events`. `Stream`: one whose socket can be taken over. */
  connect(events: ConnectEvents, mode: 'Http' | 'Stream'): Connecting {
    const { limits, connecting } = this.#surroundings;
    // one request finds out whether it is back; the others need not wait for that
    if (this.#inDoubt) this.doubt();
    const isFull = this.#count >= limits.connectionsPerEndpointMax;
    if (!isFull) this.#count += 1;
    const attempt = new Connecting(this, this.#surroundings, { events, isFull, mode });
    connecting.add(attempt);
    return attempt;
  }

  /** Takes back a connection on which an exchange has ended exactly. */
  giveBack(connection: UpstreamConnection): void {
    if (this.#retired || this.#idle.length >= this.#surroundings.limits.idlePerEndpointMax) {
      connection.abort();
      return;
    }
    connection.idleSinceMs = this.#surroundings.nowMs;
    this.#idle.push(connection);
  }

  /** A connection, or an attempt at one, is no more. */
  gone(connection: UpstreamConnection | null): void {
    this.#count -= 1;
    const at = connection === null ? -1 : this.#idle.lastIndexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
  }

  /** The endpoint did not take a connection, or not soon: others first, for a while. */
  doubt(): void {
    const { limits, nowMs } = this.#surroundings;
    this.#inDoubt = true;
    this.passedOverUntilMs = nowMs + limits.connectTimeoutMs + limits.passOverMs;
  }

  /** The endpoint has taken a connection. */
  trust(): void {
    this.#inDoubt = false;
    this.passedOverUntilMs = 0;
  }

  /** Closes what has been idle too long. */
  sweep(): void {
    const { limits, nowMs } = this.#surroundings;
    if (this.passedOverUntilMs !== 0 && this.passedOverUntilMs <= nowMs) this.passedOverUntilMs = 0;
    for (const connection of this.#idle.slice()) {
      if (nowMs - connection.idleSinceMs > Math.min(limits.idleTimeoutMs, connection.idleMsMax))
        connection.abort();
    }
  }

  /** The endpoint has left: exchanges under way end, idle connections are closed, none is kept any more. */
  retire(): void {
    this.#retired = true;
    for (const connection of this.#idle.slice()) connection.abort();
  }
}

/** A connection that is being opened. */
export class Connecting {
  readonly #pool: EndpointPool;
  readonly #surroundings: PoolSurroundings;
  readonly #deadlineMs: number;
  readonly #doubtMs: number;
  readonly #socket: net.Socket | null;
  readonly #buffer: ReadBuffer | null;
  #connection: UpstreamConnection | null = null;
  #events: ConnectEvents | null;

  constructor(
    pool: EndpointPool,
    surroundings: PoolSurroundings,
    of: { events: ConnectEvents; isFull: boolean; mode: 'Http' | 'Stream' },
  ) {
    this.#pool = pool;
    this.#surroundings = surroundings;
    this.#events = of.events;
    const { limits, nowMs } = surroundings;
    // one sweep more, since the coarse clock may be that far behind
    this.#deadlineMs = nowMs + limits.connectTimeoutMs + limits.sweepMs;
    this.#doubtMs = nowMs + limits.slowConnectMs + limits.sweepMs;
    if (of.isFull) {
      this.#socket = null;
      this.#buffer = null;
      process.nextTick(() => this.#end()?.connectFailed('too many connections to the endpoint'));
      return;
    }
    const buffer = of.mode === 'Http' ? new ReadBuffer() : null;
    const socket = net.connect({
      host: pool.address,
      port: pool.port,
      noDelay: true,
      // a backend whose machine is gone answers no probe: else an exchange would wait for it for ever
      keepAlive: true,
      keepAliveInitialDelay: probeAfterMs,
      allowHalfOpen: true,
      ...(buffer === null ? {} : { onread: this.#readInto(buffer) }),
    });
    this.#buffer = buffer;
    this.#socket = socket;
    socket.on('connect', () => this.#onConnect(socket));
    socket.on('error', (error) => this.#onFailure(error.message));
    socket.on('close', () => this.#onFailure('closed'));
  }

  /** Gives up; nothing more is told. */
  abort(): void {
    if (this.#end() !== null && this.#socket !== null) this.#pool.gone(null);
    this.#socket?.destroy();
  }

  /** Fails when its time is over by the coarse clock; warns others off when it takes long already. */
  sweep(): void {
    const { nowMs } = this.#surroundings;
    if (nowMs >= this.#doubtMs) this.#pool.doubt();
    if (nowMs < this.#deadlineMs) return;
    this.#socket?.destroy();
    this.#onFailure('no connection in time');
  }

  #onConnect(socket: net.Socket): void {
    const events = this.#end();
    if (events === null) {
      socket.destroy();
      return;
    }
    socket.removeAllListeners();
    this.#pool.trust();
    const { scanner } = this.#surroundings;
    const connection = new UpstreamConnection(this.#pool, socket, scanner, this.#buffer);
    this.#connection = connection;
    events.connected(connection);
  }

  /** Node's way to read into memory of ours: a buffer for each next read, and a call for each that was made. */
  #readInto(buffer: ReadBuffer): net.OnReadOpts {
    return {
      buffer: () => buffer.bytes,
      callback: (count) => {
        this.#connection?.receive(count);
        return true;
      },
    };
  }

  #onFailure(detail: string): void {
    const events = this.#end();
    if (events === null) return;
    this.#pool.gone(null);
    this.#pool.doubt();
    events.connectFailed(detail);
  }

  #end(): ConnectEvents | null {
    const events = this.#events;
    this.#events = null;
    this.#surroundings.connecting.delete(this);
    return events;
  }
}
