// Snapshot -> Runtime: pays once so that requests do not. Joins routes, filters and upstreams; deliberately knows no
// socket, no clock and nothing of where snapshots come from. It never fails on a decoded snapshot: what cannot be
// used is told beside the runtime, and what was good of the same id goes on.
import type { RequestFilter } from '#dataplane/http/exchange.ts';
import { RouterCompiler, type ListenerEntry } from '#dataplane/route/compiled-router.ts';
import { compileMatches, type CompiledMatch } from '#dataplane/route/matches.ts';
import type {
  ClientRules,
  DatagramPort,
  Port,
  PortGuard,
  RequestListener,
  Rule,
  Runtime,
  TlsPort,
} from '#dataplane/runtime.ts';
import type { Authentication } from '#snapshot/authentication.ts';
import type { KeySet } from '#snapshot/key-set.ts';
import type { Certificate } from '#snapshot/certificate.ts';
import type * as contract from '#snapshot/cluster.ts';
import type { CredentialSet } from '#snapshot/credential-set.ts';
import type { EndpointLists } from '#snapshot/endpoint-lists.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import { KindLists } from '#snapshot/kind-lists.ts';
import type { Listener } from '#snapshot/listener.ts';
import type { LoginSecret } from '#snapshot/open-id-connect.ts';
import type { Refused } from '#snapshot/message.ts';
import type { Plan } from '#snapshot/plan.ts';
import type { Protection } from '#snapshot/protection.ts';
import type { RateLimit } from '#snapshot/rate-limit.ts';
import type { TokenRevocations } from '#snapshot/token-revocations.ts';
import type { Route } from '#snapshot/route.ts';
import type { ResourceSet, Snapshot } from '#snapshot/snapshot.ts';
import { sameList } from '#snapshot/same-list.ts';
import { byKind, sameButFollowed, type ByKind } from './by-kind.ts';
import { defaultClientRules, portClients } from './client-rules.ts';
import { GroupedEndpoints } from './grouped-endpoints.ts';
import { CarryOver, type Made } from './carry-over.ts';
import { findsCallers, listenerFilters, namingCallers } from './listener-filters.ts';
import { byTransport, compileDatagramPorts, isSecure } from './ports.ts';
import { RelayCompiler, type Relays } from './relays.ts';
import { ChangedParts, RecordedParts, type Cluster, type LimitFilter, type Parts } from './parts.ts';
import { compileRules, dependsOnPort, type RulesPlace } from './rules.ts';
import { loadCertificate, type LoadedCertificate } from './certificates.ts';
import { NamedCertificates } from './server-names.ts';
import { SessionSeals } from './session-seals.ts';
import { TlsCompiler } from './tls.ts';

/** What lives longer than a runtime, and is handed in. */
export interface CompilerDependencies {
  readonly upstreams: {
    /**
     * From now on there are these clusters with these endpoints, and these certificates to be shown to backends; pools
     * of those that stay live on.
     */
    apply(
      clusters: readonly contract.Cluster[],
      endpoints: EndpointLists,
      certificates: readonly Certificate[],
    ): void;
    cluster(id: ResourceId): Cluster | null;
  };
  readonly rateLimiting: {
    filterFor(limit: RateLimit): RequestFilter;
    /** From now on these hold for those who have them, also in filters made before. */
    usePlans(plans: readonly Plan[]): void;
    /** Whether it can be asked before it is known who calls. */
    needsNoIdentity(limit: RateLimit): boolean;
  };
  readonly protecting: {
    /** A guard that goes on with what was counted for the same policies. */
    guardFor(protection: Protection): PortGuard;
  };
  readonly authenticating: {
    /** From now on all filters let in by these credentials, also those made before. */
    useCredentials(sets: readonly CredentialSet[]): void;
    /** From now on these tokens count no more, for filters made before neither. */
    useRevocations(lists: readonly TokenRevocations[]): void;
    /** From now on logins are sealed by it; null: nobody logs in. */
    useLoginSecret(secret: LoginSecret | null): void;
    /** A filter that lets nobody in by a key set that is not among `keySets`. */
    filterFor(authentication: Authentication, keySets: readonly KeySet[]): MadeAuthentication;
  };
  readonly metering: {
    /** Counts what Consumers use of the route of this name. */
    filterFor(route: string): RequestFilter;
  };
}

/** The filter of an Authentication, and which of its key sets cannot be used as a whole. */
export interface MadeAuthentication {
  readonly filter: RequestFilter;
  readonly refused: readonly Refused[];
}

