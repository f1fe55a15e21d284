import type { Condition, ParentReference } from '#crds/gateway-api.ts';
import type { ResourceSet } from '#snapshot/snapshot.ts';
import type { GatewayKey, ResourceId } from '#snapshot/ids.ts';
import type { Infrastructure } from './infrastructure/infrastructure.ts';

/** What the objects of the moment mean. Frozen; made whole each time, parts shared with the one before. */
export interface Translation {
  /** All resources of each Gateway of ours but those that have a road of their own (ComposeEndpoints). */
  readonly snapshots: ReadonlyMap<GatewayKey, ResourceSet>;
  /** Services whose endpoints some snapshot needs, by the id of the Endpoints resource. */
  readonly endpointSources: ReadonlyMap<GatewayKey, ReadonlyMap<ResourceId, EndpointSource>>;
  /** Key sets that must be fetched. */
  readonly remoteKeys: readonly RemoteKeys[];
  /** What is to become of what is made for each Gateway; empty where nothing is. */
  readonly infrastructure: ReadonlyMap<GatewayKey, Infrastructure>;
  readonly statuses: readonly DesiredStatus[];
  /** What an operator should hear of beyond statuses (for example the reason why a route is closed). */
  readonly notices: readonly Notice[];
}

/** Ready addresses of the Service port go into the Endpoints resource `id`. */
export interface EndpointSource {
  readonly id: ResourceId;
  readonly namespace: string;
  readonly service: string;
  /** Name of the Service port (`''` when unnamed): EndpointSlices carry target ports by this name. */
  readonly portName: string;
  /** Left out: TCP. */
  readonly protocol?: 'UDP';
}

/** A JWK Set to fetch and keep fresh. */
export interface RemoteKeys {
  /** Equal for equal sources: one fetch serves all policies that name it. */
  readonly id: string;
  readonly source:
    | { readonly type: 'Uri'; readonly uri: string }
    /** Where its `/.well-known/openid-configuration` says (OpenID Connect Discovery 1.0 section 4). */
    | {
        readonly type: 'Discovery';
        readonly issuer: string;
        /** Who is asked in its place; left out: the issuer itself. */
        readonly through?: ServiceAddress;
      }
    | ({ readonly type: 'Backend'; readonly path: string } & ServiceAddress);
  /** PEM of the authorities that servers must have their certificates from; null: those of the system. */
  readonly authorities: string | null;
  /** How long keys count after the last fetch that succeeded. */
  readonly staleMsMax: number;
}

/** A port of a Service that is asked by the controller. */
export interface ServiceAddress {
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
  /** The name its certificate must have; null: plain HTTP. */
  readonly serverName: string | null;
}

/** A word to the operator about an object: `reason` for programs, `message` for people. */
export interface Notice {
  readonly object: ObjectRef;
  readonly reason: string;
  readonly message: string;
  /** Where its end is worth a word too. Notices of one object with the same `over` are one, however worded. */
  readonly over?: { readonly reason: string; readonly message: string };
}

/** What a Consumer has used of a quota of its plan. */
export interface QuotaStatus {
  readonly name: string;
  readonly plan: string;
  readonly used: number;
  readonly requests: number;
  /** When the period ends, RFC 3339. */
  readonly ends: string;
}

/** Names an object. */
export interface ObjectRef {
  readonly kind: string;
  /** Empty for kinds without namespace. */
  readonly namespace: string;
  readonly name: string;
}

/**
 * The part of an object's status that is ours, as it should be. `gateways`: written once their ready data
 * planes have taken the snapshot of this translation, or after a moment.
 */
export interface DesiredStatus {
  readonly object: ObjectRef;
  readonly generation: number;
  readonly gateways: readonly GatewayKey[];
  readonly status: StatusPart;
}

/** What is ours of a status, by the shape that the kind gives it. */
export type StatusPart =
  | {
      readonly kind: 'GatewayClass';
      readonly conditions: readonly DesiredCondition[];
      /** Sorted. */
      readonly supportedFeatures: readonly string[];
    }
  | {
      readonly kind: 'Gateway';
      readonly conditions: readonly DesiredCondition[];
      /** `routability` only where the Gateway API has such a field. */
      readonly addresses: readonly {
        readonly type: string;
        readonly value: string;
        readonly routability?: string;
      }[];
      readonly listeners: readonly DesiredListenerStatus[];
      /** Null: none are allowed. */
      readonly attachedListenerSets: number | null;
    }
  | {
      readonly kind: 'ListenerSet';
      readonly conditions: readonly DesiredCondition[];
      /** Empty: the Gateway has none of them. */
      readonly listeners: readonly DesiredListenerStatus[];
    }
  /** Nobody else writes it. */
  | {
      readonly kind: 'Consumer';
      readonly conditions: readonly DesiredCondition[];
      /** All quotas that its plan has, by name; of others nothing stays. */
      readonly plan: { readonly name: string; readonly quotas: readonly string[] };
      /** Those that are nearly used up, as far as is known. */
      readonly quotas: readonly QuotaStatus[];
    }
  | {
      readonly kind: 'Plan';
      readonly conditions: readonly DesiredCondition[];
      /** How many have it. */
      readonly consumers: number;
    }
  | { readonly kind: 'Ban'; readonly conditions: readonly DesiredCondition[] }
  /** It has no conditions: notices tell the rest. */
  | {
      readonly kind: 'Ingress';
      /** Where it is reached. */
      readonly addresses: readonly { readonly type: string; readonly value: string }[];
      /** Of one that is no longer ours what we had written: others' words stay. Null for ours. */
      readonly former: readonly { readonly type: string; readonly value: string }[] | null;
    }
  | { readonly kind: 'Route'; readonly parents: readonly DesiredParentStatus[] }
  /** A policy of the Gateway API itself. */
  | { readonly kind: 'Ancestors'; readonly ancestors: readonly DesiredAncestorStatus[] }
  | {
      readonly kind: 'Policy';
      /** The worst of the ancestors', for printer columns. */
      readonly conditions: readonly DesiredCondition[];
      /** For example `2/3`. */
      readonly targets: string;
      readonly ancestors: readonly DesiredAncestorStatus[];
    };

/** A condition without the fields that the writer knows: observedGeneration and lastTransitionTime. */
export type DesiredCondition = Omit<Condition, 'observedGeneration' | 'lastTransitionTime'>;

/** A listener's entry in `status.listeners` of its Gateway or ListenerSet. */
export interface DesiredListenerStatus {
  readonly name: string;
  readonly supportedKinds: readonly { readonly group: string; readonly kind: string }[];
  readonly attachedRoutes: number;
  readonly conditions: readonly DesiredCondition[];
}

/** A route's entry for one parentRef, in the order of the spec. */
export interface DesiredParentStatus {
  readonly parentRef: ParentReference;
  readonly conditions: readonly DesiredCondition[];
}

/** A policy's entry for one ancestor (GEP-713). */
export interface DesiredAncestorStatus {
  readonly ancestorRef: ParentReference;
  readonly conditions: readonly DesiredCondition[];
}
