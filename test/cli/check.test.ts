// turnpike check: a line for each problem that tells file, line, object, field and remedy.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { turnpike } from '#test/given/command.ts';
import { givenFolder } from '#test/given/folder.ts';
import { edgeManifest, pathRouteManifest, serviceManifest } from '#test/given/manifests.ts';

const good = {
  'edge.yaml': edgeManifest(8080),
  'shop.yaml': [serviceManifest('shop', 3000), pathRouteManifest('shop', '/', 'shop')].join('---'),
};

test('a good folder has no problems', async () => {
  await using folder = await givenFolder(good);
  const { code, stdout, stderr } = await turnpike(['check', folder.path]);
  assert.equal(stdout, '5 objects checked, no problems\n');
  assert.equal(stderr, '');
  assert.equal(code, 0);
});

test('the quickstart has no problems', async () => {
  const folders = ['shared', 'standalone'].map((part) => `examples/quickstart/${part}`);
  const { code, stdout } = await turnpike(['check', ...folders]);
  assert.match(stdout, /^\d+ objects checked, no problems\n$/);
  assert.equal(code, 0);
});

test('objects of other kinds are counted, and one with the name of a kind of ours is told with both groups', async () => {
  const others = [
    ['apps/v1', 'Deployment'],
    ['batch/v1', 'CronJob'],
    ['batch/v1', 'CronJob'],
    ['gateway.envoyproxy.io/v1', 'TrafficPolicy'],
  ].map(([apiVersion, kind]) => `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: x }\n`);
  await using folder = await givenFolder({ ...good, 'others.yaml': others.join('---\n') });
  const { code, stdout } = await turnpike(['check', folder.path]);
  assert.equal(
    stdout,
    `4 objects of other kinds passed over: CronJob x2, Deployment x1, TrafficPolicy of gateway.envoyproxy.io/v1 (that of turnpike.dev/v1alpha1 is read) x1
5 objects checked, no problems
`,
  );
  assert.equal(code, 0);
});

test('a way in that lets in nobody is told, and a Secret that is there from one that is not', async () => {
  const policy = (name: string, way: string): string => `
apiVersion: turnpike.dev/v1alpha1
kind: AuthPolicy
metadata: { name: ${name} }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop }]
  rules: { authenticate: [{ name: all, ${way} }] }
`;
  const users = 'type: Basic, basic: { secretRef: { name: users, key: .htpasswd } }';
  const secret = (key: string): string => `
apiVersion: v1
kind: Secret
metadata: { name: users }
stringData: { ${key}: "ada:x" }
`;
  const login =
    'type: OpenIDConnect, openIDConnect: { issuer: "https://id.example.com", client: { id: one } }';
  const told: readonly (readonly [string, string])[] = [
    [
      [
        policy('one', login),
        policy('all', login).replace('HTTPRoute, name: shop', 'Gateway, name: edge'),
      ].join('---'),
      'Programmed=False LoginPathTaken: spec.rules.authenticate[0].openIDConnect.redirectPath: /oauth2/callback is answered for AuthPolicy default/all at',
    ],
    [
      policy('one', 'type: ClientCertificate, clientCertificate: {}'),
      'Programmed=False ClientCertificatesNotAsked: Clients of listener http are not asked for certificates, so that nobody is let in there; set spec.tls.frontend of the Gateway',
    ],
    [
      policy('one', users),
      'names key .htpasswd of Secret default/users, which does not exist; create it with that key.',
    ],
    [
      [policy('one', users), secret('users')].join('---'),
      'names key .htpasswd of Secret default/users, which has no such key; add it, or name one that is there.',
    ],
  ];
  for (const [manifest, line] of told) {
    await using folder = await givenFolder({ ...good, 'policy.yaml': manifest });
    const { code, stdout } = await turnpike(['check', folder.path]);
    assert.ok(stdout.includes(line), stdout);
    assert.equal(code, 1);
  }
});

