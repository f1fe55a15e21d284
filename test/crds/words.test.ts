import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeManifest, type Kind } from '#crds/kind.ts';
import type { FieldProblem } from '#crds/field-problem.ts';
import { manifest, type Json } from './manifest.ts';
import { bitsBeyondLength, noNetwork } from './networks.ts';

const shop = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'shop' };
const edge = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge' };

const durationWords =
  'must be a duration in whole h, m, s and ms, such as 1h30m or 500ms; there are no days: 30 are 720h';

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
      message: durationWords,
    },
    { path: 'spec.hedge.delay', message: durationWords },
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
    { path: 'spec.timeouts.idle', message: durationWords },
  ]);
  assert.deepEqual(traffic({ hedge: {} }), [{ path: 'spec.hedge.delay', message: 'is missing: add it' }]);
});

test('a unit that there is not, or not here, is told with what to write', () => {
  for (const request of ['30d', '1.5h', '5min', '300']) {
    assert.deepEqual(traffic({ timeouts: { request } }), [
      { path: 'spec.timeouts.request', message: durationWords },
    ]);
  }
  assert.deepEqual(clients({ limits: { maxConnections: '1Ki', maxHeadBytes: '16KB' } }), [
    {
      path: 'spec.limits.maxConnections',
      message: 'must be a number, without quotes or a unit (1Mi is 1048576)',
    },
    {
      path: 'spec.limits.maxHeadBytes',
      message:
        'must be an amount of octets such as 65536, 64Ki or 10Mi (units: k, M, G, Ki, Mi, Gi), and not 0',
    },
  ]);
  const resources = { requests: { cpu: 1 } };
  assert.deepEqual(problems('GatewayParameters', manifest('GatewayParameters', { resources })), [
    { path: 'spec.resources.requests.cpu', message: "must be a quantity such as 256Mi, or '1' in quotes" },
  ]);
});

function way(one: Json): readonly FieldProblem[] {
  const rules = { authenticate: [{ name: 'one', ...one }] };
  return problems('AuthPolicy', manifest('AuthPolicy', { targetRefs: [shop], rules }));
}

const at = 'spec.rules.authenticate[0]';
const uri = 'https://id.example.com/keys';

test('a type that does not fit the field beside it is told once, with the type that does', () => {
  assert.deepEqual(way({ type: 'Introspection', introspection: { endpoint: { uri } } }), [
    {
      path: `${at}.introspection.endpoint`,
      message:
        'the field uri is for type URI, and type is Backend: set type to URI, or write backend in its place',
    },
  ]);
  const jwks = { type: 'Remote', remote: { type: 'Discovery', uri } };
  assert.deepEqual(way({ type: 'JWT', jwt: { issuer: 'https://id.example.com', jwks } }), [
    {
      path: `${at}.jwt.jwks.remote`,
      message: 'the field uri is for type URI, and type is Discovery: set type to URI, or remove uri',
    },
  ]);
  const typeless = { issuer: 'https://id.example.com', jwks: { remote: { uri } } };
  assert.deepEqual(way({ type: 'JWT', jwt: typeless }), [
    { path: `${at}.jwt.jwks.type`, message: 'is missing: add it with Remote, whose field remote is there' },
  ]);
  const reference = { configMapRef: { name: 'keys', key: 'jwks.json' } };
  assert.deepEqual(way({ jwt: { issuer: 'x', jwks: { type: 'ConfigMap', ...reference } } }), [
    { path: `${at}.type`, message: 'is missing: add it with JWT, whose field jwt is there' },
  ]);
});

