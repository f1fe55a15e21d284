// Which requests come to a limit: HEAD and preflights by choice, preflights that the gateway answers never.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { pathRouteManifest, serviceManifest } from '#test/given/manifests.ts';
import { givenStandalone } from '#test/given/standalone.ts';

const preflight = {
  method: 'OPTIONS',
  headers: { origin: 'https://app.example.com', 'access-control-request-method': 'PUT' },
};

function policy(target: string, rule: string): string {
  return `
apiVersion: turnpike.dev/v1alpha1
kind: RateLimitPolicy
metadata: { name: ${target} }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: ${target} }]
  rules:
    - name: each
      ${rule}
      limits: [{ name: hour, requests: 2, window: 1h }]
`;
}

const withCors = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cors }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /cors } }]
      filters: [{ type: CORS, cors: { allowOrigins: ["*"], allowMethods: [PUT] } }]
      backendRefs: [{ name: shop, port: 80 }]
`;

test('HEAD and preflights are counted unless a rule says otherwise, and never those the gateway answers', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    'all.yaml': [
      serviceManifest('shop', shop.port),
      pathRouteManifest('open', '/open', 'shop'),
      pathRouteManifest('all', '/all', 'shop'),
      pathRouteManifest('some', '/some', 'shop'),
      withCors,
      policy('all', ''),
      policy(
        'some',
        `when: "request.method != 'HEAD' && !(request.method == 'OPTIONS' && 'access-control-request-method' in request.headers)"`,
      ),
      policy(
        'cors',
        `answer: { denial: { contentType: application/json, body: '{"error": {status}, "why": "{title}"}' } }`,
      ),
    ].join('---'),
  });
  await turnpike.until('/open', 200);
  const statuses = async (path: string) => {
    const asked = [];
    for (const request of [{ method: 'HEAD' }, preflight, preflight, {}, {}, {}]) {
      asked.push((await turnpike.get(path, request)).status);
    }
    return asked;
  };

  assert.deepEqual(await statuses('/all'), [200, 200, 429, 429, 429, 429]);
  assert.deepEqual(await statuses('/some'), [200, 200, 200, 200, 200, 429]);
  assert.deepEqual(await statuses('/cors'), [200, 200, 200, 200, 429, 429]);
  const refused = await turnpike.get('/cors', {});
  assert.equal(refused.headers['content-type'], 'application/json');
  assert.equal(refused.body, '{"error": 429, "why": "Too many requests."}');
});