test('Gateways that are all of a class of another controller are a warning', async () => {
  const theirs = good['edge.yaml'].replace('turnpike.dev/gateway-controller', 'turnpike.dev/controller');
  await using folder = await givenFolder({ ...good, 'edge.yaml': theirs });
  const { code, stdout } = await turnpike(['check', folder.path]);
  assert.equal(
    stdout,
    `warning no Gateway in ${folder.path} is of a GatewayClass with controllerName turnpike.dev/gateway-controller, so nothing is served (correct spec.gatewayClassName or the class)
5 objects checked, no problems
`,
  );
  assert.equal(code, 0);
});

test('API keys that are left out and plain ones are warnings, which do not tell them', async () => {
  const policy = `
apiVersion: turnpike.dev/v1alpha1
kind: AuthPolicy
metadata: { name: shop }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop }]
  rules:
    authenticate:
      - { name: keys, type: APIKey, apiKey: { secretSelector: { matchLabels: { keys: shop } } } }
---
apiVersion: v1
kind: Secret
metadata: { name: keys, labels: { keys: shop } }
stringData: { acme: a-plain-key-of-long-ago, many: "# nobody\\na-line-that-is-none" }
`;
  await using folder = await givenFolder({ ...good, 'policy.yaml': policy });
  const { code, stdout } = await turnpike(['check', folder.path]);
  const [leftOut, plain, ...rest] = stdout.split('\n');
  assert.match(
    leftOut ?? '',
    /^warning policy.yaml:2: AuthPolicy default\/shop: Secret default\/keys: left out: entry many, line 2: does not begin/,
  );
  assert.match(
    plain ?? '',
    /^warning policy.yaml:2: AuthPolicy default\/shop: Secret default\/keys holds plain keys \(acme\)/,
  );
  assert.deepEqual(rest, ['7 objects checked, no problems', '']);
  assert.ok(!stdout.includes('long-ago') && !stdout.includes('is-none'));
  assert.equal(code, 0);
});

