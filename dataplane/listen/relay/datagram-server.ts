import { inTheClear } from '#dataplane/http/exchange.ts';
import dgram from 'node:dgram';
import net from 'node:net';
import { addressGroup, plainAddress } from '#dataplane/http/address.ts';
import { DatagramSession } from './datagram-session.ts';
import type { DatagramRoom, RoomTaker } from './datagram-room.ts';
import type { RemoteInfo, Socket } from 'node:dgram';
import type { AddressCounts } from '#dataplane/http/address-counts.ts';
import type { ClientConnection } from '../client-connection.ts';
import type { ConnectionSurroundings } from '../surroundings.ts';
import type { Limits } from '../limits.ts';
import type { ClientRules, DatagramPort, Relay, RuntimeCell } from '#dataplane/runtime.ts';

/** What datagrams may cost. A sender can name any address as its own, so each new one is paid for. */
export interface DatagramLimits {
  /** Sessions at once on all ports, and never more than half of all connections: each has a socket. */
  readonly sessionsMax: number;
  readonly sessionsPerSecondMax: number;
  readonly sessionIdleMs: number;
}

const defaultDatagramLimits: DatagramLimits = {
  sessionsMax: 10_000,
  sessionsPerSecondMax: 1_000,
  sessionIdleMs: 60_000,
};

/** More than this, not sent to clients yet, is not added to: like a router, it drops. */
const unsentBytesMax = 4 * 1024 * 1024;

/** What a server for datagrams needs of its surroundings. */
export interface DatagramServerOptions {
  readonly around: ConnectionSurroundings;
  readonly cell: RuntimeCell;
  /** All connections of the data plane, of which sessions are some. */
  readonly connections: Set<ClientConnection>;
  readonly addresses: AddressCounts;
  /** That of the sessions of all ports. */
  readonly room: DatagramRoom;
  /** As it is in the runtime now. */
  readonly port: DatagramPort;
  /** What stands before the port's own limits. */
  readonly limits: Partial<Limits>;
  readonly datagramLimits?: Partial<DatagramLimits>;
  /** Where to bind; null for all addresses. */
  readonly address: string | null;
  readonly bindPort: number;
  /** Told once, when the socket is open. */
  bound(): void;
  /** The socket could not be opened, or broke: told once, after which it is closed. */
  failed(error: Error): void;
}

/** The socket of one port for datagrams, and whose they are. */
export class DatagramServer implements RoomTaker {
  readonly port: number;

  readonly #options: DatagramServerOptions;
  readonly #limits: DatagramLimits;
  #rules: ClientRules;
  /** By the client's end; the one that was silent longest comes first. */
  readonly #sessions = new Map<string, DatagramSession>();
  #socket: Socket;
  #boundPort: number | null = null;
  #isDraining = false;
  #isClosing = false;
  #isClosed = false;
  /** New sessions that may begin now. */
  #allowance: number;
  #allowedMs: number;

  /** Opens the socket. */
  constructor(options: DatagramServerOptions) {
    this.port = options.port.number;
    this.#rules = options.port.client;
    this.#options = options;
    this.#limits = { ...defaultDatagramLimits, ...options.datagramLimits };
    this.#allowance = this.#limits.sessionsPerSecondMax;
    this.#allowedMs = options.around.nowMs;
    const { address, room } = options;
    room.enter(this);
    this.#socket = this.#open(address !== null && net.isIPv4(address) ? 'udp4' : 'udp6');
  }

  /** The port that is bound, once it is; null before and after. */
  get boundPort(): number | null {
    return this.#boundPort;
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }

  endOldest(): void {
    this.#sessions.values().next().value?.destroy();
  }

  /** What holds from now on. */
  follow({ client }: DatagramPort): void {
    this.#rules = client;
  }

  /** Takes no datagrams of clients that have no session. */
  drain(): void {
    this.#isDraining = true;
  }

