import type { FieldProblem } from '#crds/field-problem.ts';
import type { Kind, KindMap } from '#crds/kind.ts';
import type { GatewayKey } from '#snapshot/ids.ts';
import type { JsonWebKey } from '#snapshot/key-set.ts';
import type { PortKey } from '#snapshot/port-key.ts';

/** All that a translation may know: the objects as they are now, what was observed, and fixed settings. */
export interface TranslationInput {
  readonly settings: TranslationSettings;
  readonly objects: ObjectReader;
  readonly observations: Observations;
  /** ConfigMaps where they are lists of addresses, which may change later than among the objects. Left out: with these. */
  readonly lists?: ListReader;
}

/** The same reference as before exactly when the ConfigMap has not changed. */
export interface ListReader {
  get(namespace: string, name: string): KindMap['ConfigMap'] | undefined;
}

/** What is fixed as long as the process runs. */
export interface TranslationSettings {
  /** GatewayClasses of this controllerName are ours. */
  readonly controllerName: string;
  readonly dataPlanes: DataPlaneOrigin;
  /** Networks to which addresses that users name may lead though they are not public, as `10.0.0.0/8`. */
  readonly trustedNetworks: readonly string[];
}

/**
 * Where a Gateway's data planes come from, and so its addresses. `Standalone`: this process is its only one.
 * `External`: others run them, at the addresses it asks for. `Provisioned`: they are made for it, and reached at the
 * addresses of the Service that is made too.
 */
export type DataPlaneOrigin = 'Standalone' | 'External' | 'Provisioned';

/** Frozen objects; an object is the same reference as before exactly when it has not changed. */
export interface ObjectReader {
  get<K extends Kind>(kind: K, namespace: string, name: string): KindMap[K] | undefined;
  /** All of a kind; the array is the same reference as before exactly when none of them has changed. */
  list<K extends Kind>(kind: K): readonly KindMap[K][];
  /** Those of a kind that do not decode; the array is the same reference as before exactly when none has changed. */
  refused(kind: Kind): readonly RefusedObject[];
  /** Whether the kind's CRD is installed and its first list has arrived. */
  served(kind: Kind): boolean;
}

/**
 * Something of this name is there, but it is not what its kind allows (written before a rule was, or under another
 * version's CRD). Where it had to be enforced its target is closed.
 */
export interface RefusedObject {
  readonly namespace: string;
  readonly name: string;
  /** As the source has it; not to be trusted. */
  readonly raw: unknown;
  readonly problems: readonly FieldProblem[];
}

/** Feedback that entered by the front door. Maps and values are replaced, never changed. */
export interface Observations {
  readonly dataPlanes: ReadonlyMap<GatewayKey, DataPlanes>;
  /** By {@link RemoteKeys.id}. */
  readonly keys: ReadonlyMap<string, FetchedKeys>;
  /** Gateways for which something cannot be made. */
  readonly provisioning: ReadonlyMap<GatewayKey, ProvisioningProblem>;
  /** By Consumer, `<namespace>/<name>`: the quotas of which it has used much. */
  readonly quotas: ReadonlyMap<string, readonly QuotaUse[]>;
}

/** What a Consumer has used of a quota, as far as a data plane knew. */
export interface QuotaUse {
  /** The name of a Plan of its namespace. */
  readonly plan: string;
  readonly quota: string;
  readonly used: number;
  /** When the period ends, milliseconds since 1970. */
  readonly endsMs: number;
}

/** Why something of a Gateway's infrastructure cannot be made; the message names the object and the remedy. */
export interface ProvisioningProblem {
  readonly reason: 'Forbidden' | 'Invalid' | 'ObjectExists' | 'Failing';
  readonly message: string;
}

/** The data planes of one Gateway. */
export interface DataPlanes {
  /** Those that serve some snapshot. */
  readonly ready: number;
  /** What some data plane has refused, by resource id: the reason. */
  readonly refused: ReadonlyMap<string, string>;
  /** Ports that some ready data plane cannot open. */
  readonly unbound: ReadonlyMap<PortKey, UnboundAt>;
}

/** Which data planes cannot open a port, by name in order, and why the first of them cannot. */
export interface UnboundAt {
  /** As of node:net, for example `EADDRINUSE`. */
  readonly code: string;
  readonly message: string;
  readonly dataPlanes: readonly string[];
}

/** The last good answer of a key set's address; `problem` when the newest try failed. */
export interface FetchedKeys {
  readonly keys: readonly JsonWebKey[] | null;
  /** What their issuer says of itself. Left out: it was not asked for that, or cannot log anybody in. */
  readonly provider?: ProviderMetadata;
  readonly problem: string | null;
}

/** Of the configuration of an OpenID provider (OpenID Connect Discovery 1.0 section 3): absolute URLs, `''` for none. */
export interface ProviderMetadata {
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly userinfoEndpoint: string;
  readonly endSessionEndpoint: string;
  /** RFC 9207. */
  readonly tellsIssuer: boolean;
}
