// What an HTTPRoute can say, clause by clause, from its manifest to sockets. Hosts, paths and edits are in routing.test.ts;
// mirrors, sessions, pages of other origins and asking a service have files of their own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { routeManifest, serviceManifest } from '#test/given/manifests.ts';
import { givenStandalone, type GivenStandalone } from '#test/given/standalone.ts';
import type { Answering } from '#test/given/backend.ts';
import type { Wanted } from '#test/given/http-client.ts';

const toShop = 'backendRefs: [{ name: shop, port: 80 }]';

/** The rest of a rule that tells the backend which one it was. */
function telling(rule: string): string {
  const edit = `requestHeaderModifier: { set: [{ name: x-rule, value: "${rule}" }] }`;
  return `filters: [{ type: RequestHeaderModifier, ${edit} }], ${toShop}`;
}

/** The rule that took a request, or its status where it is not 200. */
async function ruleOf(turnpike: GivenStandalone, path: string, wanted: Partial<Wanted> = {}) {
  const { status, body } = await turnpike.get(path, wanted);
  if (status !== 200) return status;
  return (JSON.parse(body) as { readonly headers: Record<string, string> }).headers['x-rule'];
}

test('requests are taken by every kind of match, all of whose parts must hold', async () => {
  const matches: Readonly<Record<string, string>> = {
    pattern: '[{ path: { type: RegularExpression, value: "/v[0-9]+/.*" } }]',
    header: '[{ path: { value: /header }, headers: [{ name: X-Env, value: beta }] }]',
    'header pattern':
      '[{ path: { value: /header }, headers: [{ name: X-Env, type: RegularExpression, value: "pre-.+" }] }]',
    parameter: '[{ path: { value: /query }, queryParams: [{ name: page, value: "1" }] }]',
    'parameter pattern':
      '[{ path: { value: /query }, queryParams: [{ name: page, type: RegularExpression, value: "[0-9]{2}" }] }]',
    method: '[{ path: { value: /method }, method: PATCH }]',
    all: '[{ path: { type: Exact, value: /all }, method: PUT, headers: [{ name: a, value: b }], queryParams: [{ name: c, value: d }] }]',
    either: '[{ path: { type: Exact, value: /one } }, { path: { type: Exact, value: /other } }]',
  };
  const rules = Object.entries(matches).map(([name, match]) => `{ matches: ${match}, ${telling(name)} }`);
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    'shop.yaml': serviceManifest('shop', shop.port),
    'route.yaml': routeManifest('shop', `[${rules.join(', ')}]`),
  });
  await turnpike.until('/one', 200);

  const put = { method: 'PUT', headers: { a: 'b' } };
  const table: readonly (readonly [string, Partial<Wanted>, string | number])[] = [
    ['/v12/cart', {}, 'pattern'],
    ['/v/cart', {}, 404],
    ['/x/v12/cart', {}, 404],
    ['/header', { headers: { 'x-env': 'beta' } }, 'header'],
    ['/header', { headers: { 'x-env': 'pre-2' } }, 'header pattern'],
    ['/header', { headers: { 'x-env': 'a-pre-2' } }, 404],
    ['/header', {}, 404],
    ['/query?page=1', {}, 'parameter'],
    ['/query?page=12', {}, 'parameter pattern'],
    ['/query?page=123', {}, 404],
    ['/method', { method: 'PATCH' }, 'method'],
    ['/method', {}, 404],
    ['/all?c=d', put, 'all'],
    ['/all', put, 404],
    ['/all?c=d', { ...put, method: 'POST' }, 404],
    ['/all?c=d', { method: 'PUT' }, 404],
    ['/all/x?c=d', put, 404],
    ['/one', {}, 'either'],
    ['/other', {}, 'either'],
  ];
  for (const [path, wanted, expected] of table)
    assert.equal(await ruleOf(turnpike, path, wanted), expected, `${path} ${JSON.stringify(wanted)}`);
});

test("a route's own hostname ranks first, and what its rules leave goes on to the wider one", async () => {
  await using shop = await givenBackend('shop');
  const aged = (manifest: string, created: string) =>
    manifest.replace('metadata: { ', `metadata: { creationTimestamp: "${created}", `);
  const wide = `[{ matches: [{ path: { value: /cart/items } }], ${telling('wide')} }]`;
  const near = `[{ matches: [{ path: { value: / }, headers: [{ name: near, value: "1" }] }], ${telling('near')} }]`;
  await using turnpike = await givenStandalone({
    'shop.yaml': serviceManifest('shop', shop.port),
    'wide.yaml': aged(routeManifest('wide', wide, ['*.example.com']), '2026-01-01T00:00:00Z'),
    'near.yaml': aged(routeManifest('near', near, ['abc.example.com']), '2026-02-01T00:00:00Z'),
  });
  const host = 'abc.example.com';
  const headers = { near: '1' };
  await turnpike.until('/cart/items', 200, { host });
  await turnpike.until('/', 200, { host, headers });
  assert.equal(await ruleOf(turnpike, '/cart/items', { host, headers }), 'near');
  assert.equal(await ruleOf(turnpike, '/cart/items', { host }), 'wide');
  assert.equal(await ruleOf(turnpike, '/', { host }), 404);
});