  /** As {@link drain}; the socket is closed when the last session is over. */
  close(): void {
    this.#isDraining = true;
    this.#isClosing = true;
    if (this.#sessions.size === 0) this.#end();
  }

  /** The port is gone: so are all sessions. */
  remove(): void {
    this.#isDraining = true;
    for (const session of this.#sessions.values()) session.destroy();
    this.#end();
  }

  #open(type: 'udp4' | 'udp6'): Socket {
    const { address, bindPort } = this.#options;
    const socket = dgram.createSocket(type);
    socket.on('error', (error) => this.#onError(error, type));
    socket.on('message', (data, from) => this.#onMessage(data, from));
    socket.bind({ port: bindPort, ...(address === null ? {} : { address }) }, () => {
      this.#boundPort = socket.address().port;
      this.#options.bound();
    });
    return socket;
  }

  /** A machine without IPv6 has no addresses of both families. */
  #onError(error: Error, type: 'udp4' | 'udp6'): void {
    const { code } = error as NodeJS.ErrnoException;
    const isFamily = code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL';
    if (this.#boundPort === null && type === 'udp6' && isFamily && this.#options.address === null) {
      this.#socket.close();
      this.#socket = this.#open('udp4');
      return;
    }
    if (this.#isClosed) return;
    this.remove();
    this.#options.failed(error);
  }

  #onMessage(data: Buffer, from: RemoteInfo): void {
    const key = `${from.address} ${from.port}`;
    const known = this.#sessions.get(key);
    if (known === undefined) {
      if (this.#isAllowed()) this.#begin(key, from)?.receive(data);
    } else if (known.isLost || known.route !== this.#relay()?.route) {
      known.destroy();
      this.#begin(key, from)?.receive(data);
    } else {
      this.#sessions.delete(key);
      this.#sessions.set(key, known);
      known.receive(data);
    }
  }

  /** The first datagram of a session; null when there is nowhere to go with it, or too much already. */
  #begin(key: string, from: RemoteInfo): DatagramSession | null {
    const { around, connections, addresses } = this.#options;
    const relay = this.#isDraining || from.port === 0 ? null : this.#relay();
    const { connectionsMax, connectionsPerAddressMax } = { ...this.#rules.limits, ...this.#options.limits };
    if (relay === null || connections.size >= connectionsMax) return null;
    const address = plainAddress(from.address);
    if (around.bans.at(this.port, address)?.isShadow === false) return null;
    const group = addressGroup(address);
    if (!addresses.enter(group, connectionsPerAddressMax)) return null;
    const running = around.gateway.relayDatagrams(relay, {
      client: { address, port: from.port, peer: address, ...inTheClear },
      reply: (data) => this.#reply(key, data, from),
      closed: () => this.#over(key, group),
    });
    if (running === null) {
      addresses.leave(group);
      return null;
    }
    this.#options.room.make(Math.min(this.#limits.sessionsMax, connectionsMax / 2));
    const { sessionIdleMs } = this.#limits;
    const session = new DatagramSession({ running, route: relay.route }, sessionIdleMs, () => around.nowMs);
    this.#sessions.set(key, session);
    connections.add(session);
    return session;
  }

  /** By the runtime of the moment. */
  #relay(): Relay | null {
    return this.#options.cell.current.datagramPorts.get(this.port)?.relay ?? null;
  }

  #over(key: string, group: string): void {
    const session = this.#sessions.get(key);
    if (session === undefined) return;
    this.#sessions.delete(key);
    this.#options.connections.delete(session);
    this.#options.addresses.leave(group);
    if (this.#isClosing && this.#sessions.size === 0) this.#end();
  }

  #reply(key: string, data: Buffer, to: RemoteInfo): void {
    this.#sessions.get(key)?.moved();
    if (this.#isClosed || this.#socket.getSendQueueSize() > unsentBytesMax) return;
    // a client that cannot be reached is not told so; nor are we of use to it
    this.#socket.send(data, to.port, to.address, () => {});
  }

  /** Counts a new session; the coarse clock lets so many more in for each second. */
  #isAllowed(): boolean {
    const { nowMs } = this.#options.around;
    const { sessionsPerSecondMax } = this.#limits;
    const earned = ((nowMs - this.#allowedMs) * sessionsPerSecondMax) / 1_000;
    this.#allowance = Math.min(sessionsPerSecondMax, this.#allowance + earned);
    this.#allowedMs = nowMs;
    if (this.#allowance < 1) return false;
    this.#allowance -= 1;
    return true;
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#boundPort = null;
    this.#options.room.leave(this);
    this.#socket.close();
  }
}
