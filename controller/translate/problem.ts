import type { ProvisioningProblem } from './input.ts';
import type { SelectorFault } from './label-selector.ts';
import type { ObjectRef } from './translation.ts';

/** What can be wrong with a user's objects, as data. The words users read are in conditions.ts alone. */
export type Problem =
  | GatewayProblem
  | AddressProblem
  | ListenerSetProblem
  | ListenerProblem
  | RouteProblem
  | LedProblem
  | ReferenceProblem
  | BackendTlsProblem
  | ClientCertificateProblem
  | PolicyProblem;

/** The field that `problem` names; its kind where it names none. */
export function fieldOf(problem: Problem): string {
  return 'field' in problem ? problem.field : problem.kind;
}

/** Of a GatewayClass or a Gateway as a whole. */
export type GatewayProblem =
  | { readonly kind: 'ClassNotAccepted'; readonly className: string }
  | { readonly kind: 'ListenersNotResolved'; readonly listeners: readonly string[] }
  /** `found`: '' when it is not told. */
  | { readonly kind: 'UnsupportedVersion'; readonly found: string; readonly supported: string }
  | { readonly kind: 'InvalidParameters'; readonly field: string; readonly detail: string }
  | {
      readonly kind: 'StoreUnresolved';
      readonly parameters: string;
      readonly field: string;
      readonly detail: string;
    }
  /** What is made for it would have the name of what is made for another. */
  | { readonly kind: 'NameTaken'; readonly name: string; readonly gateway: string }
  /** What is to be made for it cannot be made; the second is told where it therefore does not serve. */
  | ({ readonly kind: 'ProvisioningFails' } & ProvisioningProblem)
  | ({ readonly kind: 'NotProvisioned' } & ProvisioningProblem)
  | { readonly kind: 'NoListenerServes' }
  | { readonly kind: 'NoPortOpen'; readonly listeners: readonly string[] }
  | { readonly kind: 'NoDataPlane'; readonly what: string }
  | { readonly kind: 'NotAccepted'; readonly what: string };

/** Of the addresses of a Gateway. */
export type AddressProblem =
  | { readonly kind: 'UnsupportedAddress'; readonly field: string; readonly type: string }
  | { readonly kind: 'AddressNotUsable'; readonly value: string }
  | { readonly kind: 'AddressNotAssigned' }
  | { readonly kind: 'AddressPending'; readonly service: string }
  | { readonly kind: 'AddressNotGiven'; readonly value: string; readonly service: string }
  /** None that is asked for by its routability, and no other. */
  | { readonly kind: 'RoutabilityNotGiven' }
  /** Told in a condition of their own; none missing: nothing is asked for, and there is none yet. */
  | { readonly kind: 'AddressesPartlyAssigned'; readonly missing: readonly MissingAddress[] }
  | { readonly kind: 'NoAddressAssigned'; readonly missing: readonly MissingAddress[] };

/** An entry of `spec.addresses` for which there is no address. */
export interface MissingAddress {
  readonly field: string;
  /** Null: any would do. */
  readonly value: string | null;
  readonly routability: string;
  readonly why: 'UnknownRoutability' | 'NotUsable' | 'NotGiven';
  /** That whose addresses the Gateway has, `namespace/name`; null where the controller makes none. */
  readonly service: string | null;
}

/** Of a ListenerSet as a whole. */
export type ListenerSetProblem =
  /** `fault`: it selects no namespace at all. */
  | {
      readonly kind: 'ListenerSetNotAllowed';
      readonly gateway: string;
      readonly namespace: string;
      readonly fault: SelectorFault | null;
    }
  | { readonly kind: 'ParentNotAccepted'; readonly gateway: string }
  | { readonly kind: 'ParentNotProgrammed'; readonly gateway: string }
  | { readonly kind: 'NoListenerProgrammed'; readonly listeners: readonly string[] };

/** What refers to something of another namespace: a ReferenceGrant names its kind and namespace. */
export type Referrer = Pick<ObjectRef, 'kind' | 'namespace'>;

