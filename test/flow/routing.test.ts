// Requests find their way by the Gateway API's rules, and are changed as the route says: manifests in a folder, real
// sockets on both sides.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { pathRouteManifest, routeManifest, serviceManifest } from '#test/given/manifests.ts';
import { givenStandalone } from '#test/given/standalone.ts';

test('a request goes where its route says, and is 404 where there is none', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    'shop.yaml': serviceManifest('shop', shop.port),
    'route.yaml': pathRouteManifest('shop', '/shop', 'shop'),
  });
  await turnpike.until('/shop', 200);

  const seen = await turnpike.seen('/shop/shoes?size=43');
  assert.equal(seen.service, 'shop');
  assert.equal(seen.path, '/shop/shoes?size=43');
  assert.equal((await turnpike.get('/shopping')).status, 404);
  assert.equal((await turnpike.get('/')).status, 404);
});

test('exact hosts go before wildcards, longer wildcards before shorter, and all before any host', async () => {
  const names = ['exact', 'deep', 'wide', 'any'];
  await using exact = await givenBackend('exact');
  await using deep = await givenBackend('deep');
  await using wide = await givenBackend('wide');
  await using any = await givenBackend('any');
  const ports = [exact.port, deep.port, wide.port, any.port];
  const hosts: readonly string[][] = [['a.b.example.org'], ['*.b.example.org'], ['*.example.org'], []];
  await using turnpike = await givenStandalone({
    'services.yaml': names.map((name, at) => serviceManifest(name, ports[at] ?? 0)).join('---'),
    'routes.yaml': names
      .map((name, at) => routeManifest(name, `[{ backendRefs: [{ name: ${name}, port: 80 }] }]`, hosts[at]))
      .join('---'),
  });
  await turnpike.until('/', 200);

  const serviceAt = async (host: string) => (await turnpike.seen('/', { host })).service;
  assert.equal(await serviceAt('a.b.example.org'), 'exact');
  assert.equal(await serviceAt('A.B.example.ORG:8080'), 'exact');
  assert.equal(await serviceAt('c.b.example.org'), 'deep');
  assert.equal(await serviceAt('c.example.org'), 'wide');
  assert.equal(await serviceAt('x.y.example.org'), 'wide');
  assert.equal(await serviceAt('example.org'), 'any');
});

test('an exact path goes before a longer prefix, then method, then the number of headers', async () => {
  const names = ['exact', 'prefix', 'posts', 'headers', 'rest'];
  await using backend = await givenBackend('all');
  await using turnpike = await givenStandalone({
    'services.yaml': names.map((name) => serviceManifest(name, backend.port)).join('---'),
    'route.yaml': routeManifest(
      'precedence',
      `
    - matches: [{ path: { type: PathPrefix, value: / } }]
      ${answeredBy('rest')}
    - matches: [{ path: { type: PathPrefix, value: /cart } }]
      ${answeredBy('prefix')}
    - matches: [{ path: { type: Exact, value: /cart } }]
      ${answeredBy('exact')}
    - matches: [{ path: { type: PathPrefix, value: /cart }, method: POST }]
      ${answeredBy('posts')}
    - matches: [{ path: { type: PathPrefix, value: /cart }, headers: [{ name: x-beta, value: "1" }] }]
      ${answeredBy('headers')}`,
    ),
  });
  await turnpike.until('/', 200);

  const answeredOn = async (path: string, method = 'GET', headers = {}) =>
    (await turnpike.seen(path, { method, headers })).headers['x-rule'];
  assert.equal(await answeredOn('/cart'), 'exact');
  assert.equal(await answeredOn('/cart/1'), 'prefix');
  assert.equal(await answeredOn('/cart/1', 'POST'), 'posts');
  assert.equal(await answeredOn('/cart/1', 'GET', { 'x-beta': '1' }), 'headers');
  assert.equal(await answeredOn('/cart/1', 'POST', { 'x-beta': '1' }), 'posts');
  assert.equal(await answeredOn('/carts'), 'rest');
});

test('weights are exact over a cycle, and zero means never', async () => {
  await using old = await givenBackend('old');
  await using next = await givenBackend('next');
  await using off = await givenBackend('off');
  await using turnpike = await givenStandalone({
    'services.yaml': [
      serviceManifest('old', old.port),
      serviceManifest('next', next.port),
      serviceManifest('off', off.port),
    ].join('---'),
    'route.yaml': routeManifest(
      'split',
      `
    - backendRefs:
        - { name: old, port: 80, weight: 9 }
        - { name: next, port: 80, weight: 1 }
        - { name: off, port: 80, weight: 0 }`,
    ),
  });
  await turnpike.until('/', 200);

  const counts = new Map<string, number>();
  for (let at = 0; at < 50; at += 1) {
    const { service } = await turnpike.seen('/');
    counts.set(service, (counts.get(service) ?? 0) + 1);
  }
  assert.deepEqual(Object.fromEntries(counts), { old: 45, next: 5 });
});

