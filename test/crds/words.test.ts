import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeManifest, type Kind } from '#crds/kind.ts';
import type { FieldProblem } from '#crds/field-problem.ts';
import { manifest, type Json } from './manifest.ts';
import { bitsBeyondLength } from './networks.ts';

const shop = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'shop' };
const edge = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge' };

function traffic(spec: Json): readonly FieldProblem[] {
  return problems('TrafficPolicy', manifest('TrafficPolicy', { targetRefs: [shop], ...spec }));
}

function clients(spec: Json): readonly FieldProblem[] {
  return problems('ClientPolicy', manifest('ClientPolicy', { targetRefs: [edge], ...spec }));
}

function problems(kind: Kind, object: unknown): readonly FieldProblem[] {
  const decoded = decodeManifest(kind, object);
  return decoded.ok ? [] : decoded.problems;
}

test('a cookie whose name is none is called a cookie', () => {
  const name = 'a b';
  for (const spec of [
    { sessionPersistence: { type: 'Cookie', cookie: { name } } },
    { balance: { type: 'ConsistentHash', consistentHash: { type: 'Cookie', cookie: { name } } } },
  ]) {
    const [only, ...others] = traffic(spec);
    assert.match(only?.message ?? '', /^must be the name of a cookie: .* without spaces/);
    assert.deepEqual(others, []);
  }
});

test('a policy of which nothing is set is told so, and no place is spoken of', () => {
  const nothing = [{ path: 'spec', message: 'nothing is set: add a setting' }];
  assert.deepEqual(traffic({}), nothing);
  assert.deepEqual(traffic({ healthCheck: null }), nothing);
  assert.deepEqual(clients({}), nothing);
});

test('where a field is unknown, what follows from its absence is not told', () => {
  for (const [path, told] of [
    ['spec.retrys', traffic({ retrys: {} })],
    ['spec.defaults.retrys', traffic({ defaults: { retrys: {} } })],
    ['spec.sessionPersistence.coockie', traffic({ sessionPersistence: { type: 'Cookie', coockie: {} } })],
    ['spec.tsl', clients({ tsl: {} })],
  ] as const) {
    assert.deepEqual(
      told.map((one) => one.path),
      [path],
    );
  }
});

test('rules of other objects are told beside a field that is unknown', () => {
  const told = traffic({
    retry: { attempts: 1, code: [500] },
    timeouts: { request: '1s', backendRequest: '2s' },
  });
  assert.deepEqual(
    told.map((one) => one.path),
    ['spec.timeouts', 'spec.retry.code'],
  );
});

test('a bare number for a duration or a size is told what those look like', () => {
  assert.deepEqual(traffic({ timeouts: { request: 2 }, hedge: { delay: 5 }, maxBodyBytes: 65536 }), [
    {
      path: 'spec.timeouts.request',
      message: 'must be a duration such as 500ms, 30s, 5m or 1h30m',
    },
    { path: 'spec.hedge.delay', message: 'must be a duration such as 500ms, 30s, 5m or 1h30m' },
    {
      path: 'spec.maxBodyBytes',
      message: "must be an amount of octets such as 64Ki or 10Mi, or '65536' in quotes",
    },
  ]);
  assert.deepEqual(clients({ timeouts: { idle: 60 }, limits: { maxBufferedBytes: 1 } }), [
    {
      path: 'spec.limits.maxBufferedBytes',
      message: "must be an amount of octets such as 64Ki or 10Mi, or '65536' in quotes",
    },
    { path: 'spec.timeouts.idle', message: 'must be a duration such as 500ms, 30s, 5m or 1h30m' },
  ]);
  assert.deepEqual(traffic({ hedge: {} }), [{ path: 'spec.hedge.delay', message: 'is missing: add it' }]);
});

test('a field that is unknown is told the one that is meant, or those there are', () => {
  const route = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', metadata: { name: 'shop' } };
  const parentRefs = [{ name: 'edge' }];
  for (const [name, message] of [
    ['timeout', 'did you mean timeouts?'],
    ['Filters', 'did you mean filters?'],
    ['backend', 'did you mean backendRefs?'],
    [
      'auth',
      'take one of backendRefs, filters, matches, name, retry, sessionPersistence, timeouts, or remove it',
    ],
    [
      'x'.repeat(100_000),
      'take one of backendRefs, filters, matches, name, retry, sessionPersistence, timeouts, or remove it',
    ],
  ] as const) {
    assert.deepEqual(problems('HTTPRoute', { ...route, spec: { parentRefs, rules: [{ [name]: {} }] } }), [
      { path: `spec.rules[0].${name}`, message: `is an unknown field: ${message}` },
    ]);
  }
  assert.deepEqual(traffic({ retry: { attempts: 1, code: [500] } }), [
    { path: 'spec.retry.code', message: 'is an unknown field: did you mean codes?' },
  ]);
});

test('an empty group that is left out can be seen where it is told', () => {
  const { group: _, ...rest } = shop;
  const groups = 'gateway.networking.k8s.io or "" (for a Service)';
  assert.deepEqual(traffic({ targetRefs: [rest], hedge: { delay: '1s' } }), [
    { path: 'spec.targetRefs[0].group', message: `is missing: add it with ${groups}` },
  ]);
  assert.deepEqual(traffic({ targetRefs: [{ ...rest, group: 'apps' }], hedge: { delay: '1s' } }), [
    { path: 'spec.targetRefs[0].group', message: `must be ${groups}` },
  ]);
});

test('networks are told apart from what is none, all at once', () => {
  const good = [
    '10.0.0.0/8',
    '0.0.0.0/0',
    '255.255.255.255/32',
    '2001:db8::/32',
    '::/0',
    '2001:db8::10.0.0.0/124',
    '2001:db8:1:2:3:4:5:6/128',
  ];
  assert.deepEqual(clients({ proxyProtocol: { sources: good } }), []);
  const none = [
    '10.0.0.0/33',
    'foo',
    '256.0.0.0/8',
    '10.0.0/8',
    '2001:db8::/129',
    '10.0.0.0',
    'abc/8',
    '1::2::3/64',
  ];
  assert.deepEqual(
    clients({ proxyProtocol: { sources: none } }).map(({ path }) => path),
    none.map((_, at) => `spec.proxyProtocol.sources[${at}]`),
  );
});

test('a network whose address goes on beyond its length is refused by its field', () => {
  const sources = [
    '10.0.0.1/8',
    '0.0.0.1/0',
    '192.168.1.129/25',
    '2001:db8::1/127',
    'fe80::/8',
    '::1.2.3.5/127',
  ];
  assert.deepEqual(
    clients({ proxyProtocol: { sources } }),
    sources.map((_, at) => ({ path: `spec.proxyProtocol.sources[${at}]`, message: bitsBeyondLength })),
  );
});
