// Addresses outside the cluster that data planes ask while a request waits.
import type { OutsideAuthorities } from '#crds/outside-address.ts';
import { clusterDefaults } from '#snapshot/cluster-defaults.ts';
import type { Cluster } from '#snapshot/cluster.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { Read } from '../../memo.ts';
import { namedAuthorities } from '../named-authorities.ts';
import type { FoundService, ServiceQuestion } from './called-service.ts';

/** Who asks, where, and whom it believes. `field` is that of the place where `caRef` stands. */
export interface AddressQuestion {
  readonly from: { readonly namespace: string; readonly field: string };
  /** As the schema of crds/outside-address.ts has it. */
  readonly uri: string;
  readonly caRef: OutsideAuthorities | undefined;
  /** GRPC: by HTTP/2. Left out: by HTTP/1.1. */
  readonly protocol?: ServiceQuestion['protocol'];
  readonly timeoutMs: number;
}

/**
 * The server at an https address outside. All that ask in one namespace share its connections, if they believe the same
 * authorities. Where its name leads is for data planes to look at, when they connect.
 */
export function calledAddress(
  read: Read,
  { from: { namespace, field }, uri, caRef, protocol = 'HTTP', timeoutMs }: AddressQuestion,
): FoundService {
  const trusted = namedAuthorities(read, { namespace, field: `${field}.caRef` }, caRef);
  if (trusted.kind === 'Unresolved') {
    return trusted;
  }
  const url = URL.parse(uri);
  if (url === null || url.protocol !== 'https:') {
    const detail = 'is no https address: write one such as https://id.example.com/introspect';
    return { kind: 'Unresolved', problem: { kind: 'PolicyInvalid', field: `${field}.uri`, detail } };
  }
  const { hostname: host, pathname, search } = url;
  const name = `${host}:${url.port === '' ? '443' : url.port}`;
  const terms = [protocol === 'GRPC' ? 'grpc' : '', trusted.term].filter((term) => term !== '');
  const parts = ['outside', namespace, name, ...terms];
  const id = resourceId('Cluster', ...parts);
  const cluster: Cluster = {
    kind: 'Cluster',
    id,
    name,
    endpoints: resourceId('Endpoints', ...parts),
    ...clusterDefaults,
    ...(protocol === 'GRPC' ? { protocol: 'HTTP2' } : {}),
    tls: { hostname: host, subjectAltNames: [], authorities: trusted.authorities, clientCertificate: null },
    breaker: outsideBreaker,
    connections: { ...clusterDefaults.connections, connectTimeoutMs: 3_000 },
    outside: {
      host,
      port: url.port === '' ? 443 : Number(url.port),
      trusted: read.settings.trustedNetworks,
    },
  };
  const authority = url.host;
  return {
    kind: 'Found',
    service: { cluster: id, authority, path: `${pathname}${search}`, timeoutMs },
    cluster,
    sources: [],
  };
}

/** One address of somebody else's: not hundreds of connections of each data plane. */
const outsideBreaker: Cluster['breaker'] = { ...clusterDefaults.breaker, connectionsMax: 64 };
