import { ConnectionCertificate } from './client-certificate.ts';
import { Clock } from './clock.ts';
import { proxyHeader } from './proxy-header.ts';
import { clientHello } from './client-hello.ts';
import { addressGroup, plainAddress } from '#dataplane/http/address.ts';
import { isTrustedHop } from '#dataplane/proxy/client-address.ts';
import { createConnection, protocolOf } from './protocols.ts';
import { RelayConnection } from './relay/relay-connection.ts';
import type { AddressCounts } from '#dataplane/http/address-counts.ts';
import type { Admission, Admissions } from './admissions.ts';
import type { ClientConnection } from './client-connection.ts';
import type { Protocol } from './protocols.ts';
import type { RelayTerms } from './relay/relay-connection.ts';
import type { ProxySource } from './proxy-header.ts';
import type { ConnectionHome, ConnectionSurroundings } from './surroundings.ts';
import type { TlsServers } from './tls-servers.ts';
import { inTheClear, type Client, type ClientCertificate } from '#dataplane/http/exchange.ts';
import type { Pass, PortGuard, Relay, TlsChoice, TlsPort } from '#dataplane/runtime.ts';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** What a port has for the connections that come in by it. */
export interface AcceptHome extends ConnectionHome {
  readonly around: ConnectionSurroundings;
  /** All connections of the data plane. */
  readonly connections: Set<ClientConnection>;
  /** How many of them there are from each address. */
  readonly addresses: AddressCounts;
  readonly admissions: Admissions;
  /** By the runtime of the moment; null: whoever comes is let in. */
  readonly guard: PortGuard | null;
  /** Null where TLS is not spoken. */
  readonly tls: TlsServers | null;
  /** What is spoken, by the rules of the moment. */
  readonly protocols: ReadonlySet<Protocol>;
  /** The port's TLS of the runtime of the moment. */
  tlsPort(): TlsPort | null;
  /** Where everything goes that comes, by the runtime of the moment; null where it is looked at. */
  relay(): Relay | null;
}

/**
 * ProxyHeader: a header of the PROXY protocol is due, or may be. FirstOctets: those that tell what is spoken.
 * Handshake: of TLS. Over: somebody else has it, or nobody.
 */
type Phase = 'ProxyHeader' | 'FirstOctets' | 'Handshake' | 'Over';

/**
 * Accepts a connection: finds out whose it is and what is spoken on it, and has it served. One that is kept out is
 * reset before anything is made for it, and nothing of it is read.
 */
export function accept(home: AcceptHome, socket: Socket): void {
  const peer = plainAddress(socket.remoteAddress ?? '');
  const isFull = home.connections.size >= home.limits.connectionsMax || home.around.guard.sheds;
  if (peer === '' || isFull) {
    socket.destroy();
    return;
  }
  // who it is the header tells, as a proxy's clients are not one
  const isTold = home.rules.proxyProtocol?.trusts(peer) === true;
  const pass = isTold ? null : passFor(home, { address: peer, peer, port: socket.remotePort ?? 0 });
  if (pass === null && !isTold) {
    socket.resetAndDestroy();
    return;
  }
  const own = home.tls === null ? home.around.memory.adopt(socket) : socket;
  new Accepting(home, own, { peer, pass }).begin();
}

/** A pass for a connection of `client`; null: it is kept out. Connections of proxies are those of many. */
function passFor(home: AcceptHome, client: Pick<Client, 'address' | 'peer' | 'port'>): Pass | null {
  if (isTrustedHop(client, home.rules)) return freePass;
  if (home.around.bans.at(home.port, client.address)?.isShadow === false) return null;
  return home.guard === null ? freePass : home.guard.admit(client.address);
}

/** Of connections that nobody counts. */
const freePass: Pass = { leave: () => {} };

/** A connection that has come; `pass` null: a header must tell whose it is. */
interface Arrival {
  readonly peer: string;
  readonly pass: Pass | null;
}

/**
 * A connection of which it is not yet known what is spoken on it. It has `firstByteTimeoutMs` for all that comes
 * before a handshake, and `handshakeTimeoutMs` for that one.
 */
class Accepting implements ClientConnection {
  readonly sinceMs: number;

