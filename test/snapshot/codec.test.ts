import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { authenticationDefaults, jwtDefaults } from '#snapshot/authentication.ts';
import { credentialSetDefaults } from '#snapshot/credential-set.ts';
import { externalDefaults } from '#snapshot/external-authorization.ts';
import {
  clientDefaults,
  listenerDefaults,
  listenerTlsDefaults,
  requestListenerDefaults,
} from '#snapshot/client-defaults.ts';
import {
  backendDefaults,
  clusterDefaults,
  endpointDefaults,
  forwardDefaults,
  hostnameDefaults,
  retryDefaults,
  timeoutDefaults,
} from '#snapshot/cluster-defaults.ts';
import { fleetDefaults } from '#snapshot/fleet.ts';
import { addressKeyDefaults, rateLimitDefaults } from '#snapshot/rate-limit.ts';
import { sharedRedisDefaults } from '#snapshot/redis-address.ts';
import { revocationDefaults } from '#snapshot/token-revocations.ts';
import { decodeResource, unknownIn } from '#snapshot/decode.ts';
import { encodeResource, hashResource, versionOf } from '#snapshot/encode.ts';
import { resourceId } from '#snapshot/ids.ts';
import { protectionDefaults } from '#snapshot/protection.ts';
import { Secret } from '#snapshot/secret.ts';
import { SnapshotError } from '#snapshot/snapshot-error.ts';
import { arbitraryResource } from './arbitrary-resource.ts';

const endpoints = {
  kind: 'Endpoints',
  id: 'Endpoints/shop/cart:80',
  endpoints: [{ address: '10.0.0.1', port: 80, state: 'Ready', forZones: [], forNodes: [] }],
};

/** Members that may be left out, by the member that holds them, or by the kind. */
const defaulted: Readonly<Record<string, object>> = {
  Cluster: clusterDefaults,
  ClientSettings: clientDefaults,
  Protection: protectionDefaults,
  Listener: { ...listenerDefaults, ...requestListenerDefaults, tls: listenerTlsDefaults },
  action: forwardDefaults,
  backends: backendDefaults,
  hostnames: hostnameDefaults,
  endpoints: endpointDefaults,
  timeouts: timeoutDefaults,
  retry: retryDefaults,
  Fleet: fleetDefaults,
  Authentication: authenticationDefaults,
  RateLimit: rateLimitDefaults,
  RateLimitStore: sharedRedisDefaults,
  CredentialSet: credentialSetDefaults,
  key: addressKeyDefaults,
  TokenRevocations: revocationDefaults,
  alternatives: jwtDefaults,
  external: externalDefaults,
};

/** Whether the member at `path` of a resource of `kind` may be left out. */
function isDefaulted(kind: string, path: readonly string[]): boolean {
  const last = path.at(-1) ?? '';
  const holder =
    path.length === 1 ? kind : path.findLast((step, at) => at < path.length - 1 && !/^\d+$/.test(step));
  return holder !== undefined && Object.hasOwn(defaulted[holder] ?? {}, last);
}

/** The same value with its secrets told, so that they are compared too. */
function told(value: unknown): unknown {
  if (value instanceof Secret) return { revealed: value.reveal() };
  if (Array.isArray(value)) return value.map(told);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, told(member)]));
}

function isFrozenDeep(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isFrozenDeep);
}

/** Each path at which `value` has a member, as a list of keys. */
function pathsOf(value: unknown): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [
    [key],
    ...pathsOf(member).map((rest) => [key, ...rest]),
  ]);
}

function withoutPath(value: unknown, [key, ...rest]: readonly string[]): unknown {
  assert(typeof value === 'object' && value !== null && key !== undefined);
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...value };
  const record = copy as Record<string, unknown>;
  if (rest.length > 0) record[key] = withoutPath(record[key], rest);
  else if (Array.isArray(copy)) copy.splice(Number(key), 1, undefined);
  else delete record[key];
  return copy;
}

function failureOf(encoded: string): SnapshotError {
  try {
    decodeResource(encoded);
  } catch (error) {
    assert(error instanceof SnapshotError);
    return error;
  }
  return assert.fail(`decoded: ${encoded}`);
}

