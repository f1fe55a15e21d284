// What is broken fails alone and says so; a policy that cannot be enforced closes what it guards, and nothing else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { eventually } from '#test/given/eventually.ts';
import { edgeManifest, pathRouteManifest, routeManifest, serviceManifest } from '#test/given/manifests.ts';
import { givenStandalone } from '#test/given/standalone.ts';
import type { GivenStandalone } from '#test/given/standalone.ts';

async function assertUnmet(
  turnpike: GivenStandalone,
  [kind, name]: readonly [string, string],
  [type, reason, message]: readonly [string, string, RegExp],
): Promise<void> {
  await eventually(() => {
    const unmet = turnpike.conditions(kind, name).filter(({ status }) => status === 'False');
    const condition = unmet.find((one) => one.type === type && one.reason === reason);
    assert.match(condition?.message ?? `no ${type} with reason ${reason}`, message);
  });
}

test('a route to a Service that does not exist is 500 and says so; the routes beside it stay as they are', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('shop', shop.port),
    'good.yaml': pathRouteManifest('good', '/good', 'shop'),
    'bad.yaml': pathRouteManifest('bad', '/bad', 'nowhere'),
  });
  await turnpike.until('/good', 200);

  assert.equal((await turnpike.get('/bad')).status, 500);
  await assertUnmet(
    turnpike,
    ['HTTPRoute', 'bad'],
    ['ResolvedRefs', 'BackendNotFound', /backendRefs\[0\].*default\/nowhere does not exist; create it/],
  );
  assert.ok(turnpike.conditions('HTTPRoute', 'good').every(({ status }) => status === 'True'));
});

test('a Service without a ready endpoint is 503', async () => {
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('empty'),
    'route.yaml': pathRouteManifest('empty', '/empty', 'empty'),
  });
  await turnpike.until('/empty', 503);
});

test('a bad edit of a route keeps the last good version in force, and one line tells what to do', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('shop', shop.port),
    'route.yaml': pathRouteManifest('shop', '/shop', 'shop'),
  });
  await turnpike.until('/shop', 200);

  await turnpike.save({
    'route.yaml': routeManifest(
      'shop',
      '[{ matches: [{ path: { type: Exactly, value: /other } }], backendRefs: [{ name: shop, port: 80 }] }]',
    ),
  });
  await eventually(() => assert.notEqual(turnpike.folderReports.at(-1)?.problems.length, 0));
  const [problem] = turnpike.folderReports.at(-1)?.problems ?? [];
  assert.equal(problem?.file, 'route.yaml');
  assert.equal(problem?.object, 'HTTPRoute default/shop');
  assert.equal(problem?.field, 'spec.rules[0].matches[0].path.type');
  assert.match(problem?.remedy ?? '', /last good version/);
  assert.equal((await turnpike.get('/shop')).status, 200);
});

test('an AuthPolicy whose keys do not exist closes its route, says why to its owner, and not to the client', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('shop', shop.port),
    'routes.yaml': [
      pathRouteManifest('guarded', '/guarded', 'shop'),
      pathRouteManifest('open', '/open', 'shop'),
    ].join('---'),
  });
  await turnpike.until('/guarded', 200);

  await turnpike.save({
    'policy.yaml': `
apiVersion: turnpike.dev/v1alpha1
kind: AuthPolicy
metadata: { name: guard }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: guarded }]
  rules:
    authenticate:
      - name: staff
        type: JWT
        jwt:
          issuer: https://id.example.com
          jwks: { type: Secret, secretRef: { name: no-such-secret, key: jwks } }
`,
  });
  await turnpike.until('/guarded', 500);
  const closed = await turnpike.get('/guarded');
  assert.doesNotMatch(closed.body, /no-such-secret|policy/i);
  await assertUnmet(
    turnpike,
    ['AuthPolicy', 'guard'],
    ['ResolvedRefs', 'KeysNotFound', /no-such-secret.*closed/],
  );
  assert.ok(
    turnpike.notices.some(({ message }) => /AuthPolicy default\/guard cannot be enforced/.test(message)),
  );
  assert.equal((await turnpike.get('/open')).status, 200);

  await turnpike.remove('policy.yaml');
  await turnpike.until('/guarded', 200);
});