test('a word that is nearly one of those there are is told it', () => {
  const [only] = way({ type: 'APIkey', apiKey: { consumerSelector: {} } });
  assert.match(only?.message ?? '', /^must be one of JWT, APIKey, .*: did you mean APIKey\?$/);
  const cors = { origins: ['https://a.example'], methods: ['GET'], headers: ['x'] };
  const rules = { authorize: [{ name: 'one', methods: ['GET'] }], cors };
  assert.deepEqual(
    problems('AuthPolicy', manifest('AuthPolicy', { targetRefs: [shop], rules })).map(
      ({ message }) => message,
    ),
    [
      'is an unknown field: did you mean allowOrigins?',
      'is an unknown field: did you mean allowMethods?',
      'is an unknown field: take one of allowCredentials, allowHeaders, allowMethods, allowOrigins, exposeHeaders, maxAge, or remove it',
    ],
  );
});

test('a port that is a name, an age with a unit and a scheme with a colon are told in their own words', () => {
  const backend = { backendRef: { name: 'id', port: 'http' }, path: '/jwks.json' };
  const jwks = { type: 'Remote', remote: { type: 'Backend', backend } };
  const sources = [{ type: 'Header', header: { name: 'Authorization', scheme: 'Bearer:' } }];
  assert.deepEqual(way({ type: 'JWT', jwt: { issuer: 'x', jwks, sources } }), [
    {
      path: `${at}.jwt.jwks.remote.backend.backendRef.port`,
      message: 'must be the number of a port, without quotes, and no name',
    },
    {
      path: `${at}.jwt.sources[0].header.scheme`,
      message: 'must be a scheme such as Bearer, without spaces or colon',
    },
  ]);
  const cors = { allowOrigins: ['https://a.example'], maxAge: '10m' };
  const rules = { authorize: [{ name: 'one', methods: ['GET'] }], cors };
  assert.deepEqual(problems('AuthPolicy', manifest('AuthPolicy', { targetRefs: [shop], rules })), [
    {
      path: 'spec.rules.cors.maxAge',
      message: 'must be a number of seconds, such as 600, without quotes or a unit',
    },
  ]);
});

test('a name that is longer than the one there is is told it, and an item that is no list where its list is', () => {
  const client = { clientId: 'shop', clientSecretRef: { name: 'login', key: 'secret' } };
  const issuer = 'https://id.example.com';
  assert.deepEqual(
    way({ type: 'OpenIDConnect', openIDConnect: { issuer, client } }).map(({ message }) => message),
    [
      'is missing: add it',
      'is an unknown field: did you mean id?',
      'is an unknown field: did you mean secretRef?',
    ],
  );
  const inline = { kty: 'OKP' };
  assert.deepEqual(way({ type: 'JWT', jwt: { issuer, jwks: { type: 'Inline', inline } } }), [
    {
      path: `${at}.jwt.jwks.inline.kty`,
      message: `is an unknown field here: it belongs in ${at}.jwt.jwks.inline.keys[0], so move it there`,
    },
  ]);
});

test('a field stands in its place only where it is such a thing as is meant there', () => {
  const protection = (spec: Json) =>
    problems('ProtectionPolicy', manifest('ProtectionPolicy', { targetRefs: [edge], ...spec }));
  const perAddress = { opened: 3, requests: 3, window: '1m' };
  const [requests] = protection({ connections: { perAddress } });
  assert.match(requests?.message ?? '', /^is an unknown field: take one of burst, /);
  const flood = { perAddress: { opened: 3, window: '1m', requests: { perAddress: {} } } };
  const [group] = protection({ connections: flood });
  assert.equal(group?.message, 'is an unknown field here: it belongs in spec, so move it there');
  const configMapRef = { name: 'scanners' };
  const [list] = protection({ reputation: [{ name: 'scanners', type: 'ConfigMap', configMapRef }] });
  assert.equal(list?.message, 'is an unknown field: did you mean configMap?');
});

test('a text that YAML has read as a number is told to be one of those in quotes', () => {
  assert.deepEqual(clients({ tls: { minVersion: 1.3 } }), [
    {
      path: 'spec.tls.minVersion',
      message: 'must be one of 1.2, 1.3, in quotes, as YAML reads a number here',
    },
  ]);
  const { kind: _, ...rest } = shop;
  assert.deepEqual(clients({ targetRefs: [{ ...rest, kind: true }], tls: { minVersion: '1.3' } }), [
    { path: 'spec.targetRefs[0].kind', message: 'must be one of Gateway, ListenerSet' },
  ]);
});

