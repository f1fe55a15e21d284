import type { EndpointSlice } from '#crds/kubernetes.ts';
import { gatewayOf, resourceId, type GatewayKey, type ResourceId } from '#snapshot/ids.ts';
import { infrastructureName } from '#snapshot/infrastructure-name.ts';
import { loginSecretId, type LoginSecret } from '#snapshot/open-id-connect.ts';
import type { Secret } from '#snapshot/secret.ts';
import { sameList } from '#snapshot/same-list.ts';
import { sessionSecretId } from '#snapshot/sessions.ts';
import { ShelvedMap, changedKeys } from '#snapshot/shelved-map.ts';
import type { Resource, ResourceSet } from '#snapshot/snapshot.ts';
import type { ObjectReader } from '#controller/translate/input.ts';
import type { EndpointSource } from '#controller/translate/translation.ts';
import type { EndpointScope } from './address.ts';
import { compileFleet } from './fleet.ts';
import { SourceEndpoints, type Changes } from './source-endpoints.ts';

/** Where a composer looks things up. */
export interface ComposerOptions {
  readonly objects: ObjectReader;
  /** The EndpointSlices of a Service, in a stable order; unchanged ones are the same references as before. */
  readonly slicesOf: (namespace: string, service: string) => readonly EndpointSlice[];
  readonly scope: EndpointScope;
  /** What a Gateway's data planes share for session tickets at present; null for nothing. */
  readonly ticketSecret: (gateway: GatewayKey) => Secret<string> | null;
  /** What they share for session tokens; null for nothing. */
  readonly sessionSecret: (gateway: GatewayKey) => Secret<string> | null;
  /** What they share for the cookies of logins; null for nothing. */
  readonly loginSecret: (gateway: GatewayKey) => LoginSecret | null;
}

/** Makes a Gateway's Endpoints, Fleet, TicketSecret, SessionSecret and LoginSecret resources. */
export interface EndpointsComposer {
  /**
   * Those of `sources`, by their ids. `touched`: the Services whose EndpointSlices have changed since it was asked
   * last, as `<namespace>/<name>`; what does not concern them is the same references as before, at no cost.
   */
  compose(sources: ReadonlyMap<ResourceId, EndpointSource>, touched: ReadonlySet<string>): ResourceSet;
}

/** A composer for `gateway`. */
export function createEndpointsComposer(options: ComposerOptions, gateway: GatewayKey): EndpointsComposer {
  return new Composer(options, gateway);
}

const ticketSecretId = resourceId('TicketSecret', 'tickets');

/** Resources that are one secret each. */
type SecretResource = Extract<Resource, { readonly kind: 'TicketSecret' | 'SessionSecret' | 'LoginSecret' }>;

class Composer implements EndpointsComposer {
  readonly #options: ComposerOptions;
  readonly #gateway: GatewayKey;
  #sources: ReadonlyMap<ResourceId, EndpointSource> = ShelvedMap.empty();
  readonly #kept = new Map<ResourceId, SourceEndpoints>();
  /** Of each Service. */
  readonly #idsByService = new Map<string, Set<ResourceId>>();
  #fleetSlices: readonly EndpointSlice[] | null = null;
  #resources = ShelvedMap.empty<ResourceId, Resource>();

  constructor(options: ComposerOptions, gateway: GatewayKey) {
    this.#options = options;
    this.#gateway = gateway;
  }

  compose(sources: ReadonlyMap<ResourceId, EndpointSource>, touched: ReadonlySet<string>): ResourceSet {
    const gone = this.#follow(sources);
    const stale = new Set(gone.keys());
    for (const service of touched) {
      for (const id of this.#idsByService.get(service) ?? []) stale.add(id);
    }
    this.#resources = this.#resources.with([
      ...[...gone.values()].flat(),
      ...[...stale].flatMap((id) => this.#endpoints(sources.get(id))),
      ...this.#fleet(),
      ...this.#secrets(),
    ]);
    return this.#resources;
  }

  /** Answers the ids of the sources that are others now, and what ends with those that were. */
  #follow(sources: ReadonlyMap<ResourceId, EndpointSource>): ReadonlyMap<ResourceId, Changes> {
    const ends = new Map<ResourceId, Changes>();
    for (const id of changedKeys(this.#sources, sources)) {
      const before = this.#sources.get(id);
      if (before !== undefined) this.#unlink(serviceOf(before), id);
      const now = sources.get(id);
      if (now !== undefined) this.#idsByService.getOrInsertComputed(serviceOf(now), () => new Set()).add(id);
      ends.set(id, this.#kept.get(id)?.end() ?? []);
      this.#kept.delete(id);
    }
    this.#sources = sources;
    return ends;
  }

  #unlink(service: string, id: ResourceId): void {
    const ids = this.#idsByService.get(service);
    ids?.delete(id);
    if (ids?.size === 0) this.#idsByService.delete(service);
  }

  #endpoints(source: EndpointSource | undefined): Changes {
    if (source === undefined) return [];
    const { slicesOf, scope } = this.#options;
    const kept = this.#kept.getOrInsertComputed(source.id, () => new SourceEndpoints(source, scope));
    return kept.follow(slicesOf(source.namespace, source.service));
  }

  #fleet(): Changes {
    const slices = ownSlices(this.#options, this.#gateway);
    if (this.#fleetSlices !== null && sameList(this.#fleetSlices, slices)) return [];
    this.#fleetSlices = slices;
    const fleet = compileFleet(slices);
    return [[fleet.id, fleet]];
  }

  #secrets(): Changes {
    const gateway = this.#gateway;
    const tickets = this.#options.ticketSecret(gateway);
    const sessions = this.#options.sessionSecret(gateway);
    const logins = this.#options.loginSecret(gateway);
    return [
      ...this.#secret(
        ticketSecretId,
        tickets && { kind: 'TicketSecret', id: ticketSecretId, secret: tickets },
      ),
      ...this.#secret(
        sessionSecretId,
        sessions && { kind: 'SessionSecret', id: sessionSecretId, secret: sessions },
      ),
      ...this.#secret(loginSecretId, logins),
    ];
  }

  #secret(id: ResourceId, resource: SecretResource | null): Changes {
    if (resource === null) return [[id, undefined]];
    const kept = this.#resources.get(id);
    const isSame = kept?.kind === resource.kind && kept.secret.reveal() === resource.secret.reveal();
    return isSame ? [] : [[id, Object.freeze(resource)]];
  }
}

function serviceOf({ namespace, service }: EndpointSource): string {
  return `${namespace}/${service}`;
}

/** The EndpointSlices of the Service that was made for the Gateway. */
function ownSlices(options: ComposerOptions, gateway: GatewayKey): readonly EndpointSlice[] {
  const { namespace, name } = gatewayOf(gateway);
  const className = options.objects.get('Gateway', namespace, name)?.spec.gatewayClassName;
  return className === undefined ? [] : options.slicesOf(namespace, infrastructureName(name, className));
}
