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
  /** Left out: what goes by the object's kind, calls or requests. */
  readonly speech?: Speech;
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
  const speech = from.speech ?? (from.object.kind === 'GRPCRoute' ? 'Calls' : 'Requests');
  const outcome = read.ask(servicePortUnits[speech], namespace, reference.name, String(reference.port ?? 0));
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
        protocol: transports[speech],
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

/** What goes to a backend: requests of HTTP, calls of gRPC, octets of a stream, those of TLS that ends there, or datagrams. */
export type Speech = 'Requests' | 'Calls' | 'Stream' | 'Sealed' | 'Datagrams';

const transports = {
  Requests: 'TCP',
  Calls: 'TCP',
  Stream: 'TCP',
  Sealed: 'TCP',
  Datagrams: 'UDP',
} as const satisfies Record<Speech, 'TCP' | 'UDP'>;

/** gRPC has no other protocol than HTTP/2, and what is said in a stream is no matter of ours; null: we do not speak it. */
function spokenBy(speech: Speech, requests: Cluster['protocol'] | undefined): Cluster['protocol'] | null {
  switch (speech) {
    case 'Requests':
      return requests ?? null;
    case 'Calls':
      return requests === undefined ? null : 'HTTP2';
    case 'Stream':
    case 'Sealed':
    case 'Datagrams':
      return requests ?? 'HTTP1';
    default:
      return speech satisfies never;
  }
}

const servicePortUnits = {
  Requests: servicePortUnit('Requests'),
  Calls: servicePortUnit('Calls'),
  Stream: servicePortUnit('Stream'),
  Sealed: servicePortUnit('Sealed'),
  Datagrams: servicePortUnit('Datagrams'),
} as const satisfies Record<Speech, Unit<ServicePortOutcome>>;

function servicePortUnit(speech: Speech): Unit<ServicePortOutcome> {
  return {
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
      const ports = service.spec.ports.filter((one) => one.protocol === transports[speech]);
      const found = ports.find((one) => one.port === Number(port));
      return found === undefined
        ? { kind: 'NoPort', ports: ports.map((one) => one.port) }
        : spokenAt(read, service, found, speech);
    },
  };
}

function spokenAt(read: Read, service: Service, port: ServicePort, speech: Speech): ServicePortOutcome {
  const { namespace, name } = service.metadata;
  const inClear = speech === 'Sealed' || speech === 'Datagrams';
  const security = inClear ? ({ kind: 'None' } as const) : serviceTls(read, namespace, name, port.name);
  if (security.kind === 'Closed') {
    return security;
  }
  const tls = security.kind === 'Tls' ? { ...security.terms, clientCertificate: null } : null;
  const protocol = port.appProtocol ?? '';
  const requests = (tls === null ? protocols : protocolsInTls).get(protocol.toLowerCase());
  const spoken = spokenBy(speech, requests);
  // Routes of several kinds may lead here, each with its own way to speak.
  const part = ownPart(speech, spoken === requests);
  return spoken === null
    ? { kind: 'Protocol', protocol }
    : { kind: 'Backend', backend: backendOf(service, port, { wire: { protocol: spoken, tls }, part }) };
}

type Part = 'grpc' | 'stream' | 'sealed' | 'udp' | null;

/** What tells the cluster of a port from that of requests; null for the same one. */
function ownPart(speech: Speech, isSame: boolean): Part {
  switch (speech) {
    case 'Requests':
      return null;
    case 'Calls':
      return isSame ? null : 'grpc';
    case 'Stream':
      return 'stream';
    case 'Sealed':
      return 'sealed';
    case 'Datagrams':
      return 'udp';
    default:
      return speech satisfies never;
  }
}

/** `part`: of the ids, where the same port is also something else. */
function backendOf(
  service: Service,
  port: ServicePort,
  { wire, part }: { readonly wire: Pick<Cluster, 'protocol' | 'tls'>; readonly part: Part },
): Backend {
  const { namespace, name } = service.metadata;
  const parts = [namespace, name, String(port.port)];
  const own = part === null ? parts : [...parts, part];
  const id: ResourceId = resourceId('Endpoints', ...(part === 'udp' ? own : parts));
  return {
    cluster: {
      kind: 'Cluster',
      id: resourceId('Cluster', ...own),
      name: `${namespace}/${name}:${String(port.port)}`,
      endpoints: id,
      ...clusterDefaults,
      ...wire,
    },
    source: {
      id,
      namespace,
      service: name,
      portName: port.name,
      ...(part === 'udp' ? { protocol: 'UDP' as const } : {}),
    },
  };
}