  readonly #home: AcceptHome;
  readonly #socket: Socket;
  readonly #peer: string;
  #phase: Phase;
  #source: ProxySource | null = null;
  /** Whom the connection counts for; null while that is not known. */
  #group: string | null = null;
  /** What it was let in by; null while it is not known whose it is. */
  #pass: Pass | null;
  /** What has come, and has not been understood yet. */
  #early: Buffer | null = null;
  readonly #clock: Clock;

  constructor(home: AcceptHome, socket: Socket, { peer, pass }: Arrival) {
    this.#home = home;
    this.#socket = socket;
    this.#peer = peer;
    this.sinceMs = home.around.nowMs;
    this.#clock = new Clock(home.around);
    this.#clock.start(home.limits.firstByteTimeoutMs);
    this.#pass = pass;
    this.#phase = pass === null ? 'ProxyHeader' : 'FirstOctets';
  }

  begin(): void {
    const socket = this.#socket;
    const { around, connections } = this.#home;
    connections.add(this);
    around.newcomers.came(connections.size);
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('error', ignore);
    socket.on('close', this.#onClose);
    if (this.#phase === 'FirstOctets') this.#count();
  }

  get isIdle(): boolean {
    return this.#early === null && this.#phase !== 'Handshake';
  }

  get buffered(): number {
    return this.#early?.length ?? 0;
  }

  drain(): void {}

  endIdle(): void {
    if (this.isIdle) this.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  sweep(nowMs: number): void {
    if (this.#clock.isOver(nowMs, this.#home.around.guard.patience)) this.destroy();
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#early = this.#early === null ? chunk : Buffer.concat([this.#early, chunk]);
    if (this.#phase === 'ProxyHeader') this.#readProxyHeader(this.#early);
    if (this.#phase === 'FirstOctets' && this.#early.length > 0) this.#readFirstOctets(this.#early);
  };

  readonly #onEnd = (): void => this.destroy();

  readonly #onClose = (): void => {
    this.#phase = 'Over';
    this.#home.connections.delete(this);
    this.#leave();
  };

  /** It is counted no more. */
  #leave(): void {
    if (this.#group !== null) this.#home.addresses.leave(this.#group);
    this.#pass?.leave();
  }

  #readProxyHeader(bytes: Buffer): void {
    const header = proxyHeader(bytes);
    if (header === 'Incomplete') return;
    if (
      header === 'Malformed' ||
      (header === 'None' && this.#home.rules.proxyProtocol?.mode !== 'Optional')
    ) {
      this.#refuse();
      return;
    }
    if (header !== 'None') {
      this.#source = header.source;
      this.#early = bytes.subarray(header.length);
    }
    this.#pass = passFor(this.#home, this.#client());
    if (this.#pass === null) {
      this.#phase = 'Over';
      this.#socket.resetAndDestroy();
      return;
    }
    this.#phase = 'FirstOctets';
    this.#count();
  }

  /** Whom a connection counts for is told by the PROXY protocol, since else all of a proxy's clients were one. */
  #count(): void {
    const { addresses, limits } = this.#home;
    const group = addressGroup(this.#source?.address ?? this.#peer);
    if (!addresses.enter(group, limits.connectionsPerAddressMax)) {
      this.#refuse();
      return;
    }
    this.#group = group;
    // nobody may wait for the client here: in many protocols it is the server that speaks first
    const relay = this.#home.relay();
    if (relay !== null) this.#relay(relay, this.#socket, { client: this.#client(), protocol: 'TCP' });
  }

  #readFirstOctets(bytes: Buffer): void {
    const { protocols, tls } = this.#home;
    if (tls !== null) {
      this.#readHello(bytes, tls);
      return;
    }
    const protocol = protocols.has('h2') ? protocolOf(bytes) : 'http/1.1';
    if (protocol === null) return;
    if (protocols.has(protocol)) this.#serve(protocol, this.#socket, this.#client(), null);
    else this.#refuse();
  }

  #readHello(bytes: Buffer, servers: TlsServers): void {
    const hello = clientHello(bytes);
    if (hello === 'Incomplete') return;
    const serverName = hello === 'NotTls' ? null : hello.serverName;
    const choice = hello === 'NotTls' ? refusal : this.#choose(serverName);
    switch (choice.kind) {
      case 'Http':
      case 'Relay':
        this.#shake(servers, choice, serverName);
        break;
      case 'Passthrough':
        this.#relay(choice.relay, this.#socket, {
          client: { ...this.#client(), serverName },
          protocol: 'TLS',
        });
        break;
      case 'Refuse':
        this.#refuse();
    }
  }

  /** Whatever goes wrong in choosing harms nobody else. */
  #choose(serverName: string | null): TlsChoice {
    try {
      return this.#home.tlsPort()?.choose(serverName) ?? refusal;
    } catch {
      return refusal;
    }
  }

  #shake(servers: TlsServers, choice: Shaking, serverName: string | null): void {
    const { terms } = choice;
    this.#phase = 'Handshake';
    this.#clock.start(this.#home.limits.handshakeTimeoutMs);
    this.#putBack();
    const raw = this.#socket;
    const shaken = (socket: TLSSocket): void => this.#shaken(socket, choice, serverName);
    if (!servers.shake({ terms, serverName, raw, shaken }, this.#home.around.nowMs)) this.#refuse();
  }

  #shaken(socket: TLSSocket, choice: Shaking, serverName: string | null): void {
    const { terms } = choice;
    const certificate =
      terms.clientCertificates !== 'None' && socket.authorized ? certificateOf(socket) : null;
    // `TLSv1.3`
    const tlsVersion = socket.getProtocol()?.slice('TLSv'.length) ?? '';
    const client = { ...this.#client(), secure: true, tlsVersion, serverName, certificate };
    const { sessionContext } = terms;
    const admission = { serverName, sessionContext, isKnown: certificate !== null };
    if (choice.kind === 'Relay') {
      const connection = this.#relay(choice.relay, socket, { client, protocol: 'TLS' });
      this.#home.admissions.add(connection, admission);
      return;
    }
    const protocol = socket.alpnProtocol === 'h2' ? 'h2' : 'http/1.1';
    if (!this.#home.protocols.has(protocol) || !terms.alpn.includes(protocol)) {
      socket.destroy();
      return;
    }
    this.#home.around.memory.adoptSecure(socket);
    this.#serve(protocol, socket, client, admission);
  }

  #client(): Client {
    const { address, port } = this.#source ?? { address: this.#peer, port: this.#socket.remotePort ?? 0 };
    return { address, port, peer: this.#peer, ...inTheClear };
  }

  #serve(protocol: Protocol, socket: Socket, client: Client, admission: Admission | null): void {
    const { around } = this.#home;
    const create = createConnection[protocol];
    if (create === null) {
      socket.destroy();
      return;
    }
    const connection = this.#handOver(socket, () => create(around, this.#home, socket, client));
    if (admission !== null) this.#home.admissions.add(connection, admission);
    socket.resume();
  }

  #relay(relay: Relay, socket: Socket, of: Omit<RelayTerms, 'relay'>): ClientConnection {
    const { around } = this.#home;
    return this.#handOver(socket, () => new RelayConnection(around, this.#home, socket, { ...of, relay }));
  }