/** Of one listener. */
export type ListenerProblem =
  /** No reference to authorities could be resolved. */
  | { readonly kind: 'NoAuthority'; readonly field: string }
  | {
      readonly kind: 'AuthorityKind';
      readonly field: string;
      readonly reason: 'InvalidCACertificateKind' | 'InvalidKind';
      readonly group: string;
      readonly found: string;
    }
  /** `holder`: what should have held it, as `ConfigMap shop/ca`. */
  | { readonly kind: 'AuthorityNotFound'; readonly field: string; readonly holder: string }
  | {
      readonly kind: 'AuthorityMalformed';
      readonly field: string;
      readonly holder: string;
      /** Where in it. */
      readonly place: string;
    }
  | {
      readonly kind: 'AuthorityNotPermitted';
      readonly field: string;
      readonly from: Referrer;
      readonly configMap: string;
      readonly namespace: string;
    }
  | { readonly kind: 'ListenerProtocol'; readonly field: string; readonly protocol: string }
  | { readonly kind: 'HostnameConflict'; readonly port: number; readonly others: readonly string[] }
  | { readonly kind: 'ProtocolConflict'; readonly port: number; readonly others: readonly string[] }
  /** What comes before it in the order of precedence has the host, or the port for another protocol. */
  | { readonly kind: 'HostnameTaken'; readonly port: number; readonly by: string }
  | { readonly kind: 'ProtocolTaken'; readonly port: number; readonly by: string }
  | { readonly kind: 'TooManyListeners'; readonly max: number }
  | { readonly kind: 'TooManyPorts'; readonly port: number; readonly max: number }
  | { readonly kind: 'InvalidRouteKinds'; readonly field: string; readonly kinds: readonly string[] }
  | { readonly kind: 'NoCertificate'; readonly field: string }
  | {
      readonly kind: 'CertificateKind';
      readonly field: string;
      readonly group: string;
      readonly found: string;
    }
  | { readonly kind: 'CertificateNotFound'; readonly field: string; readonly secret: string }
  | {
      readonly kind: 'CertificateMalformed';
      readonly field: string;
      readonly secret: string;
      readonly detail: string;
    }
  | {
      readonly kind: 'CertificateNotPermitted';
      readonly field: string;
      readonly from: Referrer;
      readonly secret: string;
      readonly namespace: string;
    }
  /** Of a filter of a listener, which lets nothing pass for it. */
  | {
      readonly kind: 'ListenerFilterInvalid';
      readonly field: string;
      readonly detail: string;
    }
  /** `cause`: what is wrong with the backend that a filter of a listener names. */
  | { readonly kind: 'ListenerFilterUnresolved'; readonly field: string; readonly cause: Problem }
  /** What a filter of a listener names is no filter, is not there, or cannot be enforced. */
  | { readonly kind: 'ExtensionKind'; readonly field: string; readonly group: string; readonly found: string }
  | { readonly kind: 'ExtensionNotFound'; readonly field: string; readonly extension: string }
  | { readonly kind: 'ExtensionNotEnforced'; readonly field: string; readonly extension: string }
  | { readonly kind: 'Unresolved'; readonly what: string; readonly detail: string }
  | { readonly kind: 'ListenerRefused'; readonly detail: string }
  | {
      readonly kind: 'PortUnavailable';
      /** As people read it: `8080`, `53/UDP`. */
      readonly port: string;
      /** How many data planes there are that could open it. */
      readonly ready: number;
      readonly code: string;
      readonly message: string;
      /** Those that cannot. */
      readonly dataPlanes: readonly string[];
    };

/** Of a route at one parent, or of its rules. */
export type RouteProblem =
  /** The ListenerSet is not its Gateway's. */
  | { readonly kind: 'ParentNotAttached'; readonly set: string }
  | {
      readonly kind: 'NoMatchingParent';
      /** By kind and name. */
      readonly parent: string;
      readonly sectionName: string | null;
      readonly port: number | null;
    }
  | {
      readonly kind: 'NotAllowedByListeners';
      readonly parent: string;
      readonly namespace: string;
      readonly routeKind: string;
    }
  | {
      readonly kind: 'NoMatchingListenerHostname';
      readonly parent: string;
      readonly hostnames: readonly string[];
    }
  | { readonly kind: 'UnsupportedValue'; readonly field: string; readonly detail: string }
  | { readonly kind: 'IncompatibleFilters'; readonly field: string }
  | { readonly kind: 'RulesDropped'; readonly rules: readonly string[]; readonly problem: Problem };

/** Of what is led as a route is, an Ingress or a Service that is exposed. */
export type LedProblem =
  | {
      readonly kind: 'ListenerNotFound';
      readonly field: string;
      readonly gateway: string;
      readonly listener: string;
    }
  | {
      readonly kind: 'NoListenerTakes';
      readonly gateway: string;
      readonly namespace: string;
      /** The only one that may; null: any. */
      readonly listener: string | null;
    }
  | { readonly kind: 'HostNotServed'; readonly gateway: string; readonly host: string }
  | { readonly kind: 'NoSecureListener'; readonly field: string; readonly gateway: string }
  /** Another Ingress has brought a certificate for the host before. */
  | { readonly kind: 'HostOfOthers'; readonly field: string; readonly host: string; readonly owner: string }
  | { readonly kind: 'HostSecured'; readonly field: string; readonly host: string; readonly holder: string }
  /** An annotation cannot be read. */
  | { readonly kind: 'BadExposure'; readonly field: string; readonly detail: string }
  | { readonly kind: 'ExposureTaken'; readonly place: string; readonly by: string };

/** A reference of a route (or of a policy) to a backend. */
export type ReferenceProblem =
  | { readonly kind: 'BackendKind'; readonly field: string; readonly group: string; readonly found: string }
  | { readonly kind: 'BackendType'; readonly field: string; readonly service: string }
  | { readonly kind: 'BackendNotFound'; readonly field: string; readonly service: string }
  | {
      readonly kind: 'BackendPortNotFound';
      readonly field: string;
      readonly protocol: 'TCP' | 'UDP';
      readonly service: string;
      /** Its number, or its name. */
      readonly port: number | string;
      readonly ports: readonly (number | string)[];
    }
  | {
      readonly kind: 'BackendProtocol';
      readonly field: string;
      readonly service: string;
      readonly protocol: string;
    }
  | {
      readonly kind: 'BackendNotPermitted';
      readonly field: string;
      readonly from: Referrer;
      readonly service: string;
      readonly namespace: string;
    };

