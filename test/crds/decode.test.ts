import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { decodeManifest, decodeObject, kindOf, kinds, type Kind } from '#crds/kind.ts';
import { decoded } from '#test/given/objects.ts';
import { verdictCases } from './verdicts.ts';

for (const { kind, what, object, refused } of verdictCases) {
  test(`${kind}: ${what} is ${refused === null ? 'taken' : 'refused'}`, () => {
    const result = decodeManifest(kind, object);
    assert.deepEqual(
      result.ok ? null : result.problems.map((problem) => problem.path),
      refused,
      JSON.stringify(result),
    );
  });
}

const given = { metadata: { name: 'shop' }, spec: { parentRefs: [{ name: 'edge' }] } };

test('an HTTPRoute gets the defaults of its CRD', () => {
  const rules = [
    { backendRefs: [{ name: 'shop', port: 80 }], matches: [{ headers: [{ name: 'a', value: 'b' }] }] },
  ];
  const route = decoded('HTTPRoute', { ...given, spec: { ...given.spec, rules } });
  assert.deepEqual(route.spec, {
    parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge' }],
    hostnames: [],
    rules: [
      {
        matches: [
          {
            path: { type: 'PathPrefix', value: '/' },
            headers: [{ type: 'Exact', name: 'a', value: 'b' }],
            queryParams: [],
          },
        ],
        filters: [],
        backendRefs: [{ group: '', kind: 'Service', name: 'shop', port: 80, weight: 1, filters: [] }],
      },
    ],
  });
});

test('an item of a list, without apiVersion and kind, is told apart no more from a single object', () => {
  const single = decoded('HTTPRoute', {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    ...given,
  });
  assert.deepEqual(decoded('HTTPRoute', given), single);
});

test('an object of the older version is the same object', () => {
  assert.equal(kindOf('gateway.networking.k8s.io/v1beta1', 'HTTPRoute'), 'HTTPRoute');
  const older = decoded('HTTPRoute', {
    apiVersion: 'gateway.networking.k8s.io/v1beta1',
    kind: 'HTTPRoute',
    ...given,
  });
  assert.equal(older.apiVersion, 'gateway.networking.k8s.io/v1');
});

test('an object of another kind is refused', () => {
  const result = decodeObject('HTTPRoute', { ...given, kind: 'GRPCRoute' });
  assert.deepEqual(result, { ok: false, problems: [{ path: 'kind', message: 'must be HTTPRoute' }] });
});

test('kinds are found by apiVersion and kind, and only those we read', () => {
  assert.equal(kindOf('v1', 'Service'), 'Service');
  assert.equal(kindOf('turnpike.dev/v1alpha1', 'AuthPolicy'), 'AuthPolicy');
  assert.equal(kindOf('discovery.k8s.io/v1', 'EndpointSlice'), 'EndpointSlice');
  assert.equal(kindOf('turnpike.dev/v1', 'AuthPolicy'), undefined);
  assert.equal(kindOf('v1', 'toString'), undefined);
  assert.equal(kindOf('v1', 'Pod'), undefined);
  assert.equal(kindOf(undefined, 1), undefined);
});

for (const value of [null, undefined, 1, 'text', [], [{}]]) {
  test(`${JSON.stringify(value)} is no object of any kind, and says so`, () => {
    const result = decodeObject('Gateway', value);
    assert.ok(!result.ok);
    assert.match(result.problems[0]?.message ?? '', /must be an object/);
  });
}

test('metadata that is missing or no object is told, not thrown', () => {
  for (const metadata of [undefined, null, 'shop', []]) {
    const result = decodeObject('Namespace', { metadata });
    assert.ok(!result.ok);
    assert.deepEqual(
      result.problems.map((problem) => problem.path),
      ['metadata'],
    );
  }
});

test('an object from the API server may have fields we do not know; one from a file may not', () => {
  const newer = {
    ...given,
    spec: { ...given.spec, fallback: true },
    status: { parents: [], summary: 'new' },
  };
  const served = decodeObject('HTTPRoute', newer);
  assert.ok(served.ok);
  assert.deepEqual(
    served.unknownFields.map((problem) => problem.path),
    ['spec.fallback'],
  );
  assert.ok(!('fallback' in served.object.spec));
  const written = decodeManifest('HTTPRoute', newer);
  assert.ok(!written.ok);
  assert.deepEqual(
    written.problems.map((problem) => problem.path),
    ['spec.fallback'],
  );
});

