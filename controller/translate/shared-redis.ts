import type { SharedRedisSpec } from '#crds/shared-redis.ts';
import {
  redisAddress,
  redisAddressForms,
  type RedisTls,
  type RedisTopology,
  type SharedRedis,
} from '#snapshot/redis-address.ts';
import { Secret } from '#snapshot/secret.ts';
import { certificateUnit } from './secret-certificate.ts';
import { decodeBase64, entryOf, entryTitle, whyNoEntry } from './data.ts';
import type { Read } from './memo.ts';
import { namedAuthorities } from './policies/named-authorities.ts';

/** A Redis, or which field of its `redis` is wrong and how. */
export type FoundRedis =
  | { readonly kind: 'Found'; readonly redis: SharedRedis }
  | { readonly kind: 'Unresolved'; readonly field: string; readonly detail: string };

type Part<T> = { readonly kind: 'Found'; readonly part: T } | Extract<FoundRedis, { kind: 'Unresolved' }>;

/** The Redis that `spec`, in an object of `namespace`, tells. */
export function findRedis(read: Read, namespace: string, spec: SharedRedisSpec): FoundRedis {
  const url = textOf(read, { namespace, field: 'secretRef' }, spec.secretRef);
  if (url.kind === 'Unresolved') {
    return url;
  }
  if (redisAddress(url.part.reveal(), spec.mode) === null) {
    const title = entryTitle('Secret', namespace, spec.secretRef);
    return unresolved(
      'secretRef',
      `names ${title}, which is not ${redisAddressForms[spec.mode]}, as mode ${spec.mode} has it; correct it`,
    );
  }
  const topology = topologyOf(read, namespace, spec);
  if (topology.kind === 'Unresolved') {
    return topology;
  }
  const tls = tlsOf(read, namespace, spec.tls);
  return tls.kind === 'Unresolved'
    ? tls
    : { kind: 'Found', redis: { url: url.part, topology: topology.part, tls: tls.part } };
}

function topologyOf(read: Read, namespace: string, { mode, sentinel }: SharedRedisSpec): Part<RedisTopology> {
  if (mode !== 'Sentinel' || sentinel === undefined) {
    return { kind: 'Found', part: { kind: mode === 'Cluster' ? 'Cluster' : 'Standalone' } };
  }
  const { masterName, username = '', passwordRef } = sentinel;
  if (passwordRef === undefined) {
    return { kind: 'Found', part: { kind: mode, masterName, username, password: null } };
  }
  const password = textOf(read, { namespace, field: 'sentinel.passwordRef' }, passwordRef);
  return password.kind === 'Unresolved'
    ? password
    : { kind: 'Found', part: { kind: mode, masterName, username, password: password.part } };
}

function tlsOf(read: Read, namespace: string, tls: SharedRedisSpec['tls']): Part<RedisTls | null> {
  if (tls === undefined) {
    return { kind: 'Found', part: null };
  }
  const { hostname = null, caRef, clientCertificateRef } = tls;
  const trusted = namedAuthorities(read, { namespace, field: 'tls.caRef' }, caRef);
  if (trusted.kind === 'Unresolved') {
    return unresolved('tls.caRef', trusted.problem.detail);
  }
  const { authorities } = trusted;
  if (clientCertificateRef === undefined) {
    return { kind: 'Found', part: { hostname, authorities, clientCertificate: null } };
  }
  const { name } = clientCertificateRef;
  const shown = read.ask(certificateUnit, namespace, name);
  if (shown.kind !== 'Certificate') {
    const why = shown.kind === 'NotFound' ? 'does not exist; create it' : `cannot be used: ${shown.detail}`;
    return unresolved('tls.clientCertificateRef', `names Secret ${namespace}/${name}, which ${why}`);
  }
  const { chain, key } = shown;
  return { kind: 'Found', part: { hostname, authorities, clientCertificate: { chain, key } } };
}

function textOf(
  read: Read,
  { namespace, field }: { readonly namespace: string; readonly field: string },
  reference: SharedRedisSpec['secretRef'],
): Part<Secret<string>> {
  const data = read.get('Secret', namespace, reference.name)?.data;
  const encoded = entryOf(data, reference.key);
  const title = entryTitle('Secret', namespace, reference);
  if (encoded === null) {
    return unresolved(field, `names ${title}, which ${whyNoEntry(data)}`);
  }
  const text = decodeBase64(encoded)?.trim() ?? '';
  return text === ''
    ? unresolved(field, `names ${title}, which is empty or no text; correct it`)
    : { kind: 'Found', part: new Secret(text) };
}

function unresolved(field: string, detail: string): Extract<FoundRedis, { kind: 'Unresolved' }> {
  return { kind: 'Unresolved', field, detail };
}