/** Of TLS to backends. */
export type BackendTlsProblem =
  /** No reference of a BackendTLSPolicy to authorities could be resolved. */
  | { readonly kind: 'NoBackendAuthority'; readonly field: string }
  /** Of what refers to a backend: the policy that holds there cannot be enforced. */
  | {
      readonly kind: 'BackendTlsNotEnforced';
      readonly field: string;
      readonly service: string;
      readonly policy: string;
    };

/** Of the certificate that a Gateway shows to backends. */
export interface ClientCertificateProblem {
  readonly kind: 'ClientCertificateUnresolved';
  readonly cause: Problem;
}

/** Of a policy: its targets, its rules, what it needs, and what becomes of it. */
export type PolicyProblem =
  | {
      readonly kind: 'TargetNotFound';
      readonly field: string;
      readonly target: string;
      readonly detail: string;
    }
  | { readonly kind: 'PolicyConflicted'; readonly target: string; readonly winner: string }
  /** Settings hold for a port, and the policy of a listener before has it. */
  | { readonly kind: 'PortConflicted'; readonly port: number; readonly winner: string }
  /** Only the Gateway's owner may say that. */
  | { readonly kind: 'GroupOfGateways'; readonly field: string; readonly gateway: string }
  /** Settings hold for a port, and it is another's. */
  | { readonly kind: 'PortNotOwn'; readonly port: number; readonly owner: string }
  /** Rules that count together have different limits; `limit`: what is not the same. */
  | {
      readonly kind: 'SharedLimitConflicted';
      readonly field: string;
      readonly shared: string;
      readonly limit: string;
      readonly winner: string;
      readonly opens?: boolean;
    }
  /** `opens`: it is as if it were not there, as its owner wants. */
  | {
      readonly kind: 'PolicyInvalid';
      readonly field: string;
      readonly detail: string;
      readonly opens?: boolean;
    }
  /** A Ban that does not decode: it bans nobody. */
  | { readonly kind: 'BanInvalid'; readonly field: string; readonly detail: string }
  /** As PolicyInvalid, of one that sets values: it closes nothing. */
  | { readonly kind: 'SettingsInvalid'; readonly field: string; readonly detail: string }
  /** Of a rule about bots, which is left out while the rest of the policy holds. */
  | {
      readonly kind: 'BotRuleInvalid';
      readonly field: string;
      readonly rule: string;
      readonly action: 'Refuse' | 'Allow';
      readonly detail: string;
    }
  | {
      readonly kind: 'KeysUnresolved';
      readonly field: string;
      readonly reason: 'KeysNotFound' | 'InvalidKeys';
      readonly detail: string;
    }
  /** What a way in needs beside keys. */
  | {
      readonly kind: 'CredentialsUnresolved';
      readonly field: string;
      readonly reason:
        | 'RevocationListNotFound'
        | 'InvalidRevocationList'
        | 'UsersNotFound'
        | 'InvalidUsers'
        | 'ClientSecretNotFound';
      readonly detail: string;
    }
  /** Of a list of addresses something is missing, and the rest of the policy holds. */
  | {
      readonly kind: 'AddressListUnresolved';
      readonly field: string;
      readonly reason: 'AddressListNotFound' | 'InvalidAddressList';
      readonly detail: string;
    }
  | {
      readonly kind: 'ClientCertificatesNotAsked';
      readonly listeners: readonly string[];
      /** No other way in is left there. */
      readonly isOnly: boolean;
    }
  /** Another policy's login answers at a path of this one's. */
  | {
      readonly kind: 'LoginPathTaken';
      readonly field: string;
      readonly path: string;
      /** `''` for any. */
      readonly host: string;
      readonly by: string;
      readonly route: string;
    }
  | { readonly kind: 'KeysPending'; readonly source: string; readonly detail: string | null }
  /** Of a Plan itself. */
  | { readonly kind: 'PlanInvalid'; readonly field: string; readonly detail: string }
  /** Of a Consumer: there is no such Plan, or it cannot be enforced. */
  | {
      readonly kind: 'PlanUnresolved';
      readonly reason: 'PlanNotFound' | 'InvalidPlan';
      readonly detail: string;
    }
  /** Keys of a Consumer are those of others. */
  | { readonly kind: 'CredentialsTaken'; readonly detail: string }
  | { readonly kind: 'PolicyOverridden'; readonly by: readonly string[] }
  | { readonly kind: 'PolicyPartlyOverridden'; readonly by: readonly string[] }
  | { readonly kind: 'PolicyAwaited'; readonly gateway: string }
  | { readonly kind: 'PolicyCloses' }
  | { readonly kind: 'PolicyRefused'; readonly detail: string };
