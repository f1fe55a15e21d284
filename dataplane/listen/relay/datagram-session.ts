import type { ClientConnection } from '../client-connection.ts';
import type { RunningDatagrams } from '#dataplane/proxy/downstream.ts';

/** After so long without a datagram a session is one that nobody would miss. */
const quietMs = 2_000;

/** What one client's datagrams are to a port: they have no beginning and no end, so silence ends them. */
export class DatagramSession implements ClientConnection {
  readonly sinceMs: number;
  /** Whose it is, as of the relay that it began with. */
  readonly route: string | null;
  readonly buffered = 0;

  readonly #idleMsMax: number;
  readonly #nowMs: () => number;
  readonly #running: RunningDatagrams;
  #movedMs: number;

  /** `running`: where its datagrams go, by `route`. `nowMs`: the coarse clock. */
  constructor(
    { running, route }: { readonly running: RunningDatagrams; readonly route: string | null },
    idleMsMax: number,
    nowMs: () => number,
  ) {
    this.#running = running;
    this.route = route;
    this.#idleMsMax = idleMsMax;
    this.#nowMs = nowMs;
    this.sinceMs = nowMs();
    this.#movedMs = this.sinceMs;
  }

  get isIdle(): boolean {
    return this.#nowMs() - this.#movedMs >= quietMs;
  }

  /** Whether what it sends gets nowhere any more: a client that never falls silent would never know. */
  get isLost(): boolean {
    return this.#running.isLost;
  }

  /** A datagram of the client. */
  receive(data: Buffer): void {
    this.moved();
    this.#running.send(data);
  }

  /** A datagram went one way or the other. */
  moved(): void {
    this.#movedMs = this.#nowMs();
  }

  drain(): void {}

  endIdle(): void {
    if (this.isIdle) this.destroy();
  }

  destroy(): void {
    this.#running.close();
  }

  sweep(nowMs: number): void {
    if (nowMs - this.#movedMs >= this.#idleMsMax) this.destroy();
  }
}