  /** From here on only the connection's end is ours to see. */
  #handOver(socket: Socket, create: () => ClientConnection): ClientConnection {
    const home = this.#home;
    if (socket === this.#socket) this.#putBack();
    this.#phase = 'Over';
    this.#socket.off('close', this.#onClose);
    home.connections.delete(this);
    const connection = create();
    home.connections.add(connection);
    this.#socket.on('close', () => {
      home.connections.delete(connection);
      home.admissions.remove(connection);
      this.#leave();
    });
    return connection;
  }

  /** Gives the octets that have come back to the socket, for whoever reads it next. */
  #putBack(): void {
    const socket = this.#socket;
    socket.off('data', this.#onData);
    socket.off('end', this.#onEnd);
    socket.pause();
    if (this.#early !== null && this.#early.length > 0) socket.unshift(this.#early);
    this.#early = null;
  }

  #refuse(): void {
    this.#phase = 'Over';
    this.destroy();
  }
}

function certificateOf(socket: TLSSocket): ClientCertificate | null {
  const certificate = socket.getPeerX509Certificate();
  return certificate === undefined ? null : new ConnectionCertificate(certificate);
}

/** What begins with a handshake. */
type Shaking = Extract<TlsChoice, { readonly kind: 'Http' | 'Relay' }>;

const refusal: TlsChoice = { kind: 'Refuse' };

/** A connection that breaks is told by its end. */
function ignore(): void {}
