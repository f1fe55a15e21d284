// How a cluster's endpoints fare, as far as its settings ask: outliers by what requests tell, and checks of their own.
import { ActiveCheck } from './active-check.ts';
import { EndpointHealth } from './endpoint-health.ts';
import { OutlierDetector } from './outlier-detector.ts';
import { Prober } from './prober.ts';
import type { ClusterCounts } from '../figures.ts';
import type { Judged, Outcome } from './endpoint-health.ts';
import type { Ask, Probed } from './prober.ts';
import type { HealthCheck, OutlierDetection } from '#snapshot/cluster-health.ts';

/** An endpoint, as far as its health goes. */
export interface Patient extends Judged {
  health: EndpointHealth;
}

/** What a cluster's settings say of health. */
export interface HealthTerms {
  readonly outlier: OutlierDetection | null;
  readonly check: HealthCheck | null;
}

/** Where the word of an endpoint's health comes from, and goes to. */
export interface HealthSurroundings<E> {
  /** How one is asked, once. */
  readonly ask: (check: HealthCheck) => Ask<E>;
  readonly random: () => number;
  /** Where is counted what happens. */
  readonly counts: Pick<ClusterCounts, 'ejections' | 'checksPassed' | 'checksFailed'>;
  /** Of one or more endpoints: they became healthy, or ceased to be. */
  changed(): void;
}

/** Checks under way at once in one cluster. */
const probesMax = 64;

/** Owns the word on each endpoint's health under one set of terms; others begin with a new one. */
export class ClusterHealth<E extends Patient> {
  readonly #terms: HealthTerms;
  readonly #around: HealthSurroundings<E>;
  readonly #detector: OutlierDetector | null;
  readonly #prober: Prober<CheckedEndpoint<E>> | null;
  /** By the word on its health: a new word is a new entry. */
  readonly #checked = new Map<EndpointHealth, CheckedEndpoint<E>>();

  constructor(terms: HealthTerms, around: HealthSurroundings<E>, nowMs: number) {
    this.#terms = terms;
    this.#around = around;
    this.#detector = terms.outlier === null ? null : new OutlierDetector(terms.outlier, nowMs, around.counts);
    this.#prober = terms.check === null ? null : this.#proberFor(terms.check);
  }

  /** Begins to care for one. */
  admit(endpoint: E, nowMs: number): void {
    const { check } = this.#terms;
    const { random } = this.#around;
    const active = check === null ? null : new ActiveCheck(check, { nowMs, random });
    endpoint.health = new EndpointHealth(active, endpoint);
    this.#detector?.admit(endpoint.health);
    if (active === null) return;
    const checked = { endpoint, check: active };
    this.#checked.set(endpoint.health, checked);
    this.#prober?.admit(checked);
  }

  /** Cares for it no more. */
  dismiss({ health }: E): void {
    this.#detector?.dismiss(health);
    const checked = this.#checked.get(health);
    if (checked === undefined) return;
    this.#checked.delete(health);
    this.#prober?.dismiss(checked);
  }

  /** All that came has been admitted, and all that left dismissed. */
  listed(): void {
    this.#detector?.releaseTooMany();
  }

  /** Hot path: see the detector's. */
  settled(endpoint: E, outcome: Outcome, nowMs: number): void {
    if (this.#detector?.settled(endpoint.health, outcome, nowMs) === true) this.#around.changed();
  }

  /** To be called regularly. */
  sweep(nowMs: number): void {
    this.#prober?.sweep(nowMs);
    if (this.#detector?.sweep(nowMs) === true) this.#around.changed();
  }

  /** Asks nobody any more. */
  close(): void {
    this.#prober?.close();
  }

  #proberFor(check: HealthCheck): Prober<CheckedEndpoint<E>> {
    const ask = this.#around.ask(check);
    return new Prober({
      ask: ({ endpoint }, told) => ask(endpoint, told),
      timeoutMs: check.timeoutMs,
      probesMax,
      counts: this.#around.counts,
      changed: ({ endpoint }) => {
        endpoint.health.judge();
        this.#around.changed();
      },
    });
  }
}

interface CheckedEndpoint<E> extends Probed {
  readonly endpoint: E;
}