describe('the codec of resources', () => {
  test('gives back what was encoded, frozen deep, and encodes it to the same bytes', () => {
    fc.assert(
      fc.property(arbitraryResource, (resource) => {
        const encoded = encodeResource(resource);
        const decoded = decodeResource(encoded);
        assert.deepEqual(told(decoded), told({ ...resource }));
        assert(isFrozenDeep(decoded));
        assert.equal(encodeResource(decoded), encoded);
        assert(!encoded.includes('\n'));
      }),
      { numRuns: 1000 },
    );
  });

  test('encodes equal content to equal bytes, whatever the order of its keys', () => {
    const turned = Object.fromEntries(Object.entries(endpoints).reverse());
    const resource = decodeResource(JSON.stringify(turned));
    assert.equal(encodeResource(resource), encodeResource(decodeResource(JSON.stringify(endpoints))));
  });

  test('refuses a resource from which any one field is missing, and names it', () => {
    fc.assert(
      fc.property(arbitraryResource, fc.nat(), (resource, pick) => {
        const value: unknown = JSON.parse(encodeResource(resource));
        const paths = pathsOf(value).filter(
          (path) => path.join('.') !== 'id' && !isDefaulted(resource.kind, path),
        );
        const path = paths[pick % paths.length];
        assert(path);
        const failure = failureOf(JSON.stringify(withoutPath(value, path)));
        assert.equal(failure.id, resource.id);
        const last = path.at(-1);
        assert(last !== undefined);
        assert(
          failure.path
            .replaceAll(/[[\].]+/g, '.')
            .split('.')
            .includes(last),
          `${failure.path} lacks ${last}`,
        );
      }),
      { numRuns: 1000 },
    );
  });

  test('leaves out what is as it is by default, and reads what an older build left out as that', () => {
    const cluster = {
      kind: 'Cluster',
      id: resourceId('Cluster', 'a'),
      name: 'a',
      endpoints: resourceId('Endpoints', 'a'),
    } as const;
    const older = JSON.stringify(cluster);
    assert.deepEqual(told(decodeResource(older)), { ...cluster, ...clusterDefaults });
    assert.equal(
      encodeResource({ ...cluster, ...clusterDefaults, slowStartMs: 5 }),
      encodeResource(decodeResource(older)).replace('}', ',"slowStartMs":5}'),
    );
    assert.equal(encodeResource({ ...cluster, ...clusterDefaults }).includes('breaker'), false);
  });

  test('ignores fields it does not know', () => {
    const decoded = decodeResource(JSON.stringify({ ...endpoints, later: [1] }));
    assert.deepEqual(told(decoded), endpoints);
  });

  test('refuses a kind it does not know, and tells its id', () => {
    const failure = failureOf('{"kind":"Cache","id":"Cache/a"}');
    assert.equal(failure.failure, 'UnknownKind');
    assert.equal(failure.message, 'Cache/a: kind: kind Cache is not known to this build');
  });

  test('does not take names of Object.prototype for kinds', () => {
    assert.equal(failureOf('{"kind":"constructor","id":"x/y"}').failure, 'UnknownKind');
    assert.equal(failureOf('{"kind":"__proto__","id":"x/y"}').failure, 'UnknownKind');
  });

  test('names the path of a wrong value deep inside, without the value', () => {
    const bad = {
      ...endpoints,
      endpoints: [...endpoints.endpoints, { address: 'a', port: 70_000, state: 'Ready' }],
    };
    const failure = failureOf(JSON.stringify(bad));
    assert.equal(failure.message, 'Endpoints/shop/cart:80: endpoints[1].port: must be between 1 and 65535');
    const key = failureOf('{"kind":"Certificate","id":"Certificate/a","chain":"c","key":{"s3cret":1}}');
    assert.equal(key.message, 'Certificate/a: key: must be a string');
  });

  test('refuses header edits that could split a message', () => {
    const rule = {
      name: '0',
      matches: [{ path: { kind: 'Prefix', value: '' }, method: null, headers: [], query: [] }],
      filters: [{ kind: 'RequestHeaders', set: [{ name: 'a', value: 'b\r\nevil: 1' }], add: [], remove: [] }],
      authentications: [],
      rateLimits: [],
      action: { kind: 'Closed', reason: '' },
    };
    const route = { kind: 'Route', id: 'Route/a', name: 'a', createdMs: 0, attachments: [], rules: [rule] };
    assert.equal(failureOf(JSON.stringify(route)).path, 'rules[0].filters[0].set[0].value');
  });

  test('keeps the place of a filter or action that only a newer build knows', () => {
    const rule = {
      name: '0',
      matches: [{ path: { kind: 'Prefix', value: '' }, method: null, headers: [], query: [] }],
      filters: [],
      authentications: [],
      rateLimits: [],
      action: { kind: 'Closed', reason: '' },
    };
    const newer = { kind: 'Waf', rules: ['strict'] };
    const backend = { cluster: null, weight: 1, filters: [newer] };
    const timeouts = { requestMs: null, backendRequestMs: null };
    const inRule = (given: object) =>
      decodeResource(
        JSON.stringify({
          kind: 'Route',
          id: 'Route/a',
          name: 'a',
          createdMs: 0,
          attachments: [],
          rules: [rule, { ...rule, ...given }],
        }),
      );
    assert.equal(unknownIn(inRule({})), null);
    assert.equal(unknownIn(inRule({ filters: [newer] })), 'filter Waf');
    assert.equal(unknownIn(inRule({ action: { kind: 'Cache' } })), 'action Cache');
    const forward = { kind: 'Forward', backends: [backend], timeouts };
    assert.equal(unknownIn(inRule({ action: forward })), 'filter Waf');
  });

  test('does not quote what is no JSON', () => {
    const failure = failureOf('{"key": s3cret');
    assert.equal(failure.failure, 'NotJson');
    assert(!failure.message.includes('s3cret'));
  });
});

describe('versions', () => {
  const hashes = ['a', 'b', 'c'].map((name) => [resourceId('Route', name), hashResource(name)] as const);

  test('do not depend on the order of the entries', () => {
    assert.equal(versionOf(hashes), versionOf([...hashes].reverse()));
  });

  test('change with each id, each hash and each entry', () => {
    const [a, b, c] = hashes;
    assert(a && b && c);
    const versions = [
      versionOf(hashes),
      versionOf([a, b]),
      versionOf([a, b, [c[0], a[1]]]),
      versionOf([a, b, ['Route/d', c[1]]]),
      versionOf([]),
    ];
    assert.equal(new Set(versions).size, versions.length);
  });

  test('have 128 bits', () => {
    assert.match(versionOf(hashes), /^[\w-]{22}$/);
    assert.match(hashResource('{}'), /^[\w-]{22}$/);
  });
});
