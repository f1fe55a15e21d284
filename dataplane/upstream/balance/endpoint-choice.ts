// Which endpoint a request goes to: who of a cluster's endpoints can be picked now, and one of them by the cluster's
// balancer. Knows no socket and no clock; whoever owns the endpoints tells when they change.
import { mix } from './mixing.ts';
import type { Balanced, Balancer } from './balancer.ts';

/** How a cluster's endpoints are narrowed to those that are balanced over. */
export interface ChoiceOptions<E> {
  /** With fewer healthy ones (percent) their health is not looked at: few must not carry what all did. */
  readonly panicPercent: number;
  /** Who of all is preferred: {@link Nearby.prefer}. */
  readonly prefer: (members: readonly E[]) => readonly E[];
}

/** More are gone through only once a sweep, however often some of them change. */
const atOnceMax = 1_000;

/** So often a balancer is asked before the candidates are gone through themselves. */
const drawsMax = 8;

/**
 * Who may be picked: the healthy that are not in doubt (Calm); with too few healthy ones all but the doubtful (Panic);
 * where that is nobody the healthy (Doubt); or anybody (Desperate).
 */
type Mood = 'Calm' | 'Panic' | 'Doubt' | 'Desperate';

/**
 * Picks endpoints: one that may be picked and was not tried; else a healthy one that was not tried; else again one
 * that was; else any.
 *
 * Hot path: at most `drawsMax` draws and a short walk, whatever the number of endpoints
 * (test/dataplane/upstream/balance/cost.test.ts). What costs more is done when endpoints change, once a sweep.
 */
export class EndpointChoice<E extends Balanced> {
  readonly #balancer: Balancer<E>;
  readonly #options: ChoiceOptions<E>;
  #offered: Iterable<E> = [];
  #all: readonly E[] = [];
  #members: readonly E[] = [];
  #candidates: readonly E[] = [];
  #mood: Mood = 'Calm';
  #isStale = false;
  /** Candidates were made anew since the last sweep because a pick found too many that had changed. */
  #isFresh = false;
  #turn = 0;

  constructor(balancer: Balancer<E>, options: ChoiceOptions<E>) {
    this.#balancer = balancer;
    this.#options = options;
  }

  /** Whether so few are healthy that health is not looked at. */
  get panics(): boolean {
    return this.#all.length > 0 && (this.#mood === 'Panic' || this.#mood === 'Desperate');
  }

  /**
   * Takes the endpoints that are offered now: at once who is no longer, and who is new as well, or at the next sweep
   * beside many. They are read until others are told.
   */
  update(offered: Iterable<E>): void {
    this.#offered = offered;
    this.#isFresh = false;
    if (this.#all.length > atOnceMax) this.#isStale = true;
    else this.#refresh();
  }

  /** Something changed of an endpoint's health, doubt or weight: the next sweep takes it into account. */
  changed(): void {
    this.#isStale = true;
  }

  /** To be called regularly: takes what changed into account. */
  sweep(): void {
    this.#isFresh = false;
    if (this.#isStale) this.#refresh();
  }

  /** The endpoint for a request that has been at those of `tried` already; null only when there is none at all. */
  pick(hash: number, tried: readonly E[]): E | null {
    for (let attempt = 0; attempt < drawsMax; attempt += 1) {
      const drawn = this.#balancer.pick(hash, attempt);
      if (drawn !== null && this.#isWanted(drawn) && !tried.includes(drawn)) return drawn;
    }
    return this.#search(hash, tried);
  }

  #isWanted(member: Balanced): boolean {
    if (!member.offered) return false;
    switch (this.#mood) {
      case 'Calm':
        return member.healthy && !member.doubtful;
      case 'Panic':
        return !member.doubtful;
      case 'Doubt':
        return member.healthy;
      case 'Desperate':
        return true;
    }
  }

  /** The draws fell on none that is wanted: most have changed since the last sweep, were tried, or weigh little. */
  #search(hash: number, tried: readonly E[]): E | null {
    this.#turn += 1;
    const from = mix(hash < 0 ? this.#turn : hash);
    const way = { from, count: drawsMax + tried.length };
    const isUntried = (member: E): boolean => !tried.includes(member);
    const wanted = (): E | undefined =>
      walk(this.#candidates, way, (member) => this.#isWanted(member) && isUntried(member));
    const found = wanted();
    if (found !== undefined) return found;
    this.#refreshOnce();
    return (
      wanted() ??
      walk(this.#members, way, (member) => member.healthy && isUntried(member)) ??
      walk(this.#candidates, way, (member) => member.healthy && !member.doubtful) ??
      walk(this.#all, way, isUntried) ??
      walk(this.#all, way, () => true) ??
      null
    );
  }

  /** Until the next sweep or the next telling. */
  #refreshOnce(): void {
    if (!this.#isStale || this.#isFresh) return;
    this.#isFresh = true;
    this.#refresh();
  }

  #refresh(): void {
    this.#isStale = false;
    this.#all = [...this.#offered];
    const members = this.#options.prefer(this.#all);
    const healthy = members.reduce((count, member) => count + (member.healthy ? 1 : 0), 0);
    const isPanic = healthy * 100 < this.#options.panicPercent * members.length;
    let candidates: readonly E[] = [];
    for (const mood of isPanic ? panicMoods : calmMoods) {
      this.#mood = mood;
      candidates = members.filter((member) => this.#isWanted(member));
      if (candidates.length > 0) break;
    }
    this.#members = members;
    this.#candidates = candidates;
    this.#balancer.update(members, candidates);
  }
}

const calmMoods: readonly Mood[] = ['Calm', 'Doubt', 'Panic', 'Desperate'];
const panicMoods: readonly Mood[] = ['Panic', 'Desperate'];

/** The first of `count` members from a place on, going round, that fulfils `wish`. */
function walk<E>(
  members: readonly E[],
  way: { readonly from: number; readonly count: number },
  wish: (member: E) => boolean,
): E | undefined {
  const { length } = members;
  for (let step = 0; step < Math.min(way.count, length); step += 1) {
    const member = members[(way.from + step) % length];
    if (member !== undefined && wish(member)) return member;
  }
  return undefined;
}
