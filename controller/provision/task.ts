import { Backoff } from '#controller/kube/backoff.ts';
import type { Infrastructure } from '#controller/translate/infrastructure/infrastructure.ts';
import type { GatewayKey } from '#snapshot/ids.ts';

/** A manifest as it was applied, and what the object was like then. */
export interface Applied {
  /** Its digest. */
  readonly manifest: string;
  readonly uid: string;
  readonly fingerprint: string;
}

const retryMinMs = 500;
const retryMaxMs = 30_000;
const quarrelsFree = 5;
const quarrelMinMs = 1_000;
const quarrelForgottenMs = 60_000;

/** How far the work for one Gateway is. */
export class Task {
  readonly gateway: GatewayKey;
  wanted: Infrastructure;
  queued = false;
  running = false;
  /** Something changed while it ran. */
  again = false;
  /** In a row. */
  failures = 0;
  /** What waits is the answer to somebody who changes what is ours again and again. */
  answering = false;
  /** Calls off what waits. */
  callOff = () => {};
  /** By object. */
  readonly applied = new Map<string, Applied>();
  /** Those that its data planes were told of last. */
  authorities = '';
  readonly #backoff: Backoff;
  #quarrels = 0;
  #quarrelAt = 0;

  constructor(gateway: GatewayKey, wanted: Infrastructure, random: () => number) {
    this.gateway = gateway;
    this.wanted = wanted;
    this.#backoff = new Backoff(retryMinMs, random);
  }

  /** One more failure; answers how long to wait. */
  fail(): number {
    this.failures += 1;
    return retryMinMs + this.#backoff.next(retryMaxMs);
  }

  forgetFailures(): void {
    this.failures = 0;
    this.#backoff.reset();
    this.callOff();
    this.answering = false;
  }

  /** A field of ours had to be put back, at a time of a monotonic clock in milliseconds. */
  quarrel(nowMs: number): void {
    this.#quarrels = nowMs - this.#quarrelAt > quarrelForgottenMs ? 1 : this.#quarrels + 1;
    this.#quarrelAt = nowMs;
  }

  /** Whoever wants a field of ours otherwise has to wait for our answer, the longer the oftener he says so. */
  get patienceMs(): number {
    const tooMany = this.#quarrels - quarrelsFree;
    return tooMany < 0 ? 0 : Math.min(retryMaxMs, quarrelMinMs * 2 ** tooMany);
  }
}
