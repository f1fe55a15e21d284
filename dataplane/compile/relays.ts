// Which byte streams and datagrams go where: by listener, and for TLS by the name that a client asks for.
import { byHostname } from '#dataplane/route/precedence.ts';
import type { Relay } from '#dataplane/runtime.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import type { Listener } from '#snapshot/listener.ts';
import type { AttachedHostname } from '#snapshot/route.ts';
import type { StreamRoute } from '#snapshot/stream-route.ts';
import type { Cluster } from './parts.ts';
import { weightedPick } from './weights.ts';

/** The relays of one snapshot. */
export interface Relays {
  /**
   * All that a listener serves, by hostname: for one hostname the route whose own is the most specific, then the older
   * route, then the one whose name comes first.
   */
  of(listener: Listener): readonly (readonly [hostname: string, relay: Relay])[];
  /** Where all goes that comes to a listener; to no backend when no route is attached. */
  whole(listener: Listener): Relay;
}

/** Makes relays of one snapshot after another; one of which nothing changed stays the same, and picks on. */
export class RelayCompiler {
  readonly #cluster: (id: ResourceId) => Cluster | null;
  readonly #remembered = new WeakMap<StreamRoute, WeakMap<Listener, Relay>>();

  /** `cluster`: the cluster of the moment, asked at each pick. */
  constructor(cluster: (id: ResourceId) => Cluster | null) {
    this.#cluster = cluster;
  }

  compile(routes: readonly StreamRoute[]): Relays {
    const inOrder = routes.toSorted((a, b) => a.createdMs - b.createdMs || (a.name < b.name ? -1 : 1));
    const byListener = new Map<
      ResourceId,
      { readonly route: StreamRoute; readonly host: AttachedHostname }[]
    >();
    for (const route of inOrder) {
      for (const { listener, hostnames } of route.attachments) {
        const there = byListener.getOrInsertComputed(listener, () => []);
        for (const host of hostnames) there.push({ route, host });
      }
    }
    const of = (listener: Listener): [string, Relay][] =>
      (byListener.get(listener.id) ?? [])
        // What a route says itself goes first (Gateway API, TLSRoute.hostnames); the order of age stays within.
        .toSorted((a, b) => byHostname(a.host.own, b.host.own))
        .map(({ route, host }): [string, Relay] => [host.serves, this.#relay(route, listener)]);
    return { of, whole: (listener) => of(listener)[0]?.[1] ?? nowhere(listener) };
  }

  #relay(route: StreamRoute, listener: Listener): Relay {
    const known = this.#remembered.get(route) ?? new WeakMap<Listener, Relay>();
    const relay = known.get(listener) ?? this.#make(route, listener);
    this.#remembered.set(route, known.set(listener, relay));
    return relay;
  }

  #make({ name, backends }: StreamRoute, listener: Listener): Relay {
    const next = weightedPick(backends.map(({ cluster, weight }) => ({ value: cluster, weight })));
    return Object.freeze({
      listener: served(listener),
      route: name,
      rule: '0',
      pick: () => {
        const id = next();
        return id === null ? null : this.#cluster(id);
      },
    });
  }
}

function nowhere(listener: Listener): Relay {
  return Object.freeze({ listener: served(listener), route: null, rule: null, pick: () => null });
}

function served({ name, port, hostname }: Listener): Relay['listener'] {
  return Object.freeze({ name, port, hostname });
}