/** A snapshot as requests meet it, and what of it they do not. */
export interface Compiled {
  readonly runtime: Runtime;
  /** Sorted by id. */
  readonly refused: readonly Refused[];
}

/** Compiles one snapshot after another; what did not change is taken over from the last one. */
export class Compiler {
  readonly #dependencies: CompilerDependencies;
  readonly #kinds = new KindLists();
  readonly #endpoints = new GroupedEndpoints();
  /** Lists that upstreams were made of last. */
  #applied: readonly (readonly unknown[])[] = [];
  /** Since rules were made last. */
  readonly #changed = new ChangedParts();
  /** By port, whether its listeners found out who calls when rules were made last. */
  readonly #knowsCallers = new Map<number, boolean>();
  readonly #routes = new CarryOver<Route, CompiledRoute>(compileRoute);
  readonly #certificates = new CarryOver(loadedCertificate);
  readonly #tls = new TlsCompiler();
  readonly #named = new NamedCertificates();
  readonly #seals = new SessionSeals();
  readonly #clients = new CarryOver(portClients);
  readonly #authentications = new WeakMap<Authentication, RememberedAuthentication>();
  readonly #limits = new WeakMap<RateLimit, LimitFilter>();
  readonly #guards = new WeakMap<Protection, PortGuard>();
  readonly #relays: RelayCompiler;
  #routers: ReadonlyMap<number, PortCompiler> = new Map();
  #last: (CompiledPorts & { readonly resources: ByKind }) | null = null;

  constructor(dependencies: CompilerDependencies) {
    this.#dependencies = dependencies;
    this.#relays = new RelayCompiler((id) => dependencies.upstreams.cluster(id));
  }

  /** `resources` by kind, until others are followed; what is followed already costs nothing. */
  follow(resources: ResourceSet): KindLists {
    this.#changed.add(this.#kinds.follow(resources));
    return this.#kinds;
  }

  compile(snapshot: Pick<Snapshot, 'version' | 'resources'>): Compiled {
    const resources = byKind(this.follow(snapshot.resources));
    const { credentialSets, revocations } = resources;
    this.#applyUpstreams(resources);
    this.#dependencies.rateLimiting.usePlans(resources.plans);
    this.#dependencies.authenticating.useCredentials(credentialSets);
    this.#dependencies.authenticating.useRevocations(revocations);
    this.#dependencies.authenticating.useLoginSecret(resources.loginSecrets[0] ?? null);
    const last = this.#last;
    // What moves far more often than all else was just told to whom it concerns, and nobody else needs to know.
    const ports =
      last !== null && sameButFollowed(last.resources, resources) ? last : this.#compilePorts(resources);
    this.#last = { ...ports, resources };
    return {
      runtime: Object.freeze({
        version: snapshot.version,
        ports: ports.ports,
        datagramPorts: ports.datagramPorts,
      }),
      refused: ports.refused,
    };
  }