test('a policy whose target does not exist says so and closes nothing', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('shop', shop.port),
    'route.yaml': pathRouteManifest('shop', '/shop', 'shop'),
    'policy.yaml': `
apiVersion: turnpike.dev/v1alpha1
kind: RateLimitPolicy
metadata: { name: lost }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: shopp }]
  rules: [{ name: each, limits: [{ name: hour, requests: 1, window: 1h }] }]
`,
  });
  await turnpike.until('/shop', 200);
  await assertUnmet(turnpike, ['RateLimitPolicy', 'lost'], ['Accepted', 'TargetNotFound', /shopp/]);
  assert.equal((await turnpike.get('/shop')).status, 200);
});

test('a listener that cannot serve leaves the other listeners of its Gateway serving', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone((port) => ({
    'edge.yaml': `${edgeManifest(port)}
    - name: secure
      protocol: HTTPS
      port: ${port + 1}
      tls: { certificateRefs: [{ name: no-such-certificate }] }
`,
    'services.yaml': serviceManifest('shop', shop.port),
    'route.yaml': pathRouteManifest('shop', '/shop', 'shop'),
  }));
  await turnpike.until('/shop', 200);
  await assertUnmet(
    turnpike,
    ['Gateway', 'edge'],
    ['ResolvedRefs', 'InvalidCertificateRef', /no-such-certificate does not exist/],
  );
});

test('where the platform requires an AuthPolicy, a route without one is closed until it has one', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone((port) => ({
    'edge.yaml': edgeManifest(port, 'strict'),
    'parameters.yaml': `
apiVersion: turnpike.dev/v1alpha1
kind: GatewayParameters
metadata: { name: strict }
spec: { requirePolicies: [AuthPolicy] }
`,
    'services.yaml': serviceManifest('shop', shop.port),
    'route.yaml': pathRouteManifest('shop', '/shop', 'shop'),
  }));
  await turnpike.until('/shop', 500);
  assert.ok(
    turnpike
      .conditions('HTTPRoute', 'shop')
      .some((one) => one.type === 'turnpike.dev/Closed' && /AuthPolicy/.test(one.message)),
  );

  await turnpike.save({
    'policy.yaml': `
apiVersion: turnpike.dev/v1alpha1
kind: AuthPolicy
metadata: { name: guard }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop }]
  rules:
    authenticate:
      - name: staff
        type: JWT
        jwt:
          issuer: https://id.example.com
          jwks: { type: Inline, inline: { keys: [{ kty: OKP, crv: Ed25519, x: 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo }] } }
`,
  });
  await turnpike.until('/shop', 401);
});

test('a policy that is bad from the start closes its route too', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('shop', shop.port),
    'routes.yaml': [
      pathRouteManifest('shop', '/shop', 'shop'),
      pathRouteManifest('open', '/open', 'shop'),
    ].join('---'),
    'policy.yaml': `
apiVersion: turnpike.dev/v1alpha1
kind: AuthPolicy
metadata: { name: guard }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop }]
  rules: { authenticate: [{ name: staff, type: JWTT }] }
`,
  });
  await turnpike.until('/open', 200);
  assert.equal((await turnpike.get('/shop')).status, 500);
});

test('a Service of another namespace is used only with its leave', async () => {
  await using shop = await givenBackend('shop');
  const elsewhere = (manifest: string) =>
    manifest.replaceAll('metadata: { ', 'metadata: { namespace: backends, ');
  await using turnpike = await givenStandalone({
    'services.yaml': elsewhere(serviceManifest('shop', shop.port)),
    'route.yaml': pathRouteManifest('shop', '/shop', 'shop').replace(
      'name: shop, port',
      'name: shop, namespace: backends, port',
    ),
  });
  await turnpike.until('/shop', 500);
  await assertUnmet(turnpike, ['HTTPRoute', 'shop'], ['ResolvedRefs', 'RefNotPermitted', /ReferenceGrant/]);
  await turnpike.save({
    'grant.yaml': `
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: routes, namespace: backends }
spec:
  from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: default }]
  to: [{ group: "", kind: Service }]
`,
  });
  await turnpike.until('/shop', 200);
  await turnpike.remove('grant.yaml');
  await turnpike.until('/shop', 500);
});