test('a status in a file is not taken', () => {
  const parents = 'broken';
  const result = decodeManifest('HTTPRoute', { ...given, status: { parents } });
  assert.ok(result.ok);
  assert.deepEqual(result.object.status, { parents: [] });
});

test('what comes out is frozen to the leaves, and what went in is as it was', () => {
  const manifest = {
    metadata: { name: 'shop', labels: { a: 'b' } },
    spec: { parentRefs: [{ name: 'edge', port: null }] },
  };
  const before = structuredClone(manifest);
  const route = decoded('HTTPRoute', manifest);
  assert.deepEqual(manifest, before);
  assert.ok(!Object.isFrozen(manifest.spec.parentRefs));
  const open: unknown[] = [];
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if (!Object.isFrozen(value)) open.push(value);
    Object.values(value).forEach(look);
  };
  look(route);
  assert.deepEqual(open, []);
});

test('kinds with and without namespace get theirs', () => {
  assert.equal(decoded('HTTPRoute', given).metadata.namespace, 'default');
  const gatewayClass = {
    metadata: { name: 'a', namespace: 'b' },
    spec: { controllerName: 'turnpike.dev/a' },
  };
  assert.equal(decoded('GatewayClass', gatewayClass).metadata.namespace, '');
});

test('metadata is always whole', () => {
  assert.deepEqual(decoded('HTTPRoute', given).metadata, {
    name: 'shop',
    namespace: 'default',
    uid: '',
    generation: 0,
    resourceVersion: '',
    creationTimestamp: '',
    labels: {},
    annotations: {},
  });
});

test('stringData is merged over data, as the API server does', () => {
  const secret = decoded('Secret', {
    metadata: { name: 'a' },
    data: { a: 'YQ==', b: 'Yg==' },
    stringData: { b: 'ü' },
  });
  assert.deepEqual(secret.data, { a: 'YQ==', b: 'w7w=' });
  assert.ok(!('stringData' in secret));
});

test('a namespace has its name as a label', () => {
  const { labels } = decoded('Namespace', { metadata: { name: 'shop', labels: { a: 'b' } } }).metadata;
  assert.deepEqual(labels, { a: 'b', 'kubernetes.io/metadata.name': 'shop' });
});

test('conditions of endpoints that are left out are told as the API reads them', () => {
  const conditionsOf = (conditions: unknown): unknown =>
    decoded('EndpointSlice', {
      metadata: { name: 'a' },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.0.0.1'], conditions }],
    }).endpoints[0]?.conditions;
  assert.deepEqual(conditionsOf(undefined), { ready: true, serving: true, terminating: false });
  assert.deepEqual(conditionsOf({ ready: false }), { ready: false, serving: false, terminating: false });
  assert.deepEqual(conditionsOf({ ready: false, serving: true, terminating: true }), {
    ready: false,
    serving: true,
    terminating: true,
  });
});

test('problems of many fields are told together, with place and remedy', () => {
  const listeners = [
    { name: 'http', port: '80', protocol: 'HTTP' },
    { name: 'b', port: 81 },
  ];
  const result = decodeManifest('Gateway', { metadata: { name: 'edge' }, spec: { listeners } });
  assert.ok(!result.ok);
  assert.deepEqual(result.problems, [
    { path: 'spec.gatewayClassName', message: 'is missing: add it' },
    {
      path: 'spec.listeners[0].port',
      message: 'must be the number of a port, without quotes, and no name',
    },
    { path: 'spec.listeners[1].protocol', message: 'is missing: add it' },
  ]);
});

test('a member named __proto__ changes nothing but itself', () => {
  const config = decoded(
    'ConfigMap',
    JSON.parse('{"metadata":{"name":"a"},"data":{"__proto__":"x","b":"c"}}'),
  );
  assert.equal(Object.getPrototypeOf(config.data), Object.prototype);
  assert.equal(config.data['b'], 'c');
});

