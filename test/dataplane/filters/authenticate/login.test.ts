import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { OpenIdConnectAuthentication } from '#snapshot/open-id-connect.ts';
import { givenCall } from '#test/given/called-service.ts';
import { givenLogin, keysOf, LoginBrowser, sealed, shopHost } from '#test/given/login.ts';
import { givenOpenidProvider, type ProviderChoices } from '#test/given/openid-provider.ts';
import { givenAuthentication } from '#test/given/token.ts';
import { gate, told } from './gate.ts';

const callback = `https://${shopHost}/oauth2/callback`;

/** A provider, and a policy whose one way in it is. */
async function givenShop(
  rule: Partial<OpenIdConnectAuthentication> = {},
  choices: Partial<ProviderChoices> = {},
) {
  const provider = await givenOpenidProvider({
    redirectUris: [callback],
    postLogoutRedirectUris: [`https://${shopHost}/`],
    ...choices,
  });
  const asking = givenCall(provider.port);
  const made = gate({}, asking.call);
  made.clock = Date.now();
  const secret = sealed(made.authenticating);
  const keys = await keysOf(provider);
  const filter = made.filter(givenAuthentication(givenLogin(provider, rule)), keys);
  return {
    provider,
    made,
    filter,
    secret,
    keys,
    browser: () => new LoginBrowser(filter),
    async [Symbol.asyncDispose]() {
      asking[Symbol.dispose]();
      await provider[Symbol.asyncDispose]();
    },
  };
}

describe('the way in by a login in the browser', () => {
  it('leads a page to the provider and back to where it was asked for, and lets its session in', async () => {
    await using shop = await givenShop();
    const browser = shop.browser();
    const sent = await browser.ask('/orders?page=2');
    const to = new URL(sent.location);
    assert.equal(`${to.origin}${to.pathname}`, `${shop.provider.issuer}/auth`);
    assert.equal(to.searchParams.get('response_type'), 'code');
    assert.equal(to.searchParams.get('code_challenge_method'), 'S256');
    assert.equal(to.searchParams.get('redirect_uri'), callback);
    assert.equal(to.searchParams.get('scope'), 'openid email groups');
    const back = await browser.logInAt(sent.location);
    const come = await browser.ask(back.slice(`https://${shopHost}`.length));
    assert.equal(come.location, `https://${shopHost}/orders?page=2`);
    const { verdict, exchange } = await browser.ask('/orders?page=2');
    assert.equal(verdict, null);
    assert.equal(exchange.identity?.method, 'OpenIDConnect');
    assert.equal(exchange.identity.subject, 'ada');
    assert.deepEqual(exchange.identity.groups, ['staff', 'admins']);
    assert.ok(exchange.identity.scopes.includes('email'));
    assert.equal(exchange.forwarded.fields.only('x-email'), 'ada@example.com');
    assert.equal(exchange.forwarded.fields.has('cookie'), false);
    assert.equal(shop.provider.asked('POST /token'), 1);
  });

  it('keeps what it must in cookies that no script and no other site can use', async () => {
    await using shop = await givenShop();
    const browser = shop.browser();
    const { cookies } = await browser.logIn();
    const session = cookies.find((line) => /^__Host-turnpike-login-[0-9a-f]{10}=/u.test(line));
    assert.match(session ?? '', /; Path=\/; HttpOnly; SameSite=Lax; Secure$/u);
    for (const line of cookies) assert.match(line, /; HttpOnly; SameSite=Lax; Secure$/u);
  });

  it('answers what no page asks by 401, and leaves content alone', async () => {
    await using shop = await givenShop();
    const browser = shop.browser();
    const asked = [
      { method: 'POST' },
      { fields: [['accept', 'application/json']] },
      {
        fields: [
          ['sec-fetch-mode', 'cors'],
          ['accept', 'text/html'],
        ],
      },
      {
        fields: [
          ['accept', 'text/html'],
          ['x-requested-with', 'XMLHttpRequest'],
        ],
      },
      { fields: [] },
    ] as const;
    for (const one of asked) {
      const { verdict, cookies } = await browser.ask('/', one);
      assert.equal(told(verdict), 'missing');
      assert.deepEqual(verdict?.kind === 'Unauthenticated' && verdict.challenges, [
        `Cookie realm="${shopHost}"`,
      ]);
      assert.deepEqual(cookies, []);
    }
  });
});
