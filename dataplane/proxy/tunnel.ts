import type { Deadlines, Timed } from './deadlines.ts';
import type { Socket } from 'node:net';

/** What moved through a tunnel, when it is over. */
export interface TunnelTotals {
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/**
 * Joins two sockets after a 101: octets both ways with back-pressure, each side's end passed on alone (half-close),
 * and an end to both when one breaks or when nothing has moved for `idleTimeoutMs` (0: never).
 */
export class Tunnel implements Timed {
  deadlineMs = Number.POSITIVE_INFINITY;
  next: Timed | null = null;
  previous: Timed | null = null;

  readonly #client: Socket;
  readonly #backend: Socket;
  readonly #deadlines: Deadlines;
  readonly #idleTimeoutMs: number;
  readonly #now: () => number;
  readonly #closed: (totals: TunnelTotals) => void;
  #bytesIn = 0;
  #bytesOut = 0;
  #movedMs: number;
  #open = true;

  /** Starts at once. `closed` is called once, when both sockets are done. */
  constructor(
    sockets: { readonly client: Socket; readonly backend: Socket },
    watch: { readonly deadlines: Deadlines; readonly idleTimeoutMs: number; readonly now: () => number },
    closed: (totals: TunnelTotals) => void,
  ) {
    this.#client = sockets.client;
    this.#backend = sockets.backend;
    this.#deadlines = watch.deadlines;
    this.#idleTimeoutMs = watch.idleTimeoutMs;
    this.#now = watch.now;
    this.#closed = closed;
    this.#movedMs = this.#now();
    this.#join(this.#client, this.#backend, (count) => (this.#bytesIn += count));
    this.#join(this.#backend, this.#client, (count) => (this.#bytesOut += count));
    this.#watch();
  }

  /** What arrived before the tunnel did. */
  push(to: 'client' | 'backend', data: Buffer): void {
    if (to === 'client') this.#bytesOut += data.length;
    else this.#bytesIn += data.length;
    (to === 'client' ? this.#client : this.#backend).write(data);
  }

  timeOut(): void {
    if (!this.#open) {
      this.#client.destroy();
      this.#backend.destroy();
      return;
    }
    const idleMs = this.#now() - this.#movedMs;
    if (idleMs >= this.#idleTimeoutMs) this.#close();
    else this.#watch();
  }

  #watch(): void {
    if (this.#idleTimeoutMs === 0) return;
    this.deadlineMs = this.#movedMs + this.#idleTimeoutMs;
    this.#deadlines.add(this);
  }

  #join(from: Socket, to: Socket, count: (octets: number) => void): void {
    from.on('data', (data: Buffer) => {
      count(data.length);
      this.#movedMs = this.#now();
      if (!to.write(data)) from.pause();
    });
    to.on('drain', () => from.resume());
    from.on('end', () => {
      to.end();
      if (this.#client.readableEnded && this.#backend.readableEnded) this.#deadlines.remove(this);
    });
    from.on('close', () => this.#close());
    from.resume();
  }

  /** What is still on its way to a side that has not broken is let out, if that side takes it in time. */
  #close(): void {
    if (!this.#open) {
      if (this.#client.destroyed && this.#backend.destroyed) this.#deadlines.remove(this);
      return;
    }
    this.#open = false;
    this.#deadlines.remove(this);
    this.deadlineMs = this.#now() + closingMs;
    this.#deadlines.add(this);
    this.#client.destroySoon();
    this.#backend.destroySoon();
    this.#closed({ bytesIn: this.#bytesIn, bytesOut: this.#bytesOut });
  }
}

/** How long a side that has not broken may take for what is on its way to it. */
const closingMs = 5_000;