const cases: Readonly<Record<string, { files: Record<string, string>; lines: readonly string[] }>> = {
  'YAML that does not parse': {
    files: { 'broken.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: { name: x\n' },
    lines: [
      'broken.yaml:4: Flow map in block collection must be sufficiently indented and end with a } (correct the YAML)',
    ],
  },
  'a value that the schema does not allow': {
    files: {
      'route.yaml': `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: bad
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches:
        - path:
            type: Exactly
            value: /
`,
    },
    lines: [
      'route.yaml:10: HTTPRoute default/bad spec.rules[0].matches[0].path.type: must be one of Exact, PathPrefix, RegularExpression: did you mean Exact?',
    ],
  },
  'a field that does not exist': {
    files: {
      'route.yaml': `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: misspelt }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - backendRefs: [{ name: shop, port: 80 }]
      timeout: { request: 1s }
`,
    },
    lines: [
      'route.yaml:8: HTTPRoute default/misspelt spec.rules[0].timeout: is an unknown field: did you mean timeouts?',
    ],
  },
  'a spec that is indented under metadata': {
    files: {
      'policy.yaml':
        'apiVersion: turnpike.dev/v1alpha1\nkind: AuthPolicy\nmetadata:\n  name: x\n  spec:\n    rules: {}\n',
    },
    lines: [
      'policy.yaml:5: AuthPolicy x metadata.spec: stands under metadata (indent it as far as metadata)',
    ],
  },
  'a kind that does not exist': {
    files: { 'policy.yaml': 'apiVersion: turnpike.dev/v1alpha1\nkind: AuthPolcy\nmetadata: { name: x }\n' },
    lines: [
      'policy.yaml:2: AuthPolcy x kind: turnpike.dev/v1alpha1 AuthPolcy is not a kind that Turnpike knows (did you mean turnpike.dev/v1alpha1 AuthPolicy?)',
    ],
  },
  'an object that is written twice': {
    files: { 'twice.yaml': pathRouteManifest('shop', '/', 'shop') },
    lines: [
      'twice.yaml:4: HTTPRoute default/shop metadata.name: is already defined in shop.yaml, which counts (remove one of the two, or give it another name)',
    ],
  },
  'a Service that does not exist': {
    files: { 'lost.yaml': pathRouteManifest('lost', '/lost', 'nowhere') },
    lines: [
      'lost.yaml:8: HTTPRoute default/lost: parent edge: ResolvedRefs=False BackendNotFound: spec.rules[0].backendRefs[0]: Service default/nowhere does not exist; create it or correct the name.',
    ],
  },
  'a Gateway that does not exist': {
    files: { 'lost.yaml': pathRouteManifest('lost', '/lost', 'shop').replace('name: edge', 'name: egde') },
    lines: [
      'lost.yaml:6: HTTPRoute default/lost: spec.parentRefs[0]: Gateway default/egde does not exist; create it or correct the name.',
    ],
  },
  'a GatewayClass that does not exist': {
    files: {
      'other.yaml': `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: other }
spec:
  gatewayClassName: turnpiek
  listeners: [{ name: http, protocol: HTTP, port: 8081 }]
`,
    },
    lines: [
      'other.yaml:5: Gateway default/other: spec.gatewayClassName: GatewayClass turnpiek does not exist; create it with controllerName turnpike.dev/gateway-controller, or correct the name.',
    ],
  },
  'a name in an expression that is none': {
    files: {
      'policy.yaml': `apiVersion: turnpike.dev/v1alpha1
kind: AuthPolicy
metadata: { name: may }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop }]
  rules:
    authorize: [{ name: one, when: "'admin' in claims.roles" }]
`,
    },
    lines: [
      'policy.yaml:7: AuthPolicy default/may: Accepted=False Invalid: spec.rules.authorize[0].when: column 12: unknown variable: claims: did you mean auth.claims? Until then what the policy holds for is closed.',
      'shop.yaml:15: HTTPRoute default/shop: parent edge: turnpike.dev/Closed=True PolicyNotEnforced: Rule 0: AuthPolicy default/may cannot be enforced: see its status.',
    ],
  },
  'a Secret that cannot be read': {
    files: {
      'policy.yaml': `apiVersion: turnpike.dev/v1alpha1
kind: AuthPolicy
metadata: { name: users }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop }]
  rules:
    authenticate: [{ name: all, type: Basic, basic: { secretRef: { name: users, key: users } } }]
---
apiVersion: v1
kind: Secret
metadata: { name: users }
data: { users: "no base64" }
`,
    },
    lines: [
      'policy.yaml:12: Secret default/users data.users: must be base64: encode it, or write it into stringData',
      'policy.yaml:7: AuthPolicy default/users: ResolvedRefs=False UsersNotFound: spec.rules.authenticate[0].basic.secretRef names key users of Secret default/users, which cannot be read: correct what is told of it. Until then what the policy holds for is closed.',
      'shop.yaml:15: HTTPRoute default/shop: parent edge: turnpike.dev/Closed=True PolicyNotEnforced: Rule 0: AuthPolicy default/users cannot be enforced: see its status.',
    ],
  },
  'plans that are not there': {
    files: {
      'plans.yaml': `apiVersion: turnpike.dev/v1alpha1
kind: Plan
metadata: { name: silver }
spec: { quotas: [{ name: day, requests: 5, period: Day, timeZone: Moon/Tycho }] }
---
apiVersion: turnpike.dev/v1alpha1
kind: Consumer
metadata: { name: ada }
spec: { plan: silber }
---
apiVersion: turnpike.dev/v1alpha1
kind: Consumer
metadata: { name: bob }
spec: { plan: silver }
`,
    },
    lines: [
      'plans.yaml:9: Consumer default/ada: ResolvedRefs=False PlanNotFound: spec.plan: Plan silber does not exist in namespace default; did you mean silver? Until then requests of this consumer are refused.',
      'plans.yaml:14: Consumer default/bob: ResolvedRefs=False InvalidPlan: spec.plan: Plan silver is not accepted; see its status. Until then requests of this consumer are refused.',
      'plans.yaml:4: Plan default/silver: Accepted=False Invalid: spec.quotas[0].timeZone: Moon/Tycho is no time zone; take one of the IANA data base such as Europe/Berlin, or UTC. Until then requests of who has the plan are refused.',
    ],
  },
  'a Consumer that cannot be read, and targetRefs and a selector misspelt': {
    files: {
      'policy.yaml': `apiVersion: turnpike.dev/v1alpha1
kind: AuthPolicy
metadata: { name: keys }
spec:
  targetRef: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop }]
  rules:
    authenticate: [{ name: all, type: APIKey, apiKey: { consumerSelector: { tier: gold } } }]
---
apiVersion: turnpike.dev/v1alpha1
kind: Consumer
metadata: { name: acme }
spec: { groups: [bad group] }
`,
    },
    lines: [
      'policy.yaml:5: AuthPolicy default/keys spec.targetRef: is an unknown field: did you mean targetRefs?',
      'policy.yaml:7: AuthPolicy default/keys spec.rules.authenticate[0].apiKey.consumerSelector.tier: is an unknown field: take one of matchLabels, namespaces, or remove it',
      'policy.yaml:12: Consumer default/acme spec.groups[0]: must be letters, digits and . _ @ : + -, beginning and ending with a letter or digit',
    ],
  },
  'a policy that breaks a rule between fields': {
    files: {
      'policy.yaml': `apiVersion: turnpike.dev/v1alpha1
kind: RateLimitPolicy
metadata: { name: slow }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop }]
`,
    },
    lines: [
      'policy.yaml:4: RateLimitPolicy default/slow spec: exactly one of rules, defaults and overrides must be set: add one, or move all rules into one of them and remove the others',
      'shop.yaml:15: HTTPRoute default/shop: parent edge: turnpike.dev/Closed=True PolicyNotEnforced: Rule 0: RateLimitPolicy default/slow cannot be enforced: see its status.',
    ],
  },
};