test('redirects have each status, and of the address what the filter leaves', async () => {
  const redirects: Readonly<Record<string, string>> = {
    '/default': '{ hostname: b.example }',
    '/301': '{ hostname: b.example, statusCode: 301 }',
    '/302': '{ hostname: b.example, statusCode: 302 }',
    '/303': '{ hostname: b.example, statusCode: 303 }',
    '/307': '{ hostname: b.example, statusCode: 307 }',
    '/308': '{ hostname: b.example, statusCode: 308 }',
    '/scheme': '{ scheme: https }',
    '/port': '{ port: 8443 }',
    '/both': '{ scheme: https, port: 8443 }',
    '/usual': '{ scheme: http, port: 80 }',
    '/whole': '{ path: { type: ReplaceFullPath, replaceFullPath: /new } }',
    '/prefix': '{ path: { type: ReplacePrefixMatch, replacePrefixMatch: /new } }',
  };
  const rules = Object.entries(redirects).map(
    ([path, filter]) =>
      `{ matches: [{ path: { value: ${path} } }], filters: [{ type: RequestRedirect, requestRedirect: ${filter} }] }`,
  );
  await using turnpike = await givenStandalone({
    'route.yaml': routeManifest('shop', `[${rules.join(', ')}]`),
  });
  await turnpike.until('/default', 302);

  const own = `example.com:${turnpike.port}`;
  const expected: Readonly<Record<string, readonly [number, string]>> = {
    '/default': [302, `http://b.example:${turnpike.port}/default/x?q=1`],
    '/301': [301, `http://b.example:${turnpike.port}/301/x?q=1`],
    '/302': [302, `http://b.example:${turnpike.port}/302/x?q=1`],
    '/303': [303, `http://b.example:${turnpike.port}/303/x?q=1`],
    '/307': [307, `http://b.example:${turnpike.port}/307/x?q=1`],
    '/308': [308, `http://b.example:${turnpike.port}/308/x?q=1`],
    '/scheme': [302, 'https://example.com/scheme/x?q=1'],
    '/port': [302, 'http://example.com:8443/port/x?q=1'],
    '/both': [302, 'https://example.com:8443/both/x?q=1'],
    '/usual': [302, 'http://example.com/usual/x?q=1'],
    '/whole': [302, `http://${own}/new?q=1`],
    '/prefix': [302, `http://${own}/new/x?q=1`],
  };
  for (const [path, answer] of Object.entries(expected)) {
    const { status, headers } = await turnpike.get(`${path}/x?q=1`);
    assert.deepEqual([status, headers.location], answer, path);
  }
});

test('filters of a backend edit what it is sent and what it answers, and nothing of another', async () => {
  const answer: Answering = ({ headers }, response) => {
    response.setHeader('x-internal', 'secret');
    response.end(JSON.stringify({ service: 'shop', headers }));
  };
  const edits = (name: string) => `
          - { type: RequestHeaderModifier, requestHeaderModifier: { add: [{ name: x-to, value: ${name} }], remove: [x-debug] } }
          - { type: ResponseHeaderModifier, responseHeaderModifier: { set: [{ name: x-by, value: ${name} }], remove: [x-internal] } }`;
  await using edited = await givenBackend('edited', { answer });
  await using plain = await givenBackend('plain', { answer });
  await using turnpike = await givenStandalone({
    'edited.yaml': serviceManifest('edited', edited.port),
    'plain.yaml': serviceManifest('plain', plain.port),
    'route.yaml': routeManifest(
      'shop',
      `
    - filters:
        - { type: RequestHeaderModifier, requestHeaderModifier: { add: [{ name: x-to, value: rule }] } }
        - { type: ResponseHeaderModifier, responseHeaderModifier: { set: [{ name: x-rule, value: "yes" }] } }
      backendRefs:
        - name: edited
          port: 80
          filters: ${edits('edited')}
        - { name: plain, port: 80 }`,
    ),
  });
  await turnpike.until('/', 200);

  const seen = new Set<string>();
  for (let count = 0; count < 10; count += 1) {
    const got = await turnpike.get('/', { headers: { 'x-debug': '1' } });
    const { headers } = JSON.parse(got.body) as { readonly headers: Record<string, string> };
    const told = ['x-by', 'x-internal', 'x-rule'].map((name) => String(got.headers[name]));
    seen.add(`${headers['x-to']}; ${headers['x-debug']}; ${told.join(' ')}`);
  }
  assert.deepEqual([...seen].sort(), [
    'rule, edited; undefined; edited undefined yes',
    'rule; 1; undefined secret yes',
  ]);
});

