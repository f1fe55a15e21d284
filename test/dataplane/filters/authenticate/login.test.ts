import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { givenLogin, givenLoginSecret, LoginBrowser, shopHost } from '#test/given/login.ts';
import { givenAuthentication } from '#test/given/token.ts';
import { told } from './gate.ts';
import { callback, givenShop } from './login-gate.ts';

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

  it('lets several tabs log in at once, each to its own page', async () => {
    await using shop = await givenShop();
    const browser = shop.browser();
    const tabs = Array.from({ length: 10 }, (_, tab) => `/${tab}`);
    const sent: string[] = [];
    for (const tab of tabs) sent.push((await browser.ask(tab)).location);
    for (const [index, location] of sent.entries()) {
      const back = await browser.logInAt(location);
      const come = await browser.ask(back.slice(`https://${shopHost}`.length));
      assert.equal(come.location, `https://${shopHost}${tabs[index]}`);
    }
  });

  it('leads tabs beyond that to the first page, and to long addresses as far as they fit', async () => {
    await using shop = await givenShop();
    const browser = shop.browser();
    const sent: string[] = [];
    const [longest, long] = [1000, 300].map((length) => `/search?${'q'.repeat(length)}`);
    const tabs = [longest, long, ...Array.from({ length: 8 }, (_, tab) => `/${tab}`), long, long, '/last'];
    for (const tab of tabs) sent.push((await browser.ask(tab ?? '')).location);
    const came: string[] = [];
    for (const location of sent.toReversed()) {
      const back = await browser.logInAt(location);
      came.push((await browser.ask(back.slice(`https://${shopHost}`.length))).location);
    }
    const kept = ['/last', '/', '/', '/7', '/6', '/5', '/4', '/3', '/2', '/1'];
    const given = ['/', '/', '/'];
    assert.deepEqual(
      came,
      [...kept, ...given].map((path) => `https://${shopHost}${path}`),
    );
    const alone = await shop.browser().logIn(longest);
    assert.equal(alone.location, `https://${shopHost}${longest}`);
  });

  it('asks for more claims, and gives the backend the access token, where that is told', async () => {
    await using shop = await givenShop({ userinfo: true, forwardAccessToken: true });
    const browser = shop.browser();
    await browser.logIn();
    const fields = [
      ['accept', 'text/html'],
      ['authorization', 'Bearer of-the-client'],
    ] as const;
    const { verdict, exchange } = await browser.ask('/', { fields });
    assert.equal(told(verdict), 'pass');
    assert.match(exchange.forwarded.fields.only('authorization') ?? '', /^Bearer [\w-]{20,}$/u);
    assert.equal(shop.provider.asked('GET /me'), 1);
    assert.equal(exchange.identity?.claims['email'], 'ada@example.com');
  });

  it('logs in as a public client, without a secret', async () => {
    await using shop = await givenShop({}, { public: true });
    const browser = shop.browser();
    await browser.logIn();
    assert.equal(told((await browser.ask('/')).verdict), 'pass');
  });

  it('opens what was sealed by the secret before, and what data planes beside it have sealed', async () => {
    await using shop = await givenShop();
    const browser = shop.browser();
    await browser.logIn();
    const { made, provider, keys } = shop;
    const next = givenLoginSecret(shop.secret);
    made.authenticating.useLoginSecret(next);
    const beside = made.filter(givenAuthentication(givenLogin(provider)), keys);
    const other = new LoginBrowser(beside);
    for (const [name, value] of browser.cookies) other.cookies.set(name, value);
    assert.equal(told((await other.ask('/')).verdict), 'pass');
    made.authenticating.useLoginSecret(givenLoginSecret(givenLoginSecret(next)));
    made.authenticating.useLoginSecret(givenLoginSecret());
    const late = new LoginBrowser(made.filter(givenAuthentication(givenLogin(provider)), keys));
    for (const [name, value] of browser.cookies) late.cookies.set(name, value);
    assert.notEqual((await late.ask('/')).location, '');
  });

  it('lets nobody log in while there is no secret, or the provider has not told where', async () => {
    await using shop = await givenShop();
    shop.made.authenticating.useLoginSecret(null);
    assert.equal(told((await shop.browser().ask('/')).verdict), 'KeysUnavailable');
    const unknown = givenAuthentication(givenLogin(shop.provider, { provider: null }));
    const browser = new LoginBrowser(shop.made.filter(unknown, shop.keys));
    assert.equal(told((await browser.ask('/')).verdict), 'KeysUnavailable');
    assert.equal(told((await browser.ask('/', { fields: [] })).verdict), 'missing');
  });
});
