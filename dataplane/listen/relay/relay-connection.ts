import { ownEnd, SocketChannel } from '#dataplane/http/channel.ts';
import type { ClientConnection } from '../client-connection.ts';
import type { ConnectionHome, ConnectionSurroundings } from '../surroundings.ts';
import type { Client } from '#dataplane/http/exchange.ts';
import type { RunningRelay } from '#dataplane/proxy/downstream.ts';
import type { Relay } from '#dataplane/runtime.ts';
import type { Socket } from 'node:net';

/** What is relayed. */
export interface RelayTerms {
  readonly client: Client;
  readonly relay: Relay;
  /** What was seen of its protocol: TLS that was passed on, or ended here, or nothing. */
  readonly protocol: 'TCP' | 'TLS';
}

/**
 * A connection whose octets go on as they are. Nobody can tell when one of them is done with, so a drain waits for
 * it to end by itself, or for the deadline.
 */
export class RelayConnection implements ClientConnection {
  readonly sinceMs: number;
  readonly isIdle = false;

  readonly #socket: Socket;
  readonly #running: RunningRelay;

  /** What is still to be read of `socket` goes to a backend, from its first octet on. */
  constructor(around: ConnectionSurroundings, home: ConnectionHome, socket: Socket, terms: RelayTerms) {
    this.sinceMs = around.nowMs;
    this.#socket = socket;
    const { relay, client, protocol } = terms;
    this.#running = around.gateway.relay(relay, {
      client,
      protocol,
      channel: new SocketChannel(socket, null, around.memory.blocks),
      destination: ownEnd(socket),
      times: home.limits,
    });
    socket.once('close', () => this.#running.close());
  }

  get buffered(): number {
    return this.#running.buffered;
  }

  drain(): void {}

  endIdle(): void {}

  destroy(): void {
    this.#socket.destroy();
  }

  sweep(): void {}
}
