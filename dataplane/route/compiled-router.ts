// Makes the Router of one port from listeners and routes. Knows hosts, paths, headers and their precedence;
// deliberately not what a rule does, where requests come from, or what happens to one that nothing matches.
import type { RequestHead } from '#dataplane/http/message.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import type { Route } from '#snapshot/route.ts';
import { HostIndex, type Candidates, type HostPlace, type ServedHost } from './host-index.ts';
import { HostTable, standsForOneLabel } from './hosts.ts';
import { RequestView, type CompiledMatch } from './matches.ts';
import type { Candidate } from './path-table.ts';
import type { RoutedListener, RoutedRule, Router } from './router.ts';

/** A listener of the port, and what stands for it in the answers. */
export interface ListenerEntry<Listener> {
  readonly id: ResourceId;
  readonly hostname: string;
  readonly listener: Listener;
}

/** A route and its matches, told by compileMatches(). */
export interface RouteEntry {
  readonly route: Route;
  readonly matches: readonly CompiledMatch[];
}

/** What a port routes. */
export interface Routing<Listener, Entry extends RouteEntry, Rule> {
  readonly listeners: readonly ListenerEntry<Listener>[];
  readonly routes: readonly Entry[];
  /** The rules of a route on a listener, by their index; the same array as long as they are the same. */
  readonly rulesAt: (entry: Entry, listener: Listener) => readonly Rule[];
  /** Whether the rules of a route that was there the last time are surely the same as then, wherever it is. */
  readonly isSettled: (entry: Entry) => boolean;
}

/**
 * Compiles the routers of one port one after another. Routers stay as they were made; the work of the next one is
 * that of the routes that changed and of the hosts they serve.
 */
export class RouterCompiler<Listener, Entry extends RouteEntry, Rule> {
  readonly #candidates = new WeakMap<readonly Rule[], Candidates<Rule>>();
  #indexes: ReadonlyMap<ResourceId, HostIndex<Rule>> = new Map();
  #placed = new Map<Route, Placed<Rule>>();
  /** How often routes were followed. */
  #rounds = 0;

  /** The router of the port. Of listeners with equal hostnames the first one serves. */
  compile(routing: Routing<Listener, Entry, Rule>): Router<Listener, Rule> {
    const { listeners } = routing;
    this.#followListeners(listeners.map(({ id }) => id));
    this.#followRoutes(routing);
    const routed = listeners.map(({ id, hostname, listener }): [string, RoutedListener<Listener, Rule>] => {
      const hosts = this.#indexes.get(id)?.hosts() ?? new HostTable<ServedHost<Rule>>([]);
      return [hostname, new CompiledListener(listener, hosts)];
    });
    return new CompiledRouter(new HostTable(routed));
  }

  // Listeners come and go so seldom that all is made anew then.
  #followListeners(ids: readonly ResourceId[]): void {
    if (ids.length === this.#indexes.size && ids.every((id) => this.#indexes.has(id))) return;
    this.#indexes = new Map(ids.map((id) => [id, new HostIndex<Rule>()]));
    this.#placed = new Map();
  }

  // Hot path: of thousands of routes each change brings one, and the others should cost a look.
  #followRoutes(routing: Routing<Listener, Entry, Rule>): void {
    const byId = new Map(routing.listeners.map(({ id, listener }) => [id, listener]));
    const renewed = new Map<Route, readonly Placement<Rule>[]>();
    this.#rounds += 1;
    let met = 0;
    for (const entry of routing.routes) {
      const last = this.#placed.get(entry.route);
      if (last !== undefined) {
        last.round = this.#rounds;
        met += 1;
        if (routing.isSettled(entry)) continue;
      }
      const placements = this.#placementsAnew(entry, last?.placements ?? null, byId, routing);
      if (placements !== null) renewed.set(entry.route, placements);
    }
    // Nothing is another one before all rules are made: should that fail, the next time begins where this one did.
    for (const route of renewed.keys()) this.#remove(this.#placed.get(route)?.placements ?? []);
    if (met < this.#placed.size) this.#forget(this.#rounds);
    for (const [route, placements] of renewed) {
      this.#placed.set(route, { placements, round: this.#rounds });
      for (const { listener, place, candidates } of placements) {
        this.#indexes.get(listener)?.add(place, candidates);
      }
    }
  }

