import { HostTable } from './hosts.ts';
import { PathTable, type Candidate } from './path-table.ts';
import { byHostname } from './precedence.ts';

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
  /** What the table does not know yet; null: nothing. */
  pending: Pending<Rule> | null;
  table: OwnTable<Rule>;
}

interface Pending<Rule> {
  readonly come: Set<Candidates<Rule>>;
  readonly gone: Set<Candidates<Rule>>;
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
    const host = owns.getOrInsertComputed(keyOf(place), () => emptyHost<Rule>(place));
    if (host.sources.has(candidates)) return;
    host.sources.add(candidates);
    const { come, gone } = this.#touch(serves, host);
    if (!gone.delete(candidates)) come.add(candidates);
  }

  remove(place: HostPlace, candidates: Candidates<Rule>): void {
    const { serves } = place;
    const owns = this.#hosts.get(serves);
    const host = owns?.get(keyOf(place));
    if (owns === undefined || host === undefined || !host.sources.delete(candidates)) return;
    const { come, gone } = this.#touch(serves, host);
    if (!come.delete(candidates)) gone.add(candidates);
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

  #touch(serves: string, host: OwnHost<Rule>): Pending<Rule> {
    this.#served.delete(serves);
    this.#table = null;
    host.pending ??= { come: new Set(), gone: new Set() };
    return host.pending;
  }
}

function emptyHost<Rule>(place: HostPlace): OwnHost<Rule> {
  const paths = PathTable.empty<Rule>();
  const oneLabelOf = place.oneLabel ? place.own : null;
  return { place, sources: new Set(), pending: null, table: { paths, oneLabelOf } };
}

function keyOf({ own, oneLabel }: HostPlace): string {
  return oneLabel ? `${own} once` : own;
}

/** Of two that are spelled alike the one that stands for one label is the more specific. */
function tablesOf<Rule>(owns: ReadonlyMap<string, OwnHost<Rule>>): readonly OwnTable<Rule>[] {
  const sorted = [...owns.values()].sort(
    ({ place: a }, { place: b }) => byHostname(a.own, b.own) || Number(b.oneLabel) - Number(a.oneLabel),
  );
  return sorted.map(tableOf);
}

function tableOf<Rule>(host: OwnHost<Rule>): OwnTable<Rule> {
  const { pending, table } = host;
  if (pending === null) return table;
  const come = new Set([...pending.come].flat());
  const gone = new Set([...pending.gone].flat());
  host.table = { ...table, paths: table.paths.with({ come, gone }) };
  host.pending = null;
  return host.table;
}
