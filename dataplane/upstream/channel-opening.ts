import { SocketChannel } from '#dataplane/http/channel.ts';
import { Dial } from './dial.ts';
import type { DialEvents } from './dial.ts';
import type { ClientTls } from './client-tls.ts';
import type { ConnectionTerms } from './surroundings.ts';
import type { Destination } from './transport.ts';
import type { Channel } from '#dataplane/http/channel.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { Socket } from 'node:net';

/** The terms, with TLS for streams; null: in the clear. */
export interface ChannelTerms extends ConnectionTerms {
  readonly streamTls: ClientTls | null;
}

/** Is told how it ended: exactly one of the two, never at once, and nothing after `abort`. */
export interface OpeningEvents {
  opened(channel: Channel): void;
  openFailed(failure: Failure): void;
}

/**
 * A connection to an endpoint that carries octets of nobody knows which protocol: opened for one client, kept by no
 * pool, counted like every other. One for which there is no room fails at once.
 */
export class ChannelOpening implements DialEvents {
  readonly #terms: ChannelTerms;
  readonly #dial: Dial | null;
  #events: OpeningEvents | null;

  /** `header`: what is sent before all else; null for nothing. */
  constructor(to: Destination, terms: ChannelTerms, header: Buffer | null, events: OpeningEvents) {
    this.#terms = terms;
    this.#events = events;
    const { room, streamTls: tls, around, connections } = terms;
    if (!room.enter()) {
      this.#dial = null;
      process.nextTick(() => this.#fail('too many connections to the cluster'));
      return;
    }
    const memory = tls === null ? around.memory : null;
    const dialTerms = { tls, header, timeoutMs: connections.connectTimeoutMs, memory };
    this.#dial = new Dial(to, around, dialTerms, this);
  }

  /** Gives up; nothing more is told. */
  abort(): void {
    if (this.#events === null) return;
    this.#events = null;
    if (this.#dial === null) return;
    this.#dial.abort();
    this.#terms.room.leave();
  }

  dialed(socket: Socket): void {
    this.#terms.room.opened += 1;
    const events = this.#events;
    this.#events = null;
    socket.on('error', ignore);
    socket.once('close', () => this.#terms.room.leave());
    events?.opened(new SocketChannel(socket, null, this.#terms.around.memory.blocks));
  }

  dialFailed(detail: string): void {
    this.#terms.room.unconnected += 1;
    this.#terms.room.leave();
    this.#fail(detail);
  }

  #fail(detail: string): void {
    const events = this.#events;
    this.#events = null;
    events?.openFailed({ kind: 'ConnectFailed', detail });
  }
}

/** A connection that breaks is told by its end. */
function ignore(): void {}
