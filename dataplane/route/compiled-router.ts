// Makes the Router of one port from listeners and routes. Knows hosts, paths, headers and their precedence;
// deliberately not what a rule does, where requests come from, or what happens to one that nothing matches.
import type { RequestHead } from '#dataplane/http/message.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import type { Route } from '#snapshot/route.ts';
import { HostTable } from './hosts.ts';
import { RequestView, type CompiledMatch } from './matches.ts';
import { PathTable, type Candidate } from './path-table.ts';
import { byHostname } from './precedence.ts';
import type { RoutedListener, RoutedRule, Router } from './router.ts';

/** A listener of the port, and what stands for it in the answers. */
export interface ListenerEntry<Listener> {
  readonly id: ResourceId;
  readonly hostname: string;
  readonly listener: Listener;
}

/** A route, its matches and the rules they lead to. */
export interface RouteEntry<Listener, Rule> {
  readonly route: Route;
  readonly matches: readonly CompiledMatch[];
  /** By the index of the route's rules. The same array as long as the rules are the same: what was made of it is kept. */
  rulesAt(listener: Listener): readonly Rule[];
}

/**
 * Compiles the routers of one port one after another, and takes over from the last one every table whose routes
 * have not changed: a change of one route costs the work of its hostnames alone.
 */
export class RouterCompiler<Listener, Rule> {
  #candidates = new WeakMap<readonly Rule[], readonly Candidate<Rule>[]>();
  #tables: ReadonlyMap<string, RememberedTable<Rule>> = new Map();

  /** The router of the port with these listeners and routes. Of listeners with equal hostnames the first one serves. */
  compile(
    listeners: readonly ListenerEntry<Listener>[],
    routes: readonly RouteEntry<Listener, Rule>[],
  ): Router<Listener, Rule> {
    const tables = new Map<string, RememberedTable<Rule>>();
    const attached = this.#attach(listeners, routes);
    const routed = listeners.map((entry): readonly [string, RoutedListener<Listener, Rule>] => {
      const hosts = this.#hosts(entry.id, attached.get(entry.id) ?? new Map(), tables);
      return [entry.hostname, new CompiledListener(entry.listener, hosts)];
    });
    this.#tables = tables;
    return new CompiledRouter(new HostTable(routed));
  }

  // listener -> the host served -> the route's own host -> candidates, one list a route
  #attach(
    listeners: readonly ListenerEntry<Listener>[],
    routes: readonly RouteEntry<Listener, Rule>[],
  ): Map<ResourceId, AttachedHosts<Rule>> {
    const byId = new Map(listeners.map((entry) => [entry.id, entry.listener]));
    const attached = new Map<ResourceId, AttachedHosts<Rule>>();
    for (const entry of routes) {
      for (const { listener, hostnames } of entry.route.attachments) {
        const value = byId.get(listener);
        if (value === undefined) continue;
        const candidates = this.#candidatesOf(entry, value);
        const hosts = attached.getOrInsertComputed(listener, newMap);
        for (const { serves, own } of hostnames) {
          hosts.getOrInsertComputed(serves, newMap).getOrInsertComputed(own, newSet).add(candidates);
        }
      }
    }
    return attached;
  }

  #candidatesOf(entry: RouteEntry<Listener, Rule>, listener: Listener): readonly Candidate<Rule>[] {
    const rules = entry.rulesAt(listener);
    const known = this.#candidates.get(rules);
    if (known !== undefined) return known;
    const candidates = entry.matches.flatMap((match): Candidate<Rule>[] => {
      const rule = rules[match.rule];
      if (rule === undefined) return [];
      const matchedPrefix = match.kind === 'Prefix' ? match.path.length : -1;
      return [{ match, routed: Object.freeze({ rule, matchedPrefix }) }];
    });
    this.#candidates.set(rules, candidates);
    return candidates;
  }

  // A host's chain: its own tables by the routes' own hostnames, then those of the next wider host of this listener.
  #hosts(
    listener: ResourceId,
    hosts: AttachedHosts<Rule>,
    tables: Map<string, RememberedTable<Rule>>,
  ): HostTable<Link<Rule>> {
    const links = new Map<string, Link<Rule>>();
    for (const [serves, owns] of hosts) {
      const steps = [...owns.keys()].sort(byHostname).map((own) => {
        const key = `${listener} ${serves} ${own}`;
        const table = this.#table(key, [...(owns.get(own) ?? [])]);
        tables.set(key, table);
        return table.table;
      });
      links.set(serves, { tables: steps, next: null });
    }
    const found = new HostTable(links);
    for (const [serves, link] of links) link.next = found.beyond(serves);
    return found;
  }

  #table(key: string, sources: readonly (readonly Candidate<Rule>[])[]): RememberedTable<Rule> {
    const last = this.#tables.get(key);
    const same =
      last !== undefined &&
      last.sources.length === sources.length &&
      last.sources.every((source, index) => source === sources[index]);
    return same ? last : { sources, table: new PathTable(sources.flat()) };
  }
}

type AttachedHosts<Rule> = Map<string, Map<string, Set<readonly Candidate<Rule>[]>>>;

interface RememberedTable<Rule> {
  readonly sources: readonly (readonly Candidate<Rule>[])[];
  readonly table: PathTable<Rule>;
}

interface Link<Rule> {
  readonly tables: readonly PathTable<Rule>[];
  next: Link<Rule> | null;
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
  readonly #hosts: HostTable<Link<Rule>>;

  constructor(listener: Listener, hosts: HostTable<Link<Rule>>) {
    this.listener = listener;
    this.#hosts = hosts;
  }

  // Hot path: a few look-ups by hash and one short-lived object, whatever the number of routes.
  match(request: RequestHead): RoutedRule<Rule> | null {
    // `OPTIONS *` asks about the gateway itself: it has no path, so no route, not even `.*`, means it.
    if (!request.path.startsWith('/')) return null;
    const view = new RequestView(request);
    for (let link = this.#hosts.find(request.host); link !== null; link = link.next) {
      for (const table of link.tables) {
        const routed = table.match(view);
        if (routed !== null) return routed;
      }
    }
    return null;
  }
}

function newMap<K, V>(): Map<K, V> {
  return new Map();
}

function newSet<T>(): Set<T> {
  return new Set();
}
