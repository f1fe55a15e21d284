// Sessions, from the manifests that ask for them to what clients and backends notice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { pathRouteManifest, routeManifest, serviceManifest } from '#test/given/manifests.ts';
import { givenStandalone } from '#test/given/standalone.ts';

test('what an HTTPRoute and a TrafficPolicy ask for leads clients back', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('shop', shop.port),
    'own.yaml': routeManifest(
      'own',
      `[{ matches: [{ path: { value: /own } }], backendRefs: [{ name: shop, port: 80 }],
          sessionPersistence: { cookie: { name: own, lifetimeType: Permanent }, absoluteTimeout: 1h } }]`,
    ),
    'route.yaml': pathRouteManifest('policy', '/policy', 'shop'),
    'policy.yaml': `
apiVersion: turnpike.dev/v1alpha1
kind: TrafficPolicy
metadata: { name: policy }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: policy }]
  sessionPersistence: { type: Cookie, cookie: {} }
`,
  });
  await turnpike.until('/own', 200);
  await turnpike.until('/policy', 200);
  const own = await turnpike.get('/own');
  const [cookie = ''] = own.headers['set-cookie'] ?? [];
  assert.match(cookie, /^own=[\w-]{68}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=3600$/u);
  const [other = ''] = (await turnpike.get('/policy')).headers['set-cookie'] ?? [];
  assert.match(other, /^turnpike-[0-9a-f]{12}=[\w-]{68}; Path=\/policy; HttpOnly; SameSite=Lax$/u);
  const back = await turnpike.get('/own', {
    headers: { cookie: `${cookie.split(';')[0]}; ${other.split(';')[0]}` },
  });
  assert.equal(back.headers['set-cookie'], undefined);
});
