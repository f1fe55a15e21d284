// What callers may do, by a policy of the Gateway and one of the route, over real connections: answers, metrics, status.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { eventually } from '#test/given/eventually.ts';
import { givenIssuer, issuerJwks, issuerName } from '#test/given/issuer.ts';
import { authPolicyManifest, pathRouteManifest, serviceManifest } from '#test/given/manifests.ts';
import { givenStandalone } from '#test/given/standalone.ts';

const staff = `
    authenticate:
      - name: staff
        type: JWT
        jwt:
          issuer: ${issuerName}
          jwks: ${issuerJwks}
    authorize:
      - { name: readers, scopes: [read] }
`;

function writers(when: string): string {
  return `
    authorize:
      - name: writers
        when: ${when}
      - { name: soon, mode: Shadow, groups: [staff] }
`;
}

const good = `"request.method == 'GET' || auth.claims.level >= 3"`;

test('the Gateway says who is let in, the route what they may do', async () => {
  await using shop = await givenBackend('shop');
  await using issuer = await givenIssuer();
  await using turnpike = await givenStandalone({
    'services.yaml': [
      serviceManifest('shop', shop.port),
      serviceManifest('issuer', issuer.backend.port),
    ].join('---'),
    'routes.yaml': [
      pathRouteManifest('orders', '/orders', 'shop'),
      pathRouteManifest('others', '/others', 'shop'),
    ].join('---'),
    'gateway-policy.yaml': authPolicyManifest('staff', staff, { kind: 'Gateway', name: 'edge' }),
    'policy.yaml': authPolicyManifest('orders', writers(good)),
  });
  const as = async (claims: Readonly<Record<string, unknown>>) => ({
    authorization: `Bearer ${await issuer.token(claims)}`,
  });
  const reader = await as({ scope: 'read', level: 2 });
  await turnpike.until('/orders', 200, { headers: reader });

  assert.equal((await turnpike.get('/orders')).status, 401);
  const unscoped = await turnpike.get('/others', { headers: await as({ scope: 'write' }) });
  assert.equal(unscoped.status, 403);
  assert.equal(
    unscoped.headers['www-authenticate'],
    'Bearer realm="example.com", error="insufficient_scope", scope="read"',
  );

  const post = (headers: Readonly<Record<string, string>>) =>
    turnpike.get('/orders', { method: 'POST', headers });
  const refused = await post(reader);
  assert.equal(refused.status, 403);
  assert.deepEqual(JSON.parse(refused.body), { status: 403, title: 'Access is denied.' });
  assert.equal((await post(await as({ scope: 'read', level: 3 }))).status, 200);
  assert.equal((await turnpike.get('/others', { method: 'POST', headers: reader })).status, 200);

  const [plane] = turnpike.dataPlanes();
  const metrics = (await plane?.metrics.text()) ?? '';
  assert.match(
    metrics,
    /turnpike_authorization_refused_total\{policy="default\/orders",entry="writers",mode="Enforce"\} 1\n/,
  );
  assert.match(
    metrics,
    /turnpike_authorization_refused_total\{policy="default\/orders",entry="soon",mode="Shadow"\} [1-9]/,
  );

  await turnpike.save({
    'policy.yaml': authPolicyManifest('orders', writers(`"auth.level > 'x'"`)),
  });
  await turnpike.until('/orders', 500, { headers: reader });
  assert.equal((await turnpike.get('/others', { headers: reader })).status, 200);
  await eventually(() =>
    assert.ok(
      turnpike
        .conditions('AuthPolicy', 'orders')
        .some(
          ({ reason, message }) => reason === 'Invalid' && message.includes('authorize[0].when: column 6'),
        ),
    ),
  );
});
