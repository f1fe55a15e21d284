// An AuthPolicy guards its route: who has a good token passes and is named to the backend; all others get 401.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '#controller/clock.ts';
import { givenBackend } from '#test/given/backend.ts';
import { eventually } from '#test/given/eventually.ts';
import { givenIssuer, issuerJwks, issuerName } from '#test/given/issuer.ts';
import { authPolicyManifest, pathRouteManifest, serviceManifest } from '#test/given/manifests.ts';
import { givenStandalone } from '#test/given/standalone.ts';

const policy = authPolicyManifest(
  'orders',
  `
    authenticate:
      - name: staff
        type: JWT
        jwt:
          issuer: ${issuerName}
          audiences: [shop]
          clockSkew: 0s
          jwks: ${issuerJwks}
          claimsToHeaders:
            - { claim: sub, header: x-user }
            - { claim: org.id, header: x-org }`,
);

function files(backendPort: number, issuerPort: number) {
  return {
    'services.yaml': [serviceManifest('shop', backendPort), serviceManifest('issuer', issuerPort)].join(
      '---',
    ),
    'routes.yaml': [
      pathRouteManifest('orders', '/orders', 'shop'),
      pathRouteManifest('open', '/open', 'shop'),
    ].join('---'),
    'policy.yaml': policy,
  };
}

function bearer(token: string): { headers: Record<string, string> } {
  return { headers: { authorization: `Bearer ${token}` } };
}

test('without a token 401, with one 200, and routes without the policy stay open', async () => {
  await using shop = await givenBackend('shop');
  await using issuer = await givenIssuer();
  await using turnpike = await givenStandalone(files(shop.port, issuer.backend.port));
  await turnpike.until('/orders', 200, bearer(await issuer.token()));
  const before = shop.requests();

  const refused = await turnpike.get('/orders');
  assert.equal(refused.status, 401);
  assert.equal(refused.headers['www-authenticate'], 'Bearer realm="example.com"');
  assert.equal(shop.requests(), before, 'the backend sees nothing of it');
  assert.equal((await turnpike.get('/open')).status, 200);
});

test('tokens of others, for others, expired, not yet good, altered or unsigned are 401', async () => {
  await using shop = await givenBackend('shop');
  await using issuer = await givenIssuer();
  await using stranger = await givenIssuer();
  await using turnpike = await givenStandalone(files(shop.port, issuer.backend.port));
  const good = await issuer.token();
  await turnpike.until('/orders', 200, bearer(good));

  const now = Math.floor(Date.now() / 1000);
  const [head, claims, signature] = good.split('.');
  const unsigned = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
  const bad: Readonly<Record<string, string>> = {
    'another issuer': await issuer.token({ iss: 'https://evil.example.com' }),
    'another audience': await issuer.token({ aud: 'admin' }),
    'no audience': await issuer.token({ aud: undefined }),
    expired: await issuer.token({ exp: now - 1 }),
    'not yet good': await issuer.token({ nbf: now + 60 }),
    'another key of the same name': await stranger.token(),
    'alg none': `${unsigned}.${claims}.`,
    'alg none with a signature': `${unsigned}.${claims}.${signature}`,
    'other claims under the signature': `${head}.${Buffer.from('{"sub":"root"}').toString('base64url')}.${signature}`,
    'no token at all': 'nonsense',
  };
  for (const [what, token] of Object.entries(bad)) {
    const answer = await turnpike.get('/orders', bearer(token));
    assert.equal(answer.status, 401, what);
    assert.match(String(answer.headers['www-authenticate']), /^Bearer/);
    assert.doesNotMatch(answer.body, /expired|issuer|audience|signature/, 'why is not for the client');
  }
});

test('claims reach the backend in the named headers; what the client put there does not', async () => {
  await using shop = await givenBackend('shop');
  await using issuer = await givenIssuer();
  await using turnpike = await givenStandalone(files(shop.port, issuer.backend.port));
  const authorization = `Bearer ${await issuer.token({ org: { id: 7 } })}`;
  await turnpike.until('/orders', 200, { headers: { authorization } });

  const told = await turnpike.seen('/orders', { headers: { authorization, 'X-User': 'root' } });
  assert.equal(told.headers['x-user'], 'ada');
  assert.equal(told.headers['x-org'], '7');

  const without = bearer(await issuer.token());
  const spoofed = await turnpike.seen('/orders', { headers: { ...without.headers, 'x-org': '1' } });
  assert.equal(spoofed.headers['x-org'], undefined, 'a claim that the token lacks is told by nobody');
});

test('keys that the issuer changes are fetched when a token names an unknown one', async () => {
  let shiftMs = 0;
  const clock = { ...systemClock, elapsed: () => systemClock.elapsed() + shiftMs };
  await using shop = await givenBackend('shop');
  await using issuer = await givenIssuer();
  await using turnpike = await givenStandalone(files(shop.port, issuer.backend.port), { clock });
  const old = await issuer.token();
  await turnpike.until('/orders', 200, bearer(old));

  await issuer.rotate('second');
  // The issuer is asked at most every 30 s on behalf of tokens.
  shiftMs = 31_000;
  const next = await issuer.token();
  assert.equal((await turnpike.get('/orders', bearer(next))).status, 401);
  await turnpike.until('/orders', 200, bearer(next));
  assert.equal((await turnpike.get('/orders', bearer(old))).status, 401, 'the old key is gone');
  assert.equal(issuer.backend.requests(), 2);
});

test('an issuer that does not answer lets nobody in and says so; it is asked again, and then its tokens pass', async () => {
  await using shop = await givenBackend('shop');
  await using issuer = await givenIssuer();
  const { 'services.yaml': services, ...others } = files(shop.port, issuer.backend.port);
  await using turnpike = await givenStandalone({
    ...others,
    'services.yaml': serviceManifest('shop', shop.port),
  });
  const token = await issuer.token();
  await turnpike.until('/open', 200);
  assert.notEqual((await turnpike.get('/orders', bearer(token))).status, 200);
  await eventually(() => {
    const unmet = turnpike.conditions('AuthPolicy', 'orders').filter(({ status }) => status !== 'True');
    assert.notEqual(unmet.length, 0);
  });

  await turnpike.save({ 'services.yaml': services });
  await turnpike.until('/orders', 200, bearer(token));
  assert.equal((await turnpike.get('/orders')).status, 401);
});