for (const [what, { files, lines }] of Object.entries(cases)) {
  test(`${what}: lines tell where, and what to do`, async () => {
    await using folder = await givenFolder({ ...good, ...files });
    const { code, stdout } = await turnpike(['check', folder.path]);
    assert.deepEqual(stdout.split('\n').slice(0, -2), lines);
    const count = lines.length === 1 ? '1 problem' : `${lines.length} problems`;
    assert.ok(stdout.endsWith(` objects checked, ${count}\n`));
    assert.equal(code, 1);
  });
}

test('a folder without manifests is told, not praised', async () => {
  await using folder = await givenFolder({ 'readme.txt': 'nothing here' });
  const { code, stdout } = await turnpike(['check', folder.path]);
  assert.equal(stdout, `there are no manifests in ${folder.path} (files *.yaml, *.yml, *.json)\n`);
  assert.equal(code, 1);
});

test('a folder that is not there, no folder and unknown options end with 2', async () => {
  const missing = await turnpike(['check', '/no/such/folder']);
  assert.equal(missing.stderr, 'turnpike: /no/such/folder: there is no such folder\n');
  assert.equal(missing.code, 2);

  const nothing = await turnpike(['check']);
  assert.match(nothing.stderr, /^turnpike: name a folder\n\nusage: turnpike check/);
  assert.equal(nothing.code, 2);

  const unknown = await turnpike(['check', '--fix']);
  assert.match(unknown.stderr, /^turnpike: Unknown option '--fix'/);
  assert.equal(unknown.code, 2);
});

test('--help tells the exit codes', async () => {
  const { code, stdout } = await turnpike(['check', '--help']);
  assert.match(stdout, /^usage: turnpike check FOLDER/);
  assert.match(stdout, /Exit codes: 0/);
  assert.equal(code, 0);
});