test('headers of requests and answers are set, added and removed', async () => {
  await using backend = await givenBackend('shop', {
    answer({ headers }, answer) {
      answer.setHeader('x-internal', 'secret');
      answer.end(JSON.stringify({ service: 'shop', headers }));
    },
  });
  await using turnpike = await givenStandalone({
    'shop.yaml': serviceManifest('shop', backend.port),
    'route.yaml': routeManifest(
      'shop',
      `
    - filters:
        - type: RequestHeaderModifier
          requestHeaderModifier:
            set: [{ name: x-env, value: prod }]
            add: [{ name: x-tag, value: second }]
            remove: [x-debug]
        - type: ResponseHeaderModifier
          responseHeaderModifier:
            set: [{ name: x-served-by, value: turnpike }]
            remove: [x-internal]
      backendRefs: [{ name: shop, port: 80 }]`,
    ),
  });
  await turnpike.until('/', 200);

  const headers = { 'x-env': 'test', 'x-tag': 'first', 'x-debug': '1' };
  const seen = await turnpike.seen('/', { headers });
  assert.equal(seen.headers['x-env'], 'prod');
  assert.equal(seen.headers['x-tag'], 'first, second');
  assert.equal(seen.headers['x-debug'], undefined);
  const answer = await turnpike.get('/', { headers });
  assert.equal(answer.headers['x-served-by'], 'turnpike');
  assert.equal(answer.headers['x-internal'], undefined);
});

test('a redirect answers with scheme, host, path and status of the filter, and asks no backend', async () => {
  await using turnpike = await givenStandalone({
    'route.yaml': routeManifest(
      'old-shop',
      `
    - matches: [{ path: { type: PathPrefix, value: /old } }]
      filters:
        - type: RequestRedirect
          requestRedirect:
            scheme: https
            hostname: shop.example.com
            path: { type: ReplacePrefixMatch, replacePrefixMatch: /new }
            statusCode: 301`,
    ),
  });
  await turnpike.until('/old', 301);

  const { headers } = await turnpike.get('/old/shoes?size=43');
  assert.equal(headers.location, 'https://shop.example.com/new/shoes?size=43');
});

test('a rewrite changes host and path for the backend alone', async () => {
  await using backend = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    'shop.yaml': serviceManifest('shop', backend.port),
    'route.yaml': routeManifest(
      'shop',
      `
    - matches: [{ path: { type: PathPrefix, value: /api } }]
      filters:
        - type: URLRewrite
          urlRewrite:
            hostname: shop.internal
            path: { type: ReplacePrefixMatch, replacePrefixMatch: /v2 }
      backendRefs: [{ name: shop, port: 80 }]`,
    ),
  });
  await turnpike.until('/api', 200);

  const seen = await turnpike.seen('/api/shoes?size=43');
  assert.equal(seen.path, '/v2/shoes?size=43');
  assert.equal(seen.headers['host'], 'shop.internal');
});

test('a backend is sent what its own filters made of a request, after those of the rule', async () => {
  await using backend = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    'shop.yaml': serviceManifest('shop', backend.port),
    'route.yaml': routeManifest(
      'shop',
      `
    - matches: [{ path: { type: PathPrefix, value: /api } }]
      filters: [{ type: URLRewrite, urlRewrite: { hostname: shop.internal } }]
      backendRefs:
        - name: shop
          port: 80
          filters:
            - { type: URLRewrite, urlRewrite: { path: { type: ReplacePrefixMatch, replacePrefixMatch: /v2 } } }`,
    ),
  });
  await turnpike.until('/api', 200);

  const seen = await turnpike.seen('/api/shoes?size=43');
  assert.equal(seen.path, '/v2/shoes?size=43');
  assert.equal(seen.headers['host'], 'shop.internal');
});

/** The rest of a rule that tells the backend which rule it was. */
function answeredBy(rule: string): string {
  return `filters: [{ type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: x-rule, value: ${rule} }] } }]
      backendRefs: [{ name: ${rule}, port: 80 }]`;
}