test('what is nearly an origin, a method or a network is told what it lacks', () => {
  const rules = (rest: Json, cors?: Json) => ({
    authorize: [{ name: 'one', ...rest }],
    ...(cors === undefined ? {} : { cors }),
  });
  const policy = (spec: Json) =>
    problems('AuthPolicy', manifest('AuthPolicy', { targetRefs: [shop], rules: spec }));
  const methods = ['GET'];
  assert.deepEqual(policy(rules({ methods }, { allowOrigins: ['https://app.example.com/'] })), [
    {
      path: 'spec.rules.cors.allowOrigins[0]',
      message: "must be an origin without a path, such as https://app.example.com, or '*'",
    },
  ]);
  assert.deepEqual(policy(rules({ methods: ['get'] })), [
    { path: 'spec.rules.authorize[0].methods[0]', message: 'must be a method in capitals, such as GET' },
  ]);
  assert.deepEqual(policy(rules({ addresses: { allow: ['10.0.0.1'] } })), [
    { path: 'spec.rules.authorize[0].addresses.allow[0]', message: noNetwork },
  ]);
});

test('a text where fields are wanted is told which', () => {
  assert.deepEqual(way({ type: 'Basic', basic: { secretRef: 'users' } }), [
    { path: `${at}.basic.secretRef`, message: 'must be an object with key, name' },
  ]);
});

test('a field that is indented too little or too far is told where it belongs, and nothing that follows', () => {
  const issuer = 'https://id.example.com';
  const jwks = { type: 'Remote', remote: { uri } };
  const authenticate = [{ name: 'one', type: 'JWT', jwt: { issuer, jwks } }];
  const told = (object: Json) => problems('AuthPolicy', { ...manifest('AuthPolicy', {}), ...object });
  const message = (place: string) => `is an unknown field here: it belongs ${place}, so move it there`;
  const targetRefs = [shop];
  for (const [object, path, place] of [
    [{ spec: { targetRefs }, rules: { authenticate } }, 'rules', 'in spec'],
    [
      { metadata: { name: 'p', spec: { targetRefs, rules: { authenticate } } }, spec: null },
      'metadata.spec',
      'at the top of the object',
    ],
    [{ spec: { targetRefs, authenticate } }, 'spec.authenticate', 'in spec.rules'],
    [
      { spec: { targetRefs, defaults: { authenticate } } },
      'spec.defaults.authenticate',
      'in spec.defaults.rules',
    ],
    [
      {
        spec: { targetRefs, rules: { authenticate: [{ name: 'one', type: 'JWT', issuer, jwt: { jwks } }] } },
      },
      `${at}.issuer`,
      `in ${at}.jwt`,
    ],
    [
      { spec: { targetRefs, rules: { authenticate: [{ ...authenticate[0], optional: true }] } } },
      `${at}.optional`,
      'in spec.rules',
    ],
  ] as const) {
    assert.deepEqual(
      told(object).filter(({ path: of }) => of !== `${at}.jwt.issuer`),
      [{ path, message: message(place) }],
    );
  }
});

test('a field that is unknown does not belong where there is one of its name', () => {
  const jwks = { type: 'Remote', remote: { uri } };
  const [only, ...others] = way({ type: 'JWT', jwt: { type: 'RS256', issuer: 'x', jwks } });
  assert.match(only?.message ?? '', /^is an unknown field: take one of audiences, /);
  assert.deepEqual(others, []);
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
  assert.deepEqual(traffic({ retries: { attempts: 1 }, hedge: { delay: '1s' } }), [
    { path: 'spec.retries', message: 'is an unknown field: did you mean retry?' },
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
