import net from 'node:net';
import { LentMemory } from '#dataplane/http/lent-memory.ts';
import type { TLSSocket } from 'node:tls';
import type { ClientTls } from './client-tls.ts';
import type { Swept, UpstreamSurroundings } from './surroundings.ts';
import type { Destination } from './transport.ts';

/** A connection on which nothing moves for so long is probed by TCP. */
const probeAfterMs = 60_000;

/** How a connection is opened. */
export interface DialTerms {
  readonly tls: ClientTls | null;
  /** Sent before all else, also before TLS: a header of the PROXY protocol. */
  readonly header: Buffer | null;
  /** For the connection, and TLS on it. */
  readonly timeoutMs: number;
  /** Memory of ours to read into, by Node's option or as it is lent; only in the clear. */
  readonly memory: net.OnReadOpts | LentMemory | null;
}

/** Is told how it ended: exactly one of the two, never at once, and nothing after `abort`. */
export interface DialEvents {
  /** Connected, and the backend is who it should be. Nobody listens for its errors yet. */
  dialed(socket: net.Socket): void;
  dialFailed(detail: string): void;
}

/** A connection to an endpoint that is being opened: TCP, and TLS on it where asked for. Tells the endpoint of it. */
export class Dial implements Swept {
  readonly #to: Destination;
  readonly #around: UpstreamSurroundings;
  readonly #deadlineMs: number;
  readonly #doubtMs: number;
  readonly #onError = (error: Error): void => this.#fail(error.message);
  readonly #onClose = (): void => this.#fail('closed');
  #socket: net.Socket | null = null;
  #events: DialEvents | null;

  constructor(to: Destination, around: UpstreamSurroundings, terms: DialTerms, events: DialEvents) {
    this.#to = to;
    this.#around = around;
    this.#events = events;
    const { limits, nowMs } = around;
    // one sweep more, since the coarse clock may be that far behind
    this.#deadlineMs = nowMs + terms.timeoutMs + limits.sweepMs;
    this.#doubtMs = nowMs + limits.slowConnectMs + limits.sweepMs;
    around.waiting.add(this);
    to.approached();
    this.#open(terms);
  }

  /** Gives up; nothing more is told. */
  abort(): void {
    this.#end();
    this.#socket?.destroy();
  }

  /** Fails when its time is over by the coarse clock; warns others off when it takes long already. */
  sweep(): void {
    const { nowMs } = this.#around;
    if (nowMs >= this.#doubtMs) this.#to.doubt();
    if (nowMs >= this.#deadlineMs) this.#fail('no connection in time');
  }

  #open({ tls, header, memory }: DialTerms): void {
    const { address, port, outside } = this.#to;
    const options = {
      ...(outside === null ? { host: address } : { host: outside.name, lookup: outside.lookup }),
      port,
      noDelay: true,
      // a backend whose machine is gone answers no probe: else an exchange would wait for it for ever
      keepAlive: true,
      keepAliveInitialDelay: probeAfterMs,
      allowHalfOpen: true,
    };
    const socket =
      memory instanceof LentMemory
        ? memory.connect(options)
        : net.connect(memory === null ? options : { ...options, onread: memory });
    this.#watch(socket);
    socket.once('connect', () => {
      if (header !== null) socket.write(header);
      if (tls === null) this.#succeed(socket);
      else this.#secure(socket, tls);
    });
  }

  #secure(raw: net.Socket, tls: ClientTls): void {
    let socket: TLSSocket;
    try {
      socket = tls.secure(raw);
    } catch (error) {
      // authorities or a certificate of our own that cannot be read
      this.#fail(error instanceof Error ? error.message : String(error));
      return;
    }
    this.#watch(socket);
    socket.once('secureConnect', () => {
      const problem = tls.problemOf(socket);
      if (problem === null) this.#succeed(socket);
      else this.#fail(problem);
    });
  }

  #watch(socket: net.Socket): void {
    this.#socket = socket;
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
  }

  #succeed(socket: net.Socket): void {
    const events = this.#end();
    if (events === null) {
      socket.destroy();
      return;
    }
    socket.off('error', this.#onError);
    socket.off('close', this.#onClose);
    this.#to.trust();
    events.dialed(socket);
  }

  #fail(detail: string): void {
    const events = this.#end();
    this.#socket?.destroy();
    if (events === null) return;
    this.#to.doubt();
    events.dialFailed(detail);
  }

  #end(): DialEvents | null {
    const events = this.#events;
    this.#events = null;
    this.#around.waiting.delete(this);
    return events;
  }
}
