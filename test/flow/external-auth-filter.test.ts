// HTTPRoute's filter ExternalAuth over both planes: a service that is asked by the route itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { serviceManifest } from '#test/given/manifests.ts';
import { givenStandalone } from '#test/given/standalone.ts';

const route = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop }
spec:
  parentRefs: [{ name: edge }]
  rules:
  - matches: [{ path: { value: /shop } }]
    filters:
    - type: ExternalAuth
      externalAuth:
        protocol: HTTP
        backendRef: { name: doorman, port: 80 }
        http: { path: /check, allowedHeaders: [X-Guest], allowedResponseHeaders: [X-User] }
        forwardBody: { maxSize: 8 }
    backendRefs: [{ name: shop, port: 80 }]
  - matches: [{ path: { value: /moved } }]
    filters:
    - type: ExternalAuth
      externalAuth: { protocol: HTTP, backendRef: { name: doorman, port: 80 }, http: {} }
    - { type: RequestRedirect, requestRedirect: { hostname: new.example, statusCode: 301 } }
  - matches: [{ path: { value: /lost } }]
    filters:
    - type: ExternalAuth
      externalAuth: { protocol: HTTP, backendRef: { name: nobody, port: 80 }, http: {} }
    backendRefs: [{ name: shop, port: 80 }]
  - backendRefs: [{ name: shop, port: 80 }]
`;

test('a filter asks a service, by the head and the content, before anything else happens', async () => {
  const asked: { readonly url: string; readonly content: string; readonly headers: NodeJS.Dict<unknown> }[] =
    [];
  await using shop = await givenBackend('shop', {
    answer(request, response) {
      let content = '';
      request.on('data', (data: Buffer) => (content += data.toString()));
      request.on('end', () => response.end(JSON.stringify({ content, headers: request.headers })));
    },
  });
  await using doorman = await givenBackend('doorman', {
    answer(request, response) {
      const { url = '', headers } = request;
      let content = '';
      request.on('data', (data: Buffer) => (content += data.toString()));
      request.on('end', () => {
        asked.push({ url, content, headers });
        const passes = headers['x-guest'] === 'ada' || headers.authorization === 'Bearer good';
        response.writeHead(passes ? 200 : 403, { 'x-user': 'ada', 'x-role': 'admin', 'x-why': 'unknown' });
        response.end('no guest of mine');
      });
    },
  });
  await using turnpike = await givenStandalone({
    'services.yaml': [serviceManifest('shop', shop.port), serviceManifest('doorman', doorman.port)].join(
      '---',
    ),
    'route.yaml': route,
  });
  const ada = { 'x-guest': 'ada', 'x-user': 'root', 'x-other': 'kept', 'content-type': 'text/plain' };
  await turnpike.until('/shop', 200, { headers: ada });

  const posted = await turnpike.get('/shop/cart?x=1', { method: 'POST', headers: ada, body: '12345678' });
  assert.equal(posted.status, 200);
  const seen = JSON.parse(posted.body) as { content: string; headers: Record<string, string> };
  assert.deepEqual(
    [seen.content, seen.headers['x-user'], seen.headers['x-role'], seen.headers['x-other']],
    ['12345678', 'ada', undefined, 'kept'],
  );
  const question = asked.at(-1);
  assert.deepEqual([question?.url, question?.content], ['/check/shop/cart?x=1', '12345678']);
  assert.deepEqual(
    ['content-length', 'content-type', 'x-guest', 'x-other'].map((name) => question?.headers[name]),
    ['8', 'text/plain', 'ada', undefined],
  );

  const refused = await turnpike.get('/shop', { headers: { 'x-guest': 'eve' } });
  // GEP-1494: also of a GET
  assert.equal(asked.at(-1)?.headers['content-length'], '0');
  assert.deepEqual([refused.status, refused.body], [403, 'no guest of mine']);
  assert.equal(refused.headers['x-why'], 'unknown');
  const large = await turnpike.get('/shop', { method: 'POST', headers: ada, body: '123456789' });
  assert.equal(large.status, 413);

  assert.equal((await turnpike.get('/moved', { headers: ada })).status, 403);
  const moved = await turnpike.get('/moved', { headers: { authorization: 'Bearer good' } });
  assert.equal(moved.status, 301);

  assert.equal((await turnpike.get('/lost', { headers: ada })).status, 500);
  assert.equal((await turnpike.get('/open')).status, 200);
  await doorman.stop();
  assert.equal((await turnpike.get('/shop', { headers: ada })).status, 503);
  assert.equal((await turnpike.get('/open')).status, 200);
});
