import { HostTable } from './hosts.ts';
import { PathTable, type Candidate } from './path-table.ts';
import { byHostname, byRank } from './precedence.ts';

/** The tables of one host of a listener, by the routes' own hostnames: the most specific first. */
export interface ServedHost<Rule> {
  readonly serves: string;
  readonly tables: readonly OwnTable<Rule>[];
}

/** The matches of routes with one hostname. */
export interface OwnTable<Rule> {
  readonly paths: PathTable<Rule>;
  /** The hostname, where its `*` stands for one label only; else null. */
  readonly oneLabelOf: string | null;
}

/** Where a route's candidates stand: the host served, and what the route itself says. */
export interface HostPlace {
  readonly serves: string;
  readonly own: string;
  readonly oneLabel: boolean;
}

/** The candidates of one route, always the same array. */
export type Candidates<Rule> = readonly Candidate<Rule>[];

interface OwnHost<Rule> {
  readonly place: HostPlace;
  readonly sources: Set<Candidates<Rule>>;
  /** Of the sources there were when the last table was made, by rank: few of them are others in the next one. */
  sorted: Candidates<Rule>;
  /** Null until it is made of the present sources. */
  table: OwnTable<Rule> | null;
}

/**
 * The candidates of one listener by host. Changed route by route; what it hands out is made once and never changes,
 * and of a host that was not touched it is the same as before.
 */
export class HostIndex<Rule> {
  readonly #hosts = new Map<string, Map<string, OwnHost<Rule>>>();
  readonly #served = new Map<string, ServedHost<Rule>>();
  #table: HostTable<ServedHost<Rule>> | null = null;

  add(place: HostPlace, candidates: Candidates<Rule>): void {
    const { serves } = place;
    const owns = this.#hosts.getOrInsertComputed(serves, () => new Map<string, OwnHost<Rule>>());
    const host = owns.getOrInsertComputed(keyOf(place), () => ({
      place,
      sources: new Set<Candidates<Rule>>(),
      sorted: [],
      table: null,
    }));
    host.sources.add(candidates);
    this.#touch(serves, host);
  }

  remove(place: HostPlace, candidates: Candidates<Rule>): void {
    const { serves } = place;
    const owns = this.#hosts.get(serves);
    const host = owns?.get(keyOf(place));
    if (owns === undefined || host === undefined) return;
    host.sources.delete(candidates);
    this.#touch(serves, host);
    if (host.sources.size === 0) owns.delete(keyOf(place));
    if (owns.size === 0) this.#hosts.delete(serves);
  }

  /** The hosts as they are now. */
  hosts(): HostTable<ServedHost<Rule>> {
    if (this.#table !== null) return this.#table;
    for (const [serves, owns] of this.#hosts) {
      if (!this.#served.has(serves)) this.#served.set(serves, { serves, tables: tablesOf(owns) });
    }
    this.#table = new HostTable(this.#served);
    return this.#table;
  }

  #touch(serves: string, host: OwnHost<Rule>): void {
    host.table = null;
    this.#served.delete(serves);
    this.#table = null;
  }
}

function keyOf({ own, oneLabel }: HostPlace): string {
  return oneLabel ? `${own} once` : own;
}

/** Of two that are spelled alike the one that stands for one label is the more specific. */
function tablesOf<Rule>(owns: ReadonlyMap<string, OwnHost<Rule>>): readonly OwnTable<Rule>[] {
  const sorted = [...owns.values()].sort(
    ({ place: a }, { place: b }) => byHostname(a.own, b.own) || Number(b.oneLabel) - Number(a.oneLabel),
  );
  return sorted.map((host) => {
    const { own, oneLabel } = host.place;
    host.table ??= { paths: new PathTable(sortedAnew(host)), oneLabelOf: oneLabel ? own : null };
    return host.table;
  });
}

/** Hot path: what is sorted but for a few at its end is sorted in one walk. */
function sortedAnew<Rule>(host: OwnHost<Rule>): Candidates<Rule> {
  const present = new Set([...host.sources].flat());
  const stayed = host.sorted.filter((one) => present.delete(one));
  host.sorted = [...stayed, ...present].sort((a, b) => byRank(a.match, b.match));
  return host.sorted;
}
