import { ReadBuffer } from '../read-buffer.ts';
import { UpstreamConnection } from './connection.ts';
import { Dial } from '../dial.ts';
import type { DialEvents } from '../dial.ts';
import type { Lender, RoomWaiter } from '../connection-room.ts';
import type { ConnectionTerms, Swept } from '../surroundings.ts';
import type { Blame, ConnectEvents, Connecting, Destination, Transport } from '../transport.ts';
import type { Purpose } from '../upstream-exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { Socket } from 'node:net';

/**
 * The HTTP/1.1 connections to one endpoint, each of which carries one exchange at a time. The one used last is taken
 * first: it is the warmest, and the others grow old enough to be closed.
 */
export class Http1Pool implements Transport, Lender {
  readonly to: Destination;
  readonly terms: ConnectionTerms;
  lendsAt = -1;
  /** What connections begin with; null for nothing. */
  readonly header: Buffer | null;
  readonly #idle: UpstreamConnection[] = [];
  #open = 0;
  #retired = false;

  constructor(to: Destination, terms: ConnectionTerms, header: Buffer | null) {
    this.to = to;
    this.terms = terms;
    this.header = header;
  }

  get open(): number {
    return this.#open;
  }

  get idle(): number {
    return this.#idle.length;
  }

  take(purpose: Purpose): UpstreamConnection | null {
    const { around } = this.terms;
    const connection = this.#idle.at(-1);
    if (connection === undefined || purpose === 'Channel') return null;
    const { nowMs } = around;
    if (nowMs > connection.idleUntilMs) return null;
    // the backend has answered before it read all, and may read no more
    if (connection.socket.writableLength > 0) return null;
    if (purpose === 'Once' && nowMs - connection.idleSinceMs > around.limits.idleForUnsafeMsMax) return null;
    this.#idle.pop();
    return connection;
  }

  connect(events: ConnectEvents, purpose: Purpose): Connecting {
    return new Http1Connecting(this, events, purpose === 'Channel' ? 'Channel' : 'Exchanges');
  }

  /** Takes back a connection on which an exchange has ended exactly. */
  giveBack(connection: UpstreamConnection): void {
    const { around, connections, room } = this.terms;
    const { nowMs } = around;
    const isSpent = connections.requestsMax > 0 && connection.served >= connections.requestsMax;
    const untilMs = Math.min(
      connection.openUntilMs,
      nowMs + Math.min(connections.idleMs, connection.idleMsMax),
    );
    if (isSpent || this.#retired || untilMs < nowMs) {
      connection.abort();
      return;
    }
    if (room.first !== null) {
      this.#handOver(connection, room.first);
      return;
    }
    connection.idleSinceMs = nowMs;
    connection.idleUntilMs = untilMs;
    this.#idle.push(connection);
    room.lends(this);
    // the oldest goes: requests that must not be sent twice may find all others too old, and would open one each
    if (this.#idle.length > around.limits.idlePerEndpointMax) this.yieldOne();
  }

  /** Somebody waits for a connection: for one of these, or for room to open one of its own. */
  #handOver(connection: UpstreamConnection, first: RoomWaiter): void {
    if (!(first instanceof Http1Connecting) || !first.takes(connection)) connection.abort();
  }

  /** A connection is being opened. */
  opening(): void {
    this.#open += 1;
  }

  /** A connection, or an attempt at one (null), is no more. */
  gone(connection: UpstreamConnection | null): void {
    this.#open -= 1;
    const at = connection === null ? -1 : this.#idle.lastIndexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    this.terms.room.leave();
  }

  yieldOne(): boolean {
    const [oldest] = this.#idle;
    oldest?.abort();
    return oldest !== undefined;
  }

  sweep(): void {
    const { nowMs } = this.terms.around;
    if (!this.#idle.some(({ idleUntilMs }) => idleUntilMs < nowMs)) return;
    for (const connection of this.#idle.slice()) if (connection.idleUntilMs < nowMs) connection.abort();
  }

  retire(): void {
    this.#retired = true;
    this.terms.room.lendsNot(this);
    for (const connection of this.#idle.slice()) connection.abort();
  }
}

/** A connection that is being opened, or an exchange that waits until one may be. */
class Http1Connecting implements Connecting, DialEvents, RoomWaiter, Swept {
  readonly #pool: Http1Pool;
  readonly #mode: 'Channel' | 'Exchanges';
  readonly #deadlineMs: number;
  #events: ConnectEvents | null;
  #dial: Dial | null = null;
  #buffer: ReadBuffer | null = null;

  constructor(pool: Http1Pool, events: ConnectEvents, mode: 'Channel' | 'Exchanges') {
    this.#pool = pool;
    this.#events = events;
    this.#mode = mode;
    const { room, around } = pool.terms;
    this.#deadlineMs = around.nowMs + around.limits.roomTimeoutMs + around.limits.sweepMs;
    if (room.enter()) {
      this.granted();
    } else {
      room.wait(this);
      around.waiting.add(this);
    }
  }

  abort(): void {
    this.#events = null;
    if (this.#dial === null) {
      this.#waitNoMore();
      return;
    }
    this.#dial.abort();
    this.#pool.gone(null);
  }

  sweep(): void {
    const { room, around } = this.#pool.terms;
    if (around.nowMs < this.#deadlineMs) {
      if (room.first === this) room.yieldStalled();
      return;
    }
    this.#waitNoMore();
    this.#fail({ kind: 'Overloaded' }, 'Nobody');
  }

  granted(): void {
    const { terms, header } = this.#pool;
    const { around, tls, connections } = terms;
    around.waiting.delete(this);
    this.#pool.opening();
    // what answers refer to until they have gone on is theirs alone; what a tunnel brings is not kept
    if (tls === null && this.#mode === 'Exchanges') this.#buffer = new ReadBuffer(around.memory);
    const tunnels = tls === null ? around.memory : null;
    const memory = this.#buffer?.options ?? tunnels;
    const dialTerms = { tls, header, timeoutMs: connections.connectTimeoutMs, memory };
    this.#dial = new Dial(this.#pool.to, around, dialTerms, this);
  }

  /** Takes a connection that another exchange has done with, in place of one of its own; false if it cannot. */
  takes(connection: UpstreamConnection): boolean {
    const events = this.#events;
    if (connection.pool !== this.#pool || this.#mode === 'Channel' || events === null) return false;
    this.#waitNoMore();
    this.#events = null;
    events.connected(connection);
    return true;
  }

  dialed(socket: Socket): void {
    const events = this.#events;
    this.#events = null;
    this.#pool.terms.room.opened += 1;
    events?.connected(new UpstreamConnection(this.#pool, socket, this.#buffer));
  }

  dialFailed(detail: string): void {
    this.#pool.terms.room.unconnected += 1;
    this.#pool.gone(null);
    this.#fail({ kind: 'ConnectFailed', detail }, 'Endpoint');
  }

  #fail(failure: Failure, blame: Blame): void {
    const events = this.#events;
    this.#events = null;
    events?.connectFailed(failure, blame);
  }

  #waitNoMore(): void {
    const { room, around } = this.#pool.terms;
    room.remove(this);
    around.waiting.delete(this);
  }
}
