import type { Socket } from 'node:net';

/** The reading half of a connection's socket: stops it, and keeps what has come too early. */
export class Intake {
  readonly #socket: Socket;
  /** Octets that have come too early. */
  held: Buffer | null = null;
  isPaused = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Keeps `rest`, and takes no more for the moment. */
  hold(rest: Buffer): void {
    this.held = rest;
    this.pause();
  }

  /** Node had one more chunk for us though it was paused. */
  append(chunk: Buffer): void {
    this.held = this.held === null ? chunk : Buffer.concat([this.held, chunk]);
  }

  /** What was kept; it is no more. */
  take(): Buffer | null {
    const { held } = this;
    this.held = null;
    return held;
  }

  pause(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.#socket.resume();
  }
}
