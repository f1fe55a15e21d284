// Somebody logs in over both planes, at a real provider that is a Service of theirs, and is logged out there.
import assert from 'node:assert/strict';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import type { Seen } from '#test/given/backend.ts';
import { CookieJar } from '#test/given/cookie-jar.ts';
import { eventually } from '#test/given/eventually.ts';
import { authPolicyManifest, pathRouteManifest, serviceManifest } from '#test/given/manifests.ts';
import { givenOpenidProvider, password, type GivenOpenidProvider } from '#test/given/openid-provider.ts';
import { givenStandalone } from '#test/given/standalone.ts';

function policy({ issuer, clientId }: GivenOpenidProvider): string {
  return authPolicyManifest(
    'shop',
    `
    authenticate:
      - name: people
        type: OpenIDConnect
        openIDConnect:
          issuer: ${issuer}
          client: { id: ${clientId}, secretRef: { name: client, key: secret } }
          provider: { type: Backend, backend: { backendRef: { name: ids, port: 80 } } }
          scopes: [openid, email, groups]
          backChannelLogoutPath: /oauth2/told
          claimsToHeaders: [{ claim: email, header: x-email }]
    authorize: [{ name: staff, groups: [staff] }]`,
  );
}

function clientManifest({ clientSecret }: GivenOpenidProvider): string {
  return `
apiVersion: v1
kind: Secret
metadata: { name: client }
data: { secret: ${Buffer.from(clientSecret ?? '').toString('base64')} }
`;
}

/** A shop below `/shop`, and the provider where people log in for it. */
async function givenShop(accessLog: number) {
  const shop = await givenBackend('shop');
  let provider: GivenOpenidProvider | null = null;
  const turnpike = await givenStandalone(
    async (port) => {
      provider = await givenOpenidProvider({
        redirectUris: [`http://127.0.0.1:${port}/oauth2/callback`],
        postLogoutRedirectUris: [`http://127.0.0.1:${port}/`],
        backChannelLogoutUri: `http://127.0.0.1:${port}/oauth2/told`,
      });
      return {
        'services.yaml': [serviceManifest('shop', shop.port), serviceManifest('ids', provider.port)].join(
          '---',
        ),
        'route.yaml': pathRouteManifest('shop', '/shop', 'shop'),
        'policy.yaml': [policy(provider), clientManifest(provider)].join('---'),
      };
    },
    { accessLog },
  );
  assert.ok(provider !== null);
  const known: GivenOpenidProvider = provider;
  return {
    provider: known,
    turnpike,
    async [Symbol.asyncDispose]() {
      await turnpike[Symbol.asyncDispose]();
      await known[Symbol.asyncDispose]();
      await shop.stop();
    },
  };
}

const page = { accept: 'text/html' };

test('people log in at a provider, come back to their page, and are out when they log out there', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'turnpike-logins-'));
  const log = await open(path.join(folder, 'access.log'), 'a');
  try {
    await using given = await givenShop(log.fd);
    const { provider, turnpike } = given;
    const origin = `http://127.0.0.1:${turnpike.port}`;
    await turnpike.until('/shop', 302, { headers: page });
    await turnpike.until('/shop', 401);
    const ada = new CookieJar();
    const sent = await ada.go(`${origin}/shop/orders?page=2`);
    assert.equal(sent.status, 302);
    const form = await ada.follow(sent);
    const back = await ada.follow(await ada.send(form.url, { user: 'ada', password }));
    assert.equal(back.status, 200);
    assert.equal(back.url, `${origin}/shop/orders?page=2`);
    const seen = JSON.parse(back.body) as Seen;
    assert.equal(seen.headers['x-email'], 'ada@example.com');
    assert.equal(seen.headers['cookie'], undefined);
    assert.equal((await ada.script(`${origin}/shop`)).status, 200, 'scripts too, by the cookie');
    const conditions = turnpike.conditions('AuthPolicy', 'shop');
    assert.ok(conditions.every(({ status }) => status === 'True'));

    const bob = new CookieJar();
    const form2 = await bob.follow(await bob.go(`${origin}/shop`));
    const refused = await bob.follow(await bob.send(form2.url, { user: 'bob', password }));
    assert.equal(refused.status, 403, 'who is known and may not');

    const { body: ask } = await ada.go(provider.endSession);
    const action = /action="([^"]+)"/u.exec(ask)?.[1] ?? '';
    const xsrf = /name="xsrf" value="([^"]+)"/u.exec(ask)?.[1] ?? '';
    await ada.send(action, { xsrf, logout: 'yes' });
    await eventually(() => assert.deepEqual(provider.backChannel, [null]));
    assert.equal((await ada.script(`${origin}/shop`)).status, 401, 'by the back-channel');
    assert.equal((await bob.script(`${origin}/shop`)).status, 403, 'and nobody else');

    await turnpike.stop();
    const told = [
      await readFile(path.join(folder, 'access.log'), 'utf8'),
      JSON.stringify([turnpike.events, turnpike.statuses(), turnpike.notices, turnpike.keyProblems]),
    ].join('\n');
    assert.match(told, /"path":"\/oauth2\/callback"/u);
    const secrets = [...ada.everyCookie, ...bob.everyCookie, ...ada.everyCode, provider.clientSecret ?? ''];
    assert.ok(secrets.length > 6);
    for (const secret of secrets) assert.equal(told.includes(secret), false, 'no secret is told');
  } finally {
    await log.close();
    await rm(folder, { recursive: true });
  }
});
