// Somebody logs in over both planes, at a real provider that is a Service of theirs, and is logged out there.
import assert from 'node:assert/strict';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import type { Seen } from '#test/given/backend.ts';
import { CookieJar, type Page } from '#test/given/cookie-jar.ts';
import { eventually } from '#test/given/eventually.ts';
import {
  authPolicyManifest,
  edgeWithRedisManifest,
  pathRouteManifest,
  serviceManifest,
} from '#test/given/manifests.ts';
import { givenFurtherDataPlane } from '#test/given/further-data-plane.ts';
import { givenOpenidProvider, password, type GivenOpenidProvider } from '#test/given/openid-provider.ts';
import { givenRedis, ownRedisMissing } from '#test/given/redis.ts';
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
async function givenShop({ accessLog, redis }: { readonly accessLog?: number; readonly redis?: string }) {
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
        ...(redis === undefined ? {} : { 'edge.yaml': edgeWithRedisManifest(port, redis) }),
      };
    },
    accessLog === undefined ? {} : { accessLog },
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

/** Logs in where `sent` sends on to; what is seen at last. */
async function loggedIn(browser: CookieJar, sent: Page, user = 'ada'): Promise<Page> {
  const form = await browser.follow(sent);
  return browser.follow(await browser.send(form.url, { user, password }));
}

/** Logs out at the provider. */
async function loggedOut(browser: CookieJar, provider: GivenOpenidProvider): Promise<void> {
  const { body: ask } = await browser.go(provider.endSession);
  const action = /action="([^"]+)"/u.exec(ask)?.[1] ?? '';
  const xsrf = /name="xsrf" value="([^"]+)"/u.exec(ask)?.[1] ?? '';
  await browser.send(action, { xsrf, logout: 'yes' });
}

test('people log in at a provider, come back to their page, and are out when they log out there', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'turnpike-logins-'));
  const log = await open(path.join(folder, 'access.log'), 'a');
  try {
    await using given = await givenShop({ accessLog: log.fd });
    const { provider, turnpike } = given;
    const origin = `http://127.0.0.1:${turnpike.port}`;
    await turnpike.until('/shop', 302, { headers: page });
    await turnpike.until('/shop', 401);
    const ada = new CookieJar();
    const sent = await ada.go(`${origin}/shop/orders?page=2`);
    assert.equal(sent.status, 302);
    const back = await loggedIn(ada, sent);
    assert.equal(back.status, 200);
    assert.equal(back.url, `${origin}/shop/orders?page=2`);
    const seen = JSON.parse(back.body) as Seen;
    assert.equal(seen.headers['x-email'], 'ada@example.com');
    assert.equal(seen.headers['cookie'], undefined);
    assert.equal((await ada.script(`${origin}/shop`)).status, 200, 'scripts too, by the cookie');
    const conditions = turnpike.conditions('AuthPolicy', 'shop');
    assert.ok(conditions.every(({ status }) => status === 'True'));

    const bob = new CookieJar();
    const refused = await loggedIn(bob, await bob.go(`${origin}/shop`), 'bob');
    assert.equal(refused.status, 403, 'who is known and may not');

    await loggedOut(ada, provider);
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

test(
  'who logs out at one data plane, or at the provider, is out at all of them that have a Redis',
  { skip: ownRedisMissing() },
  async (t) => {
    const redis = await givenRedis();
    t.after(() => redis.stop());
    await using given = await givenShop({ redis: redis.url });
    const { provider, turnpike } = given;
    const origin = `http://127.0.0.1:${turnpike.port}`;
    await turnpike.until('/shop', 302, { headers: page });
    await using _second = await givenFurtherDataPlane(turnpike, '127.0.0.2');
    const browsers = [new CookieJar(), new CookieJar(), new CookieJar()] as const;
    for (const browser of browsers) {
      assert.equal((await loggedIn(browser, await browser.go(`${origin}/shop`))).status, 200);
      browser.address = '127.0.0.2';
      assert.equal((await browser.script(`${origin}/shop`)).status, 200, 'also at the other data plane');
    }
    const [here, there, stays] = browsers;
    const copies = [here, there].map((browser) => browser.copy());
    here.address = '127.0.0.1';
    assert.equal((await here.go(`${origin}/oauth2/logout`)).status, 302);
    there.address = '127.0.0.1';
    await loggedOut(there, provider);
    await eventually(() => assert.deepEqual(provider.backChannel, [null]));
    for (const copy of copies) {
      await eventually(async () => assert.equal((await copy.script(`${origin}/shop`)).status, 401), 1000);
    }
    await using _late = await givenFurtherDataPlane(turnpike, '127.0.0.3');
    for (const browser of [...copies, stays]) browser.address = '127.0.0.3';
    for (const copy of copies) assert.equal((await copy.script(`${origin}/shop`)).status, 401);
    assert.equal((await stays.script(`${origin}/shop`)).status, 200);
  },
);
