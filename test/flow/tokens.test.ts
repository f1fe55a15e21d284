// What a policy says of its tokens beyond issuer and key: where they are, by which secret they are made, and which of
// them count no more.
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { issuerName } from '#test/given/issuer.ts';
import {
  authPolicyManifest,
  configMapManifest,
  pathRouteManifest,
  serviceManifest,
} from '#test/given/manifests.ts';
import { givenStandalone } from '#test/given/standalone.ts';

const secret = randomBytes(32);

function token(claims: object, by: Buffer = secret): string {
  const known = { iss: issuerName, sub: 'ada', exp: Math.floor(Date.now() / 1000) + 300 };
  const text = [{ alg: 'HS256' }, { ...known, ...claims }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${createHmac('sha256', by).update(text).digest('base64url')}`;
}

const policy = authPolicyManifest(
  'shop',
  `
    authenticate:
      - name: staff
        type: JWT
        jwt:
          issuer: ${issuerName}
          jwks:
            type: SharedSecret
            sharedSecret: { secretRef: { name: shared, key: secret } }
          sources:
            - { type: Header, header: { name: Authorization, scheme: Bearer } }
            - { type: Cookie, cookie: { name: at } }
            - { type: Query, query: { name: access_token } }
          revocation: { type: ConfigMap, configMapRef: { name: revoked, key: list } }`,
);

function revoked(...names: readonly string[]): string {
  const lines = names.length === 0 ? ['none'] : names;
  return configMapManifest('revoked', 'list', ['# gone', ...lines].join('\n'));
}

function files(port: number): Record<string, string> {
  return {
    'services.yaml': serviceManifest('shop', port),
    'routes.yaml': pathRouteManifest('shop', '/shop', 'shop'),
    'policy.yaml': policy,
    'secret.yaml': `apiVersion: v1\nkind: Secret\nmetadata: { name: shared }\ndata: { secret: ${secret.toString('base64')} }\n`,
    'revoked.yaml': revoked(),
  };
}

const bearer = (text: string): { headers: Record<string, string> } => ({
  headers: { authorization: `Bearer ${text}` },
});

test('a token is found in header, cookie and query, and from the last two the backend gets none', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone(files(shop.port));
  await turnpike.until('/shop', 200, bearer(token({})));
  assert.equal((await turnpike.get('/shop', bearer(token({}, randomBytes(32))))).status, 401);
  assert.equal((await turnpike.get('/shop')).status, 401);

  const byCookie = await turnpike.seen('/shop', { headers: { cookie: `a=1; at=${token({})}; b=2` } });
  assert.equal(byCookie.headers['cookie'], 'a=1; b=2');
  const byQuery = await turnpike.seen(`/shop?x=1&access_token=${token({})}&y=2`);
  assert.equal(byQuery.path, '/shop?x=1&y=2');
});

test('a token that is revoked is refused within a second, and counts again when it is not', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone(files(shop.port));
  const [one, two, eve] = [token({ jti: 'one' }), token({ jti: 'two' }), token({ sub: 'eve' })];
  for (const good of [one, two, eve]) await turnpike.until('/shop', 200, bearer(good));

  const began = performance.now();
  await turnpike.save({ 'revoked.yaml': revoked('one', 'sub:eve') });
  await turnpike.until('/shop', 401, bearer(one));
  await turnpike.until('/shop', 401, bearer(eve));
  assert.ok(performance.now() - began < 1000, `${performance.now() - began} ms`);
  assert.equal((await turnpike.get('/shop', bearer(two))).status, 200);

  await turnpike.save({ 'revoked.yaml': revoked() });
  await turnpike.until('/shop', 200, bearer(one));
});

test('a list that is taken away closes the route', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone(files(shop.port));
  await turnpike.until('/shop', 200, bearer(token({})));
  await turnpike.save({ 'revoked.yaml': revoked().replace('  list:', '  other:') });
  await turnpike.until('/shop', 500, bearer(token({})));
});
