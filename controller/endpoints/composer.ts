import type { EndpointSlice } from '#crds/kubernetes.ts';
import { gatewayOf, resourceId, type GatewayKey, type ResourceId } from '#snapshot/ids.ts';
import { infrastructureName } from '#snapshot/infrastructure-name.ts';
import type { LoginSecret } from '#snapshot/open-id-connect.ts';
import type { Secret } from '#snapshot/secret.ts';
import { sessionSecretId } from '#snapshot/sessions.ts';
import type { Resource } from '#snapshot/snapshot.ts';
import type { ObjectReader } from '#controller/translate/input.ts';
import type { EndpointSource } from '#controller/translate/translation.ts';
import type { EndpointScope } from './address.ts';
import { compileEndpoints } from './endpoints.ts';
import { compileFleet } from './fleet.ts';

/** Where the composer looks things up. */
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
  /** Resources whose EndpointSlices have not changed are the same references as before. */
  compose(gateway: GatewayKey, sources: readonly EndpointSource[]): readonly Resource[];
}

/** A source, or the name of what has none. */
type Key = EndpointSource | string;

interface Kept {
  readonly key: Key;
  readonly slices: readonly EndpointSlice[];
  readonly resource: Resource;
}

type KeptByKey = ReadonlyMap<Key, Kept>;

/** A composer that remembers, for each Gateway, what it made of what, until the Gateway's next sources or its end. */
export function createEndpointsComposer(options: ComposerOptions): EndpointsComposer {
  const kept = new Map<GatewayKey, KeptByKey>();
  return {
    compose(gateway, sources) {
      const before = kept.get(gateway);
      const own = ownSlices(options, gateway);
      const now = [
        ...sources.map((source) => {
          const slices = options.slicesOf(source.namespace, source.service);
          return renew(before, source, slices, () => compileEndpoints(source, slices, options.scope));
        }),
        renew(before, 'Fleet', own, () => compileFleet(own)),
        ...secretOf(before, 'TicketSecret', options.ticketSecret(gateway)),
        ...secretOf(before, 'SessionSecret', options.sessionSecret(gateway)),
        ...loginSecretOf(before, options.loginSecret(gateway)),
      ];
      kept.set(gateway, new Map(now.map((one) => [one.key, one])));
      forgetGone(kept, options.objects);
      return now.map((one) => one.resource);
    },
  };
}

/** Keeps memory within the number of Gateways there are. */
function forgetGone(kept: Map<GatewayKey, unknown>, objects: ObjectReader): void {
  if (kept.size <= objects.list('Gateway').length) {
    return;
  }
  for (const gateway of kept.keys()) {
    const { namespace, name } = gatewayOf(gateway);
    if (objects.get('Gateway', namespace, name) === undefined) {
      kept.delete(gateway);
    }
  }
}

function renew(
  before: KeptByKey | undefined,
  key: Key,
  slices: readonly EndpointSlice[],
  compile: () => Resource,
): Kept {
  const old = before?.get(key);
  const same =
    old?.slices === slices ||
    (old?.slices.length === slices.length && slices.every((one, index) => one === old.slices[index]));
  return same ? old : { key, slices, resource: compile() };
}

const secretIds = {
  TicketSecret: resourceId('TicketSecret', 'tickets'),
  SessionSecret: sessionSecretId,
} as const satisfies Readonly<Record<string, ResourceId>>;

function secretOf(
  before: KeptByKey | undefined,
  kind: keyof typeof secretIds,
  secret: Secret<string> | null,
): Kept[] {
  if (secret === null) return [];
  const kept = before?.get(kind);
  if (kept?.resource.kind === kind && kept.resource.secret.reveal() === secret.reveal()) return [kept];
  return [{ key: kind, slices: [], resource: Object.freeze({ kind, id: secretIds[kind], secret }) }];
}

function loginSecretOf(before: KeptByKey | undefined, resource: LoginSecret | null): Kept[] {
  if (resource === null) return [];
  const kept = before?.get(resource.kind);
  const isSame =
    kept?.resource.kind === resource.kind && kept.resource.secret.reveal() === resource.secret.reveal();
  return [isSame ? kept : { key: resource.kind, slices: [], resource: Object.freeze(resource) }];
}

/** The EndpointSlices of the Service that was made for the Gateway. */
function ownSlices(options: ComposerOptions, gateway: GatewayKey): readonly EndpointSlice[] {
  const { namespace, name } = gatewayOf(gateway);
  const className = options.objects.get('Gateway', namespace, name)?.spec.gatewayClassName;
  return className === undefined ? [] : options.slicesOf(namespace, infrastructureName(name, className));
}