test('time-outs end one attempt, or all of them with what lies between', async () => {
  const asked = new Map<string, number>();
  await using shop = await givenBackend('shop', {
    answer({ url = '' }, answer) {
      asked.set(url, (asked.get(url) ?? 0) + 1);
      if (url === '/request' || url === '/attempt') return;
      answer.writeHead(url === '/ready' ? 200 : 500).end();
    },
  });
  const often = 'retry: { attempts: 100, codes: [500], backoff: 10ms }';
  const rules = [
    `{ matches: [{ path: { value: /ready } }], ${toShop} }`,
    `{ matches: [{ path: { value: /request } }], timeouts: { request: 100ms }, ${toShop} }`,
    `{ matches: [{ path: { value: /attempt } }], timeouts: { backendRequest: 100ms }, ${toShop} }`,
    `{ matches: [{ path: { value: /all } }], timeouts: { request: 400ms }, ${often}, ${toShop} }`,
  ];
  await using turnpike = await givenStandalone({
    'shop.yaml': serviceManifest('shop', shop.port),
    'route.yaml': routeManifest('shop', `[${rules.join(', ')}]`),
  });
  await turnpike.until('/ready', 200);
  for (const path of ['/request', '/attempt', '/all'])
    assert.equal((await turnpike.get(path)).status, 504, path);
  assert.equal(asked.get('/request'), 1);
  assert.equal(asked.get('/attempt'), 1);
  const attempts = asked.get('/all') ?? 0;
  assert.ok(attempts > 1 && attempts < 100, `${attempts} attempts`);
});

test('a rule sends again after its codes, so often as it says, and not at all where it says 0', async () => {
  const asked = new Map<string, number>();
  await using shop = await givenBackend('shop', {
    answer({ url = '' }, answer) {
      const count = (asked.get(url) ?? 0) + 1;
      asked.set(url, count);
      answer.writeHead(url === '/ready' || count > 2 ? 200 : 503).end();
    },
  });
  const rule = (path: string, retry: string) =>
    `{ matches: [{ path: { value: ${path} } }], retry: ${retry}, ${toShop} }`;
  const rules = [
    rule('/twice', '{ attempts: 2, codes: [502, 503], backoff: 1ms }'),
    rule('/once', '{ codes: [503], backoff: 1ms }'),
    rule('/never', '{ attempts: 0, codes: [500, 502, 503, 504] }'),
    rule('/other', '{ attempts: 5, codes: [500] }'),
    `{ matches: [{ path: { value: / } }], ${toShop} }`,
  ];
  await using turnpike = await givenStandalone({
    'shop.yaml': serviceManifest('shop', shop.port),
    'route.yaml': routeManifest('shop', `[${rules.join(', ')}]`),
  });
  await turnpike.until('/ready', 200);
  for (const [path, status, requests] of [
    ['/twice', 200, 3],
    ['/once', 503, 2],
    ['/never', 503, 1],
    ['/other', 503, 1],
    ['/plain', 503, 1],
  ] as const) {
    assert.equal((await turnpike.get(path)).status, status, path);
    assert.equal(asked.get(path), requests, path);
  }
});

test('a name tells a rule to policies, wherever it stands', async () => {
  await using shop = await givenBackend('shop');
  const guarded = (path: string) => `{ name: guarded, matches: [{ path: { value: ${path} } }], ${toShop} }`;
  const open = `{ matches: [{ path: { value: /open } }], ${toShop} }`;
  await using turnpike = await givenStandalone({
    'shop.yaml': serviceManifest('shop', shop.port),
    'route.yaml': routeManifest('shop', `[${open}, ${guarded('/guarded')}]`),
    'policy.yaml': `
apiVersion: turnpike.dev/v1alpha1
kind: AuthPolicy
metadata: { name: staff }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop, sectionName: guarded }]
  rules: { authenticate: [{ name: users, type: Basic, basic: { secretRef: { name: users, key: auth } } }] }
---
apiVersion: v1
kind: Secret
metadata: { name: users }
stringData: { auth: "ada:{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk=" }
`,
  });
  await turnpike.until('/guarded', 401);
  assert.equal((await turnpike.get('/open')).status, 200);
  await turnpike.save({ 'route.yaml': routeManifest('shop', `[${guarded('/moved')}, ${open}]`) });
  await turnpike.until('/moved', 401);
  assert.equal((await turnpike.get('/open')).status, 200);
});