test('the sessionPersistence of a rule is read as Gateway API 1.7 has it, and as it was until 1.6', () => {
  const read = (sessionPersistence: unknown) =>
    decodeObject('HTTPRoute', { ...given, spec: { rules: [{ sessionPersistence }] } });
  for (const taken of [
    { cookie: { name: 'at', path: '/a' } },
    { type: 'Header', header: { name: 'x-session' }, absoluteTimeout: '1h' },
    { cookie: { lifetimeType: 'Permanent' }, absoluteTimeout: '1h' },
    { sessionName: 'at', idleTimeout: '5m', cookieConfig: { lifetimeType: 'Session' } },
    {},
  ]) {
    assert.ok(read(taken).ok, JSON.stringify(taken));
  }
  for (const refused of [
    { cookie: { lifetimeType: 'Permanent' } },
    { cookieConfig: { lifetimeType: 'Permanent' } },
    { type: 'Header', header: { name: 'x-session' }, cookie: {} },
    { header: { name: 'x-session' }, cookie: {} },
    { cookie: { name: 'a b' } },
    { type: 'Address' },
    'Cookie',
  ]) {
    const result = read(refused);
    assert.ok(!result.ok, JSON.stringify(refused));
    assert.match(result.problems[0]?.path ?? '', /^spec\.rules\[0\]\.sessionPersistence/);
  }
});

test('what is nested without end is told, not thrown', () => {
  let nested: unknown = {};
  for (let depth = 0; depth < 100_000; depth += 1) nested = depth % 2 === 0 ? [nested] : { a: nested };
  const result = decodeObject('HTTPRoute', { ...given, spec: { useDefaultGateways: nested } });
  assert.ok(!result.ok);
  assert.match(result.problems[0]?.path ?? '', /^spec\.useDefaultGateways\.a/);
  assert.match(result.problems[0]?.message ?? '', /nested deeper than 100 levels/);
});

test('no value of any shape makes the decoder throw, and what it takes it takes again unchanged', () => {
  const names = fc.constantFrom(
    'metadata',
    'spec',
    'status',
    'rules',
    'name',
    'type',
    'listeners',
    'data',
    '__proto__',
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.jsonValue({ maxDepth: 1 }),
      fc.array(tie('value'), { maxLength: 3 }),
      tie('object'),
    ),
    object: fc.dictionary(names, tie('value'), { maxKeys: 4 }),
  }));
  const kind = fc.constantFrom(...(Object.keys(kinds) as Kind[]));
  const named = fc
    .tuple(fc.boolean(), value)
    .map(([good, any]) => (good ? { metadata: { name: 'a' }, spec: any, data: any } : any));
  fc.assert(
    fc.property(kind, named, (kind, any) => {
      const result = decodeObject(kind, any);
      if (!result.ok) assert.ok(result.problems.length > 0);
      else assert.deepEqual(decoded(kind, result.object), result.object);
    }),
    { numRuns: 2000 },
  );
});

test('what is missing is told, also where a status has a member of its name', () => {
  const result = decodeObject('GatewayClass', { status: { spec: {}, metadata: {} } });
  assert.ok(!result.ok);
  assert.deepEqual(
    result.problems.map(({ path }) => path),
    ['metadata', 'spec'],
  );
});

test('an object that was decoded is decoded to itself', () => {
  for (const { kind, object, refused } of verdictCases) {
    if (refused !== null) continue;
    const once = decoded(kind, object);
    assert.deepEqual(decoded(kind, once), once);
  }
});

for (const [requests, message] of [
  [40_000_000_000, 'must be at most 1000000000'],
  [-40_000_000_000, 'must be at least 1'],
] as const) {
  test(`a number beyond its bounds and those of int32 (${requests}) is one problem, which names its own bound`, () => {
    const limits = [{ name: 'minute', requests, window: '1m' }];
    const result = decodeManifest('Plan', { metadata: { name: 'gold' }, spec: { limits } });
    assert.deepEqual(result, { ok: false, problems: [{ path: 'spec.limits[0].requests', message }] });
  });
}