  #applyUpstreams({ clusters, certificates }: ByKind): void {
    const groups = this.#kinds.of('EndpointGroup');
    const lists = [clusters, certificates, groups, this.#kinds.of('Endpoints')];
    if (sameList(lists, this.#applied)) return;
    const endpoints = this.#endpoints.lists(this.#kinds.byId('Endpoints'), groups);
    this.#dependencies.upstreams.apply(clusters, endpoints, certificates);
    this.#applied = lists;
  }

  #compilePorts(resources: ByKind): CompiledPorts {
    const refused: Refused[] = [];
    this.#seals.use(resources.sessionSecrets[0]?.secret ?? null);
    const parts = this.#parts(resources, refused);
    const routes = this.#routes.takeOver(resources.routes, refused);
    refused.push(...this.#seals.problemsOf(routes));
    const certificates = this.#certificatesById(resources, refused);
    const named = this.#named.byListener(resources.serverNames, certificates);
    this.#tls.useTickets(resources.ticketSecrets[0]?.secret ?? null);
    const clients = new Map(this.#clients.takeOver(resources.clientSettings, refused));
    const guards = new Map(resources.protections.map((one) => [one.port, this.#guardOf(one, refused)]));
    const { listeners, authentications } = resources;
    const relays = this.#relays.compile(resources.streamRoutes);
    const naming = namingCallers(authentications);
    const from = { routes, parts, naming, certificates, named, clients, guards, relays, refused };
    const { streams, datagrams } = byTransport(listeners, refused);
    const ports = this.#ports(streams, from);
    const datagramPorts = compileDatagramPorts(datagrams, from);
    refused.sort((a, b) => (a.id < b.id ? -1 : Number(a.id > b.id)));
    return { ports, datagramPorts, refused };
  }

  #parts(resources: ByKind, refused: Refused[]): Parts {
    const authentications = new Map<ResourceId, RequestFilter>();
    for (const authentication of resources.authentications) {
      const made = this.#authenticationFilter(authentication);
      authentications.set(authentication.id, made.filter);
      refused.push(...made.refused);
    }
    const limits = new Map(resources.rateLimits.map((limit) => [limit.id, this.#limitFilter(limit)]));
    return {
      cluster: (id) => this.#dependencies.upstreams.cluster(id),
      authentication: (id) => authentications.get(id) ?? null,
      rateLimit: (id) => limits.get(id) ?? null,
      sessionSeal: () => this.#seals.present,
      metering: (route) => this.#dependencies.metering.filterFor(route),
    };
  }

  #authenticationFilter(authentication: Authentication): MadeAuthentication {
    const all = this.#kinds.byId('KeySet');
    const ids = new Set(authentication.alternatives.flatMap((way) => ('keySet' in way ? [way.keySet] : [])));
    const keySets = [...ids].flatMap((id) => all.get(id) ?? []);
    const known = this.#authentications.get(authentication);
    if (known !== undefined && sameList(known.keySets, keySets)) return known.made;
    const made = this.#dependencies.authenticating.filterFor(authentication, keySets);
    this.#authentications.set(authentication, { keySets, made });
    return made;
  }

  #limitFilter(limit: RateLimit): LimitFilter {
    const known = this.#limits.get(limit);
    if (known !== undefined) return known;
    const { rateLimiting } = this.#dependencies;
    const made = { filter: rateLimiting.filterFor(limit), early: rateLimiting.needsNoIdentity(limit) };
    this.#limits.set(limit, made);
    return made;
  }

  #guardOf(protection: Protection, refused: Refused[]): PortGuard {
    const known = this.#guards.get(protection);
    if (known !== undefined) return known;
    const { protecting } = this.#dependencies;
    try {
      const made = protecting.guardFor(protection);
      this.#guards.set(protection, made);
      return made;
    } catch (error) {
      refused.push({ id: protection.id, reason: `bots do not hold: ${String(error)}` });
      return protecting.guardFor({ ...protection, bots: null });
    }
  }

  #certificatesById(resources: ByKind, refused: Refused[]): ReadonlyMap<ResourceId, LoadedCertificate> {
    return new Map(this.#certificates.takeOver(resources.certificates, refused));
  }

  #ports(all: ReadonlyMap<number, readonly Listener[]>, from: PortParts): ReadonlyMap<number, Port> {
    const last = this.#routers;
    // Should this fail, the next time makes all anew: what stands then was partly made of this snapshot.
    this.#routers = new Map();
    const routers = new Map<number, PortCompiler>();
    const ports = new Map<number, Port>();
    for (const [number, listeners] of all) {
      const client = from.clients.get(number) ?? defaultClientRules;
      const guard = from.guards.get(number) ?? null;
      const [first] = listeners;
      if (first?.protocol === 'TCP') {
        const relay = from.relays.whole(first);
        ports.set(number, Object.freeze({ kind: 'Relay', number, relay, client, guard }));
        continue;
      }
      const compiler: PortCompiler = last.get(number) ?? new RouterCompiler();
      routers.set(number, compiler);
      const served = listeners.filter(({ protocol }) => protocol === 'HTTP' || protocol === 'HTTPS');
      const entries = served.map((one) => listenerEntry(one, from.parts));
      const router = compiler.compile({ listeners: entries, ...this.#routing(number, served, from) });
      const tls = this.#tlsPort(listeners, from);
      ports.set(number, Object.freeze({ kind: 'Http', number, router, tls, client, guard }));
    }
    this.#routers = routers;
    this.#changed.clear();
    return ports;
  }

  /** What the routes of a port with these listeners become. */
  #routing(port: number, listeners: readonly Listener[], { routes, parts, naming }: PortParts) {
    const place = { port, knowsCallers: listeners.some((one) => findsCallers(one, naming)) };
    const isSamePlace = this.#knowsCallers.get(port) === place.knowsCallers;
    this.#knowsCallers.set(port, place.knowsCallers);
    return {
      routes,
      rulesAt: ({ rules }: CompiledRoute) => rules.on(place, parts),
      isSettled: ({ rules }: CompiledRoute) => isSamePlace && !this.#changed.concern(rules.madeWith),
    };
  }

  #tlsPort(listeners: readonly Listener[], from: PortParts): TlsPort | null {
    const secure = listeners.filter(isSecure);
    if (secure.length === 0) return null;
    const entries = secure.map((listener) => ({
      listener,
      certificates: [
        ...listener.certificates.flatMap((id) => from.certificates.get(id) ?? []),
        ...(from.named.get(listener.id) ?? []),
      ],
      relays: from.relays.of(listener),
    }));
    return this.#tls.port(entries, from.refused);
  }
}

/** What ports are made of, beside their listeners. */
interface PortParts {
  readonly routes: readonly CompiledRoute[];
  readonly parts: Parts;
  /** Ids of the authentications that find out who calls. */
  readonly naming: ReadonlySet<ResourceId>;
  readonly certificates: ReadonlyMap<ResourceId, LoadedCertificate>;
  /** More of them by listener, for names that are told. */
  readonly named: ReadonlyMap<ResourceId, readonly LoadedCertificate[]>;
  readonly clients: ReadonlyMap<number, ClientRules>;
  readonly guards: ReadonlyMap<number, PortGuard>;
  readonly relays: Relays;
  readonly refused: Refused[];
}

type PortCompiler = RouterCompiler<RequestListener, CompiledRoute, Rule>;

interface CompiledPorts {
  readonly ports: ReadonlyMap<number, Port>;
  readonly datagramPorts: ReadonlyMap<number, DatagramPort>;
  readonly refused: readonly Refused[];
}

interface RememberedAuthentication {
  readonly keySets: readonly KeySet[];
  readonly made: MadeAuthentication;
}

/** A route whose matches are ready; its rules are made, and made again, as its parts ask. */
interface CompiledRoute {
  readonly route: Route;
  readonly matches: readonly CompiledMatch[];
  readonly rules: RememberedRules;
  readonly keepsSessions: boolean;
}

function compileRoute(route: Route) {
  const compiled = compileMatches(route);
  if (!compiled.ok) return compiled;
  const keepsSessions = route.rules.some(
    ({ action }) => action.kind === 'Forward' && action.persistence !== null,
  );
  const { matches } = compiled;
  return { ok: true as const, value: { route, matches, rules: new RememberedRules(route), keepsSessions } };
}

function loadedCertificate(certificate: Certificate): Made<readonly [ResourceId, LoadedCertificate]> {
  const loaded = loadCertificate(certificate);
  return loaded.ok ? { ok: true, value: [certificate.id, loaded.value] } : loaded;
}

interface KeptRules {
  /** Of the place. */
  readonly key: number;
  readonly rules: readonly Rule[];
  /** Whether they would be made of the same parts. */
  holds(parts: Parts): boolean;
}

/** The rules of one route by place, kept as long as they would be made of the same parts. */
class RememberedRules {
  readonly #route: Route;
  /** Of few places, nearly always of one: no map, which would take more than the rules. */
  #kept: readonly KeptRules[] = [];
  readonly #dependsOnPort: boolean;
  #madeWith: readonly ResourceId[] = [];

  constructor(route: Route) {
    this.#route = route;
    this.#dependsOnPort = dependsOnPort(route);
  }

  /** The parts that were asked for, on whatever port. */
  get madeWith(): readonly ResourceId[] {
    return this.#madeWith;
  }

  on(place: RulesPlace, parts: Parts): readonly Rule[] {
    const key = (this.#dependsOnPort ? place.port : 0) * 2 + Number(place.knowsCallers);
    const known = this.#kept.find((one) => one.key === key);
    if (known?.holds(parts) === true) return known.rules;
    const recorded = new RecordedParts(parts);
    const rules = compileRules(this.#route, place, recorded);
    const others = this.#kept.filter((one) => one !== known);
    this.#kept = [...others, { key, rules, holds: recorded.seal() }];
    this.#madeWith = [...new Set([...this.#madeWith, ...recorded.ids])];
    return rules;
  }
}

function listenerEntry(listener: Listener, parts: Parts): ListenerEntry<RequestListener> {
  const { id, name, port, hostname } = listener;
  const requestFilters = listenerFilters(listener, parts);
  return { id, hostname, listener: Object.freeze({ name, port, hostname, requestFilters }) };
}