  /** Where a route is now; null: where it was. */
  #placementsAnew(
    entry: Entry,
    last: readonly Placement<Rule>[] | null,
    listeners: ReadonlyMap<ResourceId, Listener>,
    { rulesAt }: Routing<Listener, Entry, Rule>,
  ): readonly Placement<Rule>[] | null {
    const candidatesAt = (id: ResourceId): Candidates<Rule> | null => {
      const listener = listeners.get(id);
      return listener === undefined ? null : this.#candidatesOf(entry, rulesAt(entry, listener));
    };
    const stays = last?.every(({ listener, candidates }) => candidatesAt(listener) === candidates);
    return stays === true ? null : placementsOf(entry.route, candidatesAt);
  }

  /** Takes away the routes that `round` did not meet. */
  #forget(round: number): void {
    for (const [route, placed] of this.#placed) {
      if (placed.round === round) continue;
      this.#remove(placed.placements);
      this.#placed.delete(route);
    }
  }

  #remove(placements: readonly Placement<Rule>[]): void {
    for (const { listener, place, candidates } of placements) {
      this.#indexes.get(listener)?.remove(place, candidates);
    }
  }

  #candidatesOf(entry: RouteEntry, rules: readonly Rule[]): Candidates<Rule> {
    const known = this.#candidates.get(rules);
    if (known !== undefined) return known;
    const grown = entry.matches.flatMap((match): Candidate<Rule>[] => {
      const rule = rules[match.rule];
      if (rule === undefined) return [];
      const matchedPrefix = match.kind === 'Prefix' ? match.path.length : -1;
      return [{ match, routed: Object.freeze({ rule, matchedPrefix }) }];
    });
    // A copy has room for what it holds; what flatMap makes, for 17.
    const candidates = grown.slice();
    this.#candidates.set(rules, candidates);
    return candidates;
  }
}

/** Where a route is, and the round that met it last. */
interface Placed<Rule> {
  readonly placements: readonly Placement<Rule>[];
  round: number;
}

/** A route's candidates at one host of one listener. */
interface Placement<Rule> {
  readonly listener: ResourceId;
  readonly place: HostPlace;
  readonly candidates: Candidates<Rule>;
}

function placementsOf<Rule>(
  route: Route,
  candidatesAt: (listener: ResourceId) => Candidates<Rule> | null,
): readonly Placement<Rule>[] {
  const placements = route.attachments.flatMap(({ listener, hostnames }) => {
    const candidates = candidatesAt(listener);
    return candidates === null ? [] : hostnames.map((place) => ({ listener, place, candidates }));
  });
  return placements.slice();
}

class CompiledRouter<Listener, Rule> implements Router<Listener, Rule> {
  readonly #listeners: HostTable<RoutedListener<Listener, Rule>>;

  constructor(listeners: HostTable<RoutedListener<Listener, Rule>>) {
    this.#listeners = listeners;
  }

  listenerFor(host: string): RoutedListener<Listener, Rule> | null {
    return this.#listeners.find(host);
  }
}

class CompiledListener<Listener, Rule> implements RoutedListener<Listener, Rule> {
  readonly listener: Listener;
  readonly #hosts: HostTable<ServedHost<Rule>>;

  constructor(listener: Listener, hosts: HostTable<ServedHost<Rule>>) {
    this.listener = listener;
    this.#hosts = hosts;
  }

  // Hot path: a few look-ups by hash and one short-lived object, whatever the number of routes. What the best host
  // does not match is passed on to the next wider one of this listener, and to no other listener.
  match(request: RequestHead, now: () => number): RoutedRule<Rule> | null {
    // `OPTIONS *` asks about the gateway itself: it has no path, so no route, not even `.*`, means it.
    if (!request.path.startsWith('/')) return null;
    const view = new RequestView(request, now);
    for (let host = this.#hosts.find(request.host); host !== null; host = this.#hosts.beyond(host.serves)) {
      for (const { paths, oneLabelOf } of host.tables) {
        if (oneLabelOf !== null && !standsForOneLabel(oneLabelOf, request.host)) continue;
        const routed = paths.match(view);
        if (routed !== null) return routed;
      }
    }
    return null;
  }
}
