import { Dial } from '../dial.ts';
import { ReadBuffer } from '../read-buffer.ts';
import { Http2Connection } from './connection.ts';
import type { Lender, RoomWaiter } from '../connection-room.ts';
import type { DialEvents } from '../dial.ts';
import type { ConnectionTerms, Swept } from '../surroundings.ts';
import type { Blame, ConnectEvents, Connecting, Destination, Transport } from '../transport.ts';
import type { Purpose } from '../upstream-exchange.ts';
import type { Http2Exchange } from './exchange.ts';
import type { Http2Home } from './connection.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { Socket } from 'node:net';

/**
 * The HTTP/2 connections to one endpoint: one, and further ones only while those there are carry all they may. Who
 * comes while one is being opened waits for it.
 */
export class Http2Pool implements Transport, Http2Home, DialEvents, RoomWaiter, Lender {
  readonly terms: ConnectionTerms;
  lendsAt = -1;
  readonly #to: Destination;
  /** What connections begin with; null for nothing. */
  readonly #header: Buffer | null;
  readonly #waiting: Http2Waiter[] = [];
  #connections: Http2Connection[] = [];
  /** The one that is being opened: first its socket, then until its SETTINGS have come. */
  #dial: Dial | null = null;
  #buffer: ReadBuffer | null = null;
  #young: Http2Connection | null = null;
  #waitsForRoom = false;
  #isServing = false;
  #retired = false;

  constructor(to: Destination, terms: ConnectionTerms, header: Buffer | null) {
    this.#to = to;
    this.#header = header;
    this.terms = terms;
  }

  get open(): number {
    return this.#connections.length + (this.#dial === null && this.#young === null ? 0 : 1);
  }

  get idle(): number {
    return this.#connections.filter((connection) => connection.isIdle).length;
  }

  get yieldsIdle(): boolean {
    return this.#waiting.length === 0 && this.terms.room.first !== null;
  }

  take(purpose: Purpose): Http2Exchange | null {
    for (const connection of this.#connections) {
      if (connection.isOpen && (purpose !== 'Channel' || connection.takesTunnels))
        return connection.exchange();
    }
    return null;
  }

  /** By a connection that takes one more, else by a new one: what is broken is known, and no longer among them. */
  connect(events: ConnectEvents, purpose: Purpose): Connecting {
    const waiter = new Http2Waiter(this, events, purpose);
    this.#waiting.push(waiter);
    this.terms.around.waiting.add(waiter);
    this.#serveSoon();
    return waiter;
  }

  /** It waits no more. */
  left(waiter: Http2Waiter): void {
    this.terms.around.waiting.delete(waiter);
    const at = this.#waiting.indexOf(waiter);
    if (at !== -1) this.#waiting.splice(at, 1);
    if (this.#waiting.length > 0) return;
    this.terms.room.remove(this);
    this.#waitsForRoom = false;
  }

  yieldOne(): boolean {
    const idle = this.#connections.find((connection) => connection.isIdle);
    idle?.leave();
    return idle !== undefined;
  }

  sweep(): void {}

  retire(): void {
    this.#retired = true;
    this.terms.room.lendsNot(this);
    for (const connection of this.#connections.slice()) connection.leave();
  }

  // ---- a connection comes

  granted(): void {
    this.#waitsForRoom = false;
    const { around, tls, connections } = this.terms;
    this.#buffer = tls === null ? new ReadBuffer(around.memory) : null;
    const memory = this.#buffer?.options ?? null;
    const terms = { tls, header: this.#header, timeoutMs: connections.connectTimeoutMs, memory };
    this.#dial = new Dial(this.#to, around, terms, this);
  }

  dialed(socket: Socket): void {
    this.terms.room.opened += 1;
    this.#dial = null;
    this.#young = new Http2Connection(this, socket, this.#buffer);
    this.#buffer = null;
  }

  dialFailed(detail: string): void {
    this.#dial = null;
    this.terms.room.unconnected += 1;
    this.terms.room.leave();
    this.#fail({ kind: 'ConnectFailed', detail });
  }

  settled(connection: Http2Connection): void {
    this.#young = null;
    this.#connections.push(connection);
    this.#serve();
    if (this.#retired) connection.leave();
    else if (connection.isIdle) this.idled();
  }

  idled(): void {
    this.terms.room.lends(this);
  }

  eased(): void {
    if (this.#waiting.length > 0) this.#serveSoon();
  }

  gone(connection: Http2Connection, detail: string): void {
    this.terms.room.leave();
    this.#connections = this.#connections.filter((other) => other !== connection);
    if (connection === this.#young) {
      this.#young = null;
      this.#to.doubt();
      this.#fail({ kind: 'ConnectFailed', detail: `no HTTP/2: ${detail}` });
    } else if (this.#waiting.length > 0) {
      this.#serveSoon();
    }
  }

  // ---- who waits

  /** Never at once: who waits has not been told that it does. */
  #serveSoon(): void {
    if (this.#isServing) return;
    this.#isServing = true;
    process.nextTick(() => {
      this.#isServing = false;
      this.#serve();
    });
  }

  #serve(): void {
    for (const waiter of this.#waiting.slice()) {
      const exchange = this.take(waiter.purpose);
      if (exchange !== null) waiter.connected(exchange);
      else if (waiter.purpose === 'Channel' && this.#takesNoTunnels) waiter.refused();
    }
    if (this.#waiting.length > 0) this.#openOne();
  }

  get #takesNoTunnels(): boolean {
    const connections = this.#connections;
    return connections.length > 0 && connections.every(({ takesTunnels }) => !takesTunnels);
  }

  #openOne(): void {
    if (this.#dial !== null || this.#young !== null || this.#waitsForRoom) return;
    // a backend that takes nothing for now takes it by no other connection either: its SETTINGS will tell
    if (this.#connections.some(({ takesNothing }) => takesNothing)) return;
    const { room } = this.terms;
    if (room.enter()) {
      this.granted();
      return;
    }
    this.#waitsForRoom = true;
    room.wait(this);
  }

  #fail(failure: Failure): void {
    for (const waiter of this.#waiting.slice()) waiter.fail(failure, 'Endpoint');
  }
}

/** An exchange that waits for a connection, or for one with room. */
class Http2Waiter implements Connecting, Swept {
  readonly purpose: Purpose;
  readonly #pool: Http2Pool;
  readonly #events: ConnectEvents;
  readonly #deadlineMs: number;

  constructor(pool: Http2Pool, events: ConnectEvents, purpose: Purpose) {
    const { around } = pool.terms;
    this.#pool = pool;
    this.#events = events;
    this.purpose = purpose;
    this.#deadlineMs = around.nowMs + around.limits.roomTimeoutMs + around.limits.sweepMs;
  }

  abort(): void {
    this.#pool.left(this);
  }

  sweep(): void {
    if (this.#pool.terms.around.nowMs >= this.#deadlineMs) this.fail({ kind: 'Overloaded' }, 'Nobody');
  }

  connected(exchange: Http2Exchange): void {
    this.#pool.left(this);
    this.#events.connected(exchange);
  }

  /** The backend cannot be asked to leave HTTP. */
  refused(): void {
    this.fail({ kind: 'ConnectFailed', detail: 'the backend takes no extended CONNECT' }, 'Nobody');
  }

  fail(failure: Failure, blame: Blame): void {
    this.#pool.left(this);
    this.#events.connectFailed(failure, blame);
  }
}
