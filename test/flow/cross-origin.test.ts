// Pages of other origins call through a rule with a CORS filter: preflights pass without credentials, refusals can be
// read, and the backend's own words on origins do not stand beside ours.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import {
  authPolicyManifest,
  pathRouteManifest,
  routeManifest,
  serviceManifest,
} from '#test/given/manifests.ts';
import { givenStandalone } from '#test/given/standalone.ts';

const origin = 'https://app.example.com';

const cors = `
      - type: CORS
        cors: { allowOrigins: [${origin}], allowMethods: [PATCH], allowHeaders: ["*"], allowCredentials: true }`;

const routes = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - name: guarded
      matches: [{ path: { value: /guarded }, method: PATCH }, { path: { value: /guarded }, method: GET }]
      filters: ${cors}
      backendRefs: [{ name: shop, port: 80 }]
    - name: elsewhere
      matches: [{ path: { value: /moved } }]
      filters: ${cors}
      - { type: RequestRedirect, requestRedirect: { hostname: new.example.com } }
    - name: open
      matches: [{ path: { value: /open } }]
      filters: ${cors}
      backendRefs: [{ name: shop, port: 80 }]
    - name: gone
      matches: [{ path: { value: /gone } }]
      filters: ${cors}
      backendRefs: [{ name: nobody, port: 80 }]
    - name: rest
      backendRefs: [{ name: shop, port: 80 }]
---
apiVersion: turnpike.dev/v1alpha1
kind: AuthPolicy
metadata: { name: guarded }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop, sectionName: guarded }]
  rules:
    authenticate:
      - name: staff
        type: JWT
        jwt:
          issuer: https://id.example.com
          jwks: { type: Inline, inline: { keys: [{ kty: RSA, kid: one, n: "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw", e: AQAB }] } }
`;

const preflight = {
  method: 'OPTIONS',
  headers: {
    origin,
    'access-control-request-method': 'PATCH',
    'access-control-request-headers': 'authorization',
  },
};

test('preflights pass before authentication, and all answers tell who may read them', async () => {
  await using shop = await givenBackend('shop', {
    answer(_request, answer) {
      answer.setHeader('access-control-allow-origin', '*');
      answer.setHeader('vary', 'Accept');
      answer.end('of the backend');
    },
  });
  const files = { 'services.yaml': serviceManifest('shop', shop.port), 'routes.yaml': routes };
  await using turnpike = await givenStandalone(files);
  await turnpike.until('/guarded', 401);
  const before = shop.requests();

  const allowed = await turnpike.get('/guarded/a', preflight);
  assert.equal(allowed.status, 200);
  assert.equal(allowed.headers['access-control-allow-origin'], origin);
  assert.equal(allowed.headers['access-control-allow-methods'], 'PATCH');
  assert.equal(allowed.headers['access-control-allow-headers'], 'authorization');
  assert.equal(allowed.headers['access-control-allow-credentials'], 'true');
  assert.equal(allowed.body, '');
  const stranger = { ...preflight, headers: { ...preflight.headers, origin: 'https://evil.example.com' } };
  const refused = await turnpike.get('/guarded/a', stranger);
  assert.equal(refused.headers['access-control-allow-origin'], undefined);
  assert.equal(refused.headers['access-control-allow-methods'], undefined);
  assert.equal(shop.requests(), before, 'the backend sees no preflight');

  for (const [path, status] of [
    ['/guarded', 401],
    ['/moved', 302],
    ['/gone', 500],
  ] as const) {
    const answer = await turnpike.get(path, { headers: { origin } });
    assert.equal(answer.status, status, path);
    assert.equal(answer.headers['access-control-allow-origin'], origin, path);
    assert.equal(answer.headers['vary'], 'Origin', path);
  }

  const read = await turnpike.get('/open', { headers: { origin } });
  assert.equal(read.body, 'of the backend');
  assert.equal(read.headers['access-control-allow-origin'], origin, 'and not what the backend says');
  assert.equal(read.headers['vary'], 'Accept, Origin');

  const rest = await turnpike.get('/', { method: 'OPTIONS', headers: preflight.headers });
  assert.equal(rest.body, 'of the backend', 'a rule without the filter leaves it to its backend');
  assert.equal(rest.headers['access-control-allow-origin'], '*');
});

const overrides = (cors: string) => `
apiVersion: turnpike.dev/v1alpha1
kind: AuthPolicy
metadata: { name: platform }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: edge }]
  overrides:
    rules: { cors: ${cors}, authorize: [{ name: readers, methods: [GET] }] }
`;

test('a policy tells browsers too: less than the filter of a rule and a nearer policy, unless it overrides', async () => {
  await using shop = await givenBackend('shop');
  const told = (host: string) => `{ allowOrigins: ["https://${host}"] }`;
  const policy = (name: string, target?: { kind: 'Gateway'; name: string }) =>
    authPolicyManifest(
      name,
      `{ cors: ${told(name)}, authorize: [{ name: writers, methods: [PUT] }] }`,
      target,
    );
  const filtered = `[{ matches: [{ path: { value: /filtered } }], filters: [{ type: CORS, cors: ${told('filtered')} }],
                      backendRefs: [{ name: shop, port: 80 }] }]`;
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('shop', shop.port),
    'routes.yaml': [
      pathRouteManifest('own', '/own', 'shop'),
      pathRouteManifest('rest', '/rest', 'shop'),
      routeManifest('filtered', filtered),
    ].join('---'),
    'policies.yaml': [policy('own'), policy('edge', { kind: 'Gateway', name: 'edge' })].join('---'),
  });
  const places = ['own', 'rest', 'filtered'];
  const allowedAt = async (host: string) => {
    const answers = places.map((place) =>
      turnpike.get(`/${place}`, { headers: { origin: `https://${host}` } }),
    );
    return (await Promise.all(answers)).map(({ status, headers }) => [
      status,
      headers['access-control-allow-origin'] !== undefined,
    ]);
  };
  await turnpike.until('/own', 403);
  assert.deepEqual(await allowedAt('own'), [
    [403, true],
    [403, false],
    [403, false],
  ]);
  assert.deepEqual(await allowedAt('edge'), [
    [403, false],
    [403, true],
    [403, false],
  ]);
  assert.deepEqual(await allowedAt('filtered'), [
    [403, false],
    [403, false],
    [403, true],
  ]);
  const asked = { origin: 'https://own', 'access-control-request-method': 'PUT' };
  const preflightOfOwn = await turnpike.get('/own', { method: 'OPTIONS', headers: asked });
  assert.equal(preflightOfOwn.status, 200, 'nobody is asked for anything yet');

  await turnpike.save({ 'policies.yaml': [policy('own'), overrides(told('platform'))].join('---') });
  await turnpike.until('/own', 200);
  assert.deepEqual(
    await allowedAt('platform'),
    places.map(() => [200, true]),
  );
  for (const host of ['own', 'edge', 'filtered']) {
    assert.deepEqual(
      await allowedAt(host),
      places.map(() => [200, false]),
      host,
    );
  }
});
