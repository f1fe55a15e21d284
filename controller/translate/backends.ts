import { clusterDefaults } from '#snapshot/cluster-defaults.ts';
import { resourceId, type ResourceId } from '#snapshot/ids.ts';
import type { Cluster } from '#snapshot/cluster.ts';
import type { Service, ServicePort } from '#crds/kubernetes.ts';
import type { EndpointSource, ObjectRef } from './translation.ts';
import type { Read, Unit } from './memo.ts';
import type { Problem } from './problem.ts';
import { serviceTls } from './backend-tls/service-tls.ts';
import { mayRefer } from './reference-grant.ts';

/** A reference to a backend as routes and policies write it. */
export interface BackendReference {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly port?: number;
}

/** Who refers, and in which field. */
export interface Referrer {
  readonly object: ObjectRef;
  readonly group: string;
  readonly field: string;
}

/** A port of a Service that requests can be sent to. */
export interface Backend {
  readonly cluster: Cluster;
  readonly source: EndpointSource;
}

/** What a reference to a backend leads to. */
export type ResolvedBackend =
  | { readonly kind: 'Resolved'; readonly backend: Backend }
  | { readonly kind: 'Unresolved'; readonly problem: Problem };

/** The Service port that `reference` names, or what is wrong with it; permission is looked at before existence. */
export function resolveBackend(read: Read, from: Referrer, reference: BackendReference): ResolvedBackend {
  const { field } = from;
  if (reference.group !== '' || reference.kind !== 'Service') {
    return unresolved({ kind: 'BackendKind', field, group: reference.group, found: reference.kind });
  }
  const namespace = reference.namespace ?? from.object.namespace;
  const service = `${namespace}/${reference.name}`;
  const source = { group: from.group, kind: from.object.kind, namespace: from.object.namespace };
  if (!mayRefer(read, source, { group: '', kind: 'Service', namespace }, reference.name)) {
    return unresolved({ kind: 'BackendNotPermitted', field, from: from.object, service, namespace });
  }
  const outcome = read.ask(servicePortUnit, namespace, reference.name, String(reference.port ?? 0));
  switch (outcome.kind) {
    case 'Backend':
      return { kind: 'Resolved', backend: outcome.backend };
    case 'NoService':
      return unresolved({ kind: 'BackendNotFound', field, service });
    case 'ExternalName':
      return unresolved({ kind: 'BackendType', field, service });
    case 'NoPort':
      return unresolved({
        kind: 'BackendPortNotFound',
        field,
        service,
        port: reference.port ?? 0,
        ports: outcome.ports,
      });
    case 'Protocol':
      return unresolved({ kind: 'BackendProtocol', field, service, protocol: outcome.protocol });
    case 'Closed':
      return unresolved({ kind: 'BackendTlsNotEnforced', field, service, policy: outcome.policy });
    default:
      return outcome satisfies never;
  }
}

function unresolved(problem: Problem): ResolvedBackend {
  return { kind: 'Unresolved', problem };
}

type ServicePortOutcome =
  | { readonly kind: 'Backend'; readonly backend: Backend }
  | { readonly kind: 'NoService' }
  | { readonly kind: 'ExternalName' }
  | { readonly kind: 'NoPort'; readonly ports: readonly number[] }
  | { readonly kind: 'Protocol'; readonly protocol: string }
  | { readonly kind: 'Closed'; readonly policy: string };

/** What is spoken in the clear by application protocol (GEP-1911, and the names in use without a domain). */
const protocols: ReadonlyMap<string, Cluster['protocol']> = new Map([
  ['', 'HTTP1'],
  ['http', 'HTTP1'],
  ['ws', 'HTTP1'],
  ['kubernetes.io/ws', 'HTTP1'],
  ['kubernetes.io/h2c', 'HTTP2'],
  ['h2c', 'HTTP2'],
  ['http2', 'HTTP2'],
  ['grpc', 'HTTP2'],
]);

/** What is spoken within TLS: nobody is spoken to in the clear who has asked for TLS by its name. */
const protocolsInTls: typeof protocols = new Map([
  ...protocols,
  ['https', 'HTTP1'],
  ['wss', 'HTTP1'],
  ['kubernetes.io/wss', 'HTTP1'],
]);

const servicePortUnit: Unit<ServicePortOutcome> = {
  name: 'service port',
  compute(read, namespace = '', name = '', port = '') {
    const service = read.get('Service', namespace, name);
    if (service === undefined) {
      return { kind: 'NoService' };
    }
    // An ExternalName would let whoever may write Services send the gateway anywhere (CVE-2021-25740).
    if (service.spec.type === 'ExternalName') {
      return { kind: 'ExternalName' };
    }
    const found = service.spec.ports.find((one) => one.port === Number(port) && one.protocol === 'TCP');
    if (found === undefined) {
      const ports = service.spec.ports.filter((one) => one.protocol === 'TCP').map((one) => one.port);
      return { kind: 'NoPort', ports };
    }
    const security = serviceTls(read, namespace, name, found.name);
    if (security.kind === 'Closed') {
      return security;
    }
    const tls = security.kind === 'Tls' ? { ...security.terms, clientCertificate: null } : null;
    const protocol = found.appProtocol ?? '';
    const spoken = (tls === null ? protocols : protocolsInTls).get(protocol.toLowerCase());
    return spoken === undefined
      ? { kind: 'Protocol', protocol }
      : { kind: 'Backend', backend: backendOf(service, found, { protocol: spoken, tls }) };
  },
};

function backendOf(service: Service, port: ServicePort, wire: Pick<Cluster, 'protocol' | 'tls'>): Backend {
  const { namespace, name } = service.metadata;
  const parts = [namespace, name, String(port.port)] as const;
  const id: ResourceId = resourceId('Endpoints', ...parts);
  return {
    cluster: {
      kind: 'Cluster',
      id: resourceId('Cluster', ...parts),
      name: `${namespace}/${name}:${String(port.port)}`,
      endpoints: id,
      ...clusterDefaults,
      ...wire,
    },
    source: { id, namespace, service: name, portName: port.name },
  };
}
