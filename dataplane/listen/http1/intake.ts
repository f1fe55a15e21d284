import type { Socket } from 'node:net';

/** A client that is held back longer is looked after so often. */
const probeMs = 30_000;
/** The same while it has more for us: its end may stand behind that. */
const probeAgainMs = 1_000;
/** What it may have sent meanwhile. */
const heldBytesMax = 1024 * 1024;

/** The reading half of a connection's socket: stops it, and keeps what has come too early. */
export class Intake {
  readonly #socket: Socket;
  /** Octets that have come too early. */
  held: Buffer | null = null;
  isPaused = false;
  #probedMs = 0;
  #probeMs = probeMs;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Octets that have come too early. */
  get buffered(): number {
    return (this.held?.length ?? 0) + this.#socket.readableLength;
  }

  /** What is held; empty for nothing. */
  get octets(): Buffer {
    return this.held ?? nothing;
  }

  /** Keeps `rest`, and takes no more for the moment. */
  hold(rest: Buffer): void {
    this.held = rest;
    this.#probeMs = probeMs;
    this.pause();
  }

  /** Node had one more chunk for us though it was paused. */
  append(chunk: Buffer): void {
    this.held = this.held === null ? chunk : Buffer.concat([this.held, chunk]);
    this.#probeMs = probeAgainMs;
    this.pause();
  }

  /** What was kept; it is no more. */
  take(): Buffer | null {
    const { held } = this;
    this.held = null;
    return held;
  }

  /**
   * Who is not read from is not seen to go: now and then takes a piece more of a client that is held back. False when
   * it has sent too much for one that waits.
   */
  probe(nowMs: number): boolean {
    const isDue = this.isPaused && nowMs - this.#probedMs >= this.#probeMs;
    if (!this.isPaused || isDue) this.#probedMs = nowMs;
    if (!isDue) return true;
    if ((this.held?.length ?? 0) > heldBytesMax) return false;
    this.resume();
    return true;
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

const nothing = Buffer.alloc(0);
