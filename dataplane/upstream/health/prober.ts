// When endpoints are asked how they are, and what comes of it. Knows no socket: how one is asked is given to it.
import type { ClusterCounts } from '../figures.ts';
import type { ActiveCheck } from './active-check.ts';

/** One endpoint that is asked. */
export interface Probed {
  readonly check: ActiveCheck;
}

/** A question under way. */
export interface Probe {
  /** Gives it up; nothing more is told. */
  abort(): void;
}

/** Asks an endpoint once and tells whether it is as it should be: exactly once, never at once. */
export type Ask<E> = (endpoint: E, told: (isGood: boolean) => void) => Probe;

/** What a {@link Prober} needs. */
export interface ProberOptions<E> {
  readonly ask: Ask<E>;
  readonly timeoutMs: number;
  /** Questions under way at once: so much a large cluster may cost at most. */
  readonly probesMax: number;
  readonly counts: Pick<ClusterCounts, 'checksPassed' | 'checksFailed'>;
  /** An endpoint became healthy or ceased to be. */
  changed(endpoint: E): void;
}

/** Asks the endpoints of one cluster in their time. Owns the questions that are under way. */
export class Prober<E extends Probed> {
  readonly #options: ProberOptions<E>;
  readonly #underway = new Map<E, { readonly probe: Probe; readonly deadlineMs: number }>();
  readonly #endpoints = new Set<E>();
  /** Where the last sweep stopped, so that none waits for ever when there are too many. */
  #turn = this.#endpoints.values();

  constructor(options: ProberOptions<E>) {
    this.#options = options;
  }

  admit(endpoint: E): void {
    this.#endpoints.add(endpoint);
  }

  /** It is asked no more. */
  dismiss(endpoint: E): void {
    this.#endpoints.delete(endpoint);
    this.#underway.get(endpoint)?.probe.abort();
    this.#underway.delete(endpoint);
  }

  /** To be called regularly: gives up on late answers, and asks those whose time has come. */
  sweep(nowMs: number): void {
    for (const [endpoint, { probe, deadlineMs }] of this.#underway) {
      if (nowMs < deadlineMs) continue;
      probe.abort();
      this.#tell(endpoint, false);
    }
    const { size } = this.#endpoints;
    for (let step = 0; step < size; step += 1) {
      if (this.#underway.size >= this.#options.probesMax) return;
      const endpoint = this.#next();
      if (endpoint?.check.due(nowMs) === true) this.#ask(endpoint, nowMs);
    }
  }

  /** Asks nobody any more. */
  close(): void {
    for (const endpoint of this.#endpoints) this.dismiss(endpoint);
  }

  /** One after the other, going round. */
  #next(): E | undefined {
    const next = this.#turn.next();
    if (!next.done) return next.value;
    this.#turn = this.#endpoints.values();
    return this.#turn.next().value;
  }

  #ask(endpoint: E, nowMs: number): void {
    const probe = this.#options.ask(endpoint, (isGood) => this.#tell(endpoint, isGood));
    this.#underway.set(endpoint, { probe, deadlineMs: nowMs + this.#options.timeoutMs });
  }

  #tell(endpoint: E, isGood: boolean): void {
    if (!this.#underway.delete(endpoint)) return;
    this.#options.counts[isGood ? 'checksPassed' : 'checksFailed'] += 1;
    const isChanged = isGood ? endpoint.check.passed() : endpoint.check.failed();
    if (isChanged) this.#options.changed(endpoint);
  }
}
