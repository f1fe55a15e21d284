import dgram from 'node:dgram';
import net from 'node:net';
import type { Socket } from 'node:dgram';
import type { Destination } from './transport.ts';

/** Datagrams that wait until the socket is ready, which takes one turn of the event loop. */
const heldMax = 16;
/** More than this, not sent yet, is not added to: like a router, it drops. */
const unsentBytesMax = 1024 * 1024;

/** Is told what an endpoint sends back, and that it takes no datagrams (ICMP): then the socket is closed. */
export interface DatagramEvents {
  datagram(data: Buffer): void;
  refused(detail: string): void;
}

/** Datagrams to one endpoint for one client, by a socket of their own: so the endpoint's answers find their client. */
export class DatagramSocket {
  readonly #socket: Socket;
  readonly #events: DatagramEvents;
  #held: Buffer[] | null = [];
  #isClosed = false;

  constructor(to: Destination, events: DatagramEvents) {
    this.#events = events;
    const socket = dgram.createSocket(net.isIPv6(to.address) ? 'udp6' : 'udp4');
    this.#socket = socket;
    socket.on('error', (error) => this.#onError(error));
    socket.on('message', (data) => events.datagram(data));
    // connected: only this endpoint's answers come in, and it is told when nobody listens there
    // of an address that the system refuses at once Node tells here, which its types do not say
    socket.connect(to.port, to.address, (error?: unknown) => {
      if (error instanceof Error) this.#onError(error);
      else this.#onConnect();
    });
  }

  /** Sends one datagram, or drops it where it would have to wait long. May keep `data`. */
  send(data: Buffer): void {
    if (this.#isClosed) return;
    if (this.#held !== null) {
      if (this.#held.length < heldMax) this.#held.push(data);
    } else if (this.#socket.getSendQueueSize() <= unsentBytesMax) {
      this.#socket.send(data, (error) => error !== null && this.#onError(error));
    }
  }

  /** Nothing more is told. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#held = null;
    this.#socket.close();
  }

  #onConnect(): void {
    if (this.#isClosed) return;
    const held = this.#held ?? [];
    this.#held = null;
    for (const data of held) this.send(data);
  }

  #onError(error: Error): void {
    if (this.#isClosed) return;
    this.close();
    this.#events.refused(error.message);
  }
}
