// What an attacker tries on logins by OpenID Connect: at the browser, between browsers, with cookies, as a provider
// (RFC 9700, OpenID Connect Core 1.0 section 16, RFC 9207).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { givenForgedProvider } from '#test/given/forged-provider.ts';
import { givenLogin, LoginBrowser, shopHost, type Seen } from '#test/given/login.ts';
import { givenAuthentication, givenKeySet, issuerKey } from '#test/given/token.ts';
import { givenShop, shopOf, type GivenShop } from '#test/dataplane/filters/authenticate/login-gate.ts';
import { told } from '#test/dataplane/filters/authenticate/gate.ts';

function pathOf(url: string): string {
  return url.slice(`https://${shopHost}`.length);
}

function withCookies(
  shop: Pick<GivenShop, 'filter'>,
  cookies: Iterable<readonly [string, string]>,
): LoginBrowser {
  const browser = new LoginBrowser(shop.filter);
  for (const [name, value] of cookies) browser.cookies.set(name, value);
  return browser;
}

/** Whether it was let in; what is not is led to the provider, with a cookie of that attempt. */
function isIn({ verdict, exchange }: Seen): boolean {
  return verdict === null && exchange.identity !== null;
}

function sessionName(browser: LoginBrowser): string {
  return [...browser.cookies.keys()].find((name) => /^__Host-turnpike-login-[0-9a-f]{10}$/u.test(name)) ?? '';
}

describe('a login, between browsers', () => {
  it('ends only in the browser that began it', async () => {
    await using shop = await givenShop();
    const ada = shop.browser();
    const back = await ada.logInAt((await ada.ask('/')).location);
    const other = shop.browser();
    assert.equal(told((await other.ask(pathOf(back))).verdict), 'invalid');
    await other.ask('/');
    assert.equal(told((await other.ask(pathOf(back))).verdict), 'invalid');
    assert.equal(isIn(await other.ask('/')), false);
  });

  it('ends once', async () => {
    await using shop = await givenShop();
    const ada = shop.browser();
    const back = await ada.logInAt((await ada.ask('/')).location);
    const before = [...ada.cookies];
    await ada.ask(pathOf(back));
    assert.equal(told((await withCookies(shop, before).ask(pathOf(back))).verdict), 'invalid');
    assert.equal(shop.provider.asked('POST /token'), 1);
  });

  it('takes no code of another one', async () => {
    await using shop = await givenShop();
    const ada = shop.browser();
    const code = new URL(await ada.logInAt((await ada.ask('/')).location)).searchParams.get('code') ?? '';
    const mallory = shop.browser();
    const back = new URL(await mallory.logInAt((await mallory.ask('/')).location, 'bob'));
    back.searchParams.set('code', code);
    assert.equal(told((await mallory.ask(pathOf(back.href))).verdict), 'invalid');
    assert.equal(isIn(await mallory.ask('/')), false);
  });

  it('leaves nothing of a session that was there before', async () => {
    await using shop = await givenShop();
    const mallory = shop.browser();
    await mallory.logIn('/', 'bob');
    const victim = withCookies(shop, mallory.cookies);
    victim.cookies.delete(sessionName(victim));
    await victim.logIn('/', 'ada');
    assert.notEqual(victim.cookies.get(sessionName(victim)), mallory.cookies.get(sessionName(mallory)));
    assert.equal((await victim.ask('/')).exchange.identity?.subject, 'ada');
    assert.equal((await mallory.ask('/')).exchange.identity?.subject, 'bob');
  });

  it('is over after ten minutes', async () => {
    await using shop = await givenShop();
    const ada = shop.browser();
    const back = await ada.logInAt((await ada.ask('/')).location);
    shop.made.clock += 600_000;
    assert.equal(told((await ada.ask(pathOf(back))).verdict), 'invalid');
  });

  it('does not go round without end where the browser keeps no session', async () => {
    await using shop = await givenShop();
    const browser = shop.browser();
    let rounds = 0;
    for (; rounds < 40; rounds += 1) {
      const { verdict, location } = await browser.ask('/');
      if (location === '') {
        assert.equal(told(verdict), 'invalid');
        break;
      }
      await browser.ask(pathOf(await browser.logInAt(location)));
      browser.cookies.delete(sessionName(browser));
    }
    assert.equal(rounds, 30);
    shop.made.clock += 60_000;
    assert.notEqual((await browser.ask('/')).location, '');
  });
});

describe('the cookie of a login', () => {
  it('lets nobody in once a single character of it is another', async () => {
    await using shop = await givenShop();
    const ada = shop.browser();
    await ada.logIn();
    const name = sessionName(ada);
    const value = ada.cookies.get(name) ?? '';
    for (let at = 0; at < value.length; at += 1) {
      const changed = `${value.slice(0, at)}${value[at] === 'A' ? 'B' : 'A'}${value.slice(at + 1)}`;
      const { verdict } = await withCookies(shop, [[name, changed]]).ask('/', { fields: [] });
      assert.equal(told(verdict), 'missing', `at ${at}`);
    }
    for (const other of [`${value}A`, value.slice(0, -1), `${value}=`, `9${value.slice(1)}`, '1', '', '2']) {
      const { verdict } = await withCookies(shop, [[name, other]]).ask('/', { fields: [] });
      assert.equal(told(verdict), 'missing');
    }
    assert.equal(isIn(await ada.ask('/')), true);
  });

  it('is good for its policy and its host alone, and under its own name', async () => {
    await using shop = await givenShop();
    const ada = shop.browser();
    await ada.logIn();
    const value = ada.cookies.get(sessionName(ada)) ?? '';
    assert.equal(isIn(await ada.ask('/', { host: 'other.example.com' })), false);
    assert.equal(isIn(await ada.ask('/')), true);
    assert.equal(isIn(await ada.ask('/', { host: 'other.example.com' })), false, 'also once it is known');
    const login = givenLogin(shop.provider, { name: 'others' });
    const filter = shop.made.filter(givenAuthentication(login), shop.keys);
    const stranger = new LoginBrowser(filter);
    await stranger.logIn('/', 'bob');
    stranger.cookies.set(sessionName(stranger), value);
    assert.equal(isIn(await stranger.ask('/')), false);
    const attempt = shop.browser();
    await attempt.ask('/');
    const [sealed = ''] = [...attempt.cookies].find(([one]) => one.includes('-try-'))?.slice(1) ?? [];
    assert.equal(isIn(await withCookies(shop, [[sessionName(ada), `1${sealed}`]]).ask('/')), false);
    const plain = withCookies(shop, [[sessionName(ada).replace('__Host-', ''), value]]);
    assert.equal(isIn(await plain.ask('/')), false, 'what a page without TLS has set');
  });

  it('is none where it stands twice', async () => {
    await using shop = await givenShop();
    const ada = shop.browser();
    await ada.logIn();
    const pair = `${sessionName(ada)}=${ada.cookies.get(sessionName(ada)) ?? ''}`;
    const fields = [['cookie', `${pair}; ${pair}`]] as const;
    assert.equal(told((await shop.browser().ask('/', { fields })).verdict), 'missing');
  });

  it('is several where it is large, and none where that is too large', async () => {
    const groups = Array.from({ length: 200 }, (_, one) => `group-${one}`);
    const users = { ada: { groups }, bob: { groups: [...groups, ...groups] } };
    await using shop = await givenShop({ userinfo: true }, { users });
    const ada = shop.browser();
    await ada.logIn();
    const { exchange } = await ada.ask('/');
    assert.equal(exchange.identity?.groups.length, 200);
    const parts = [...ada.cookies.keys()].filter((name) => !/-(?:try-\w+|tally)$/u.test(name));
    assert.ok(parts.length > 1);
    for (const name of parts) {
      const lacking = withCookies(
        shop,
        [...ada.cookies].filter(([one]) => one !== name),
      );
      assert.equal(isIn(await lacking.ask('/')), false);
    }
    const bob = await shop.browser().logIn('/', 'bob');
    assert.equal(told(bob.verdict), 'invalid');
  });
});

describe('the way back of a login', () => {
  it('is to this host, whatever was asked for', async () => {
    const key = await issuerKey('first');
    await using shop = shopOf(await givenForgedProvider(key), givenKeySet('ids', key), {});
    const targets = [
      '//evil.example/',
      '///evil.example',
      '/\\evil.example',
      '/\\/evil.example',
      '/%2f%2fevil.example',
      '/%5cevil.example',
      '/?rd=https://evil.example&redirect_uri=//evil.example',
      '/@evil.example',
      '/.evil.example',
      '/:80',
      '/a b',
      '/\u00e4',
      `/${'x'.repeat(5000)}`,
    ];
    for (const target of targets) {
      const { location } = await shop
        .browser()
        .logInForged(shop.provider, { rd: 'https://evil.example' }, target);
      assert.equal(new URL(location).origin, `https://${shopHost}`, target);
      assert.match(location, /^[\x21-\x7e]+$/u);
    }
  });
});

describe('an answer that is not as the provider gives it', () => {
  const parameters: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'of another issuer': { iss: 'https://other.example' },
    'of no issuer': { iss: '' },
    'with an ID token': { id_token: 'a.b.c' },
    'with a token': { token: 'a' },
    'packed (JARM)': { response: 'a.b.c' },
    'an error': { error: 'access_denied' },
    'without code': { code: '' },
    'of another state': { state: '0other' },
    'of no state': { state: '' },
    'of a state that is none': { state: '00000000other' },
  };
  for (const [what, wrong] of Object.entries(parameters)) {
    it(`is refused: ${what}`, async () => {
      const key = await issuerKey('first');
      await using shop = shopOf(await givenForgedProvider(key), givenKeySet('ids', key), {});
      const browser = shop.browser();
      assert.equal(told((await browser.logInForged(shop.provider, wrong)).verdict), 'invalid');
      assert.equal(shop.provider.forms.length, 0);
      assert.equal(isIn(await browser.ask('/')), false);
    });
  }

  it('is refused with a parameter twice, and by POST', async () => {
    const key = await issuerKey('first');
    await using shop = shopOf(await givenForgedProvider(key), givenKeySet('ids', key), {});
    for (const [extra, method] of [['&code=two'], ['&state=0'], ['&iss=a'], ['', 'POST']] as const) {
      const browser = shop.browser();
      const state = new URL((await browser.ask('/')).location).searchParams.get('state') ?? '';
      const query = new URLSearchParams({ code: 'one', state, iss: shop.provider.issuer });
      const seen = await browser.ask(
        `/oauth2/callback?${query.toString()}${extra}`,
        method === undefined ? {} : { method },
      );
      assert.equal(told(seen.verdict), 'invalid');
    }
    assert.equal(shop.provider.forms.length, 0);
  });

  const nowS = Math.floor(Date.now() / 1000);
  const claims: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    'another nonce': { nonce: 'other' },
    'no nonce': { nonce: undefined },
    'another issuer': { iss: 'https://other.example' },
    'another audience': { aud: 'other' },
    'several audiences': { aud: ['shop', 'other'] },
    'another party': { azp: 'other' },
    'no subject': { sub: undefined },
    'an end that is over': { exp: nowS - 1 },
    'no end': { exp: undefined },
    'a beginning to come': { nbf: nowS + 600 },
  };
  for (const [what, wrong] of Object.entries(claims)) {
    it(`is refused: an ID token with ${what}`, async () => {
      const key = await issuerKey('first');
      await using shop = shopOf(await givenForgedProvider(key), givenKeySet('ids', key), {});
      shop.provider.claims = wrong;
      const browser = shop.browser();
      assert.equal(told((await browser.logInForged(shop.provider)).verdict), 'invalid');
      assert.equal(isIn(await browser.ask('/')), false);
    });
  }

  it('is refused: an ID token that no key of the provider signed', async () => {
    const key = await issuerKey('first');
    await using shop = shopOf(await givenForgedProvider(key), givenKeySet('ids', key), {});
    const browser = shop.browser();
    const iat = Math.floor(Date.now() / 1000);
    const usual = { iss: shop.provider.issuer, aud: 'shop', sub: 'root', iat, exp: iat + 300 };
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const forge = async (make: (nonce: string) => string | Promise<string>, verdict = 'invalid') => {
      const sent = new URL((await browser.ask('/')).location);
      const nonce = sent.searchParams.get('nonce') ?? '';
      shop.provider.idToken = await make(nonce);
      const state = sent.searchParams.get('state') ?? '';
      const query = new URLSearchParams({ code: 'one', state, iss: shop.provider.issuer });
      assert.equal(told((await browser.ask(`/oauth2/callback?${query.toString()}`)).verdict), verdict);
      shop.provider.idToken = null;
    };
    const other = await issuerKey('first');
    const unknown = await issuerKey('second');
    await forge((nonce) => `${encode({ alg: 'none' })}.${encode({ ...usual, nonce })}.`);
    await forge((nonce) => `${encode({ alg: 'HS256' })}.${encode({ ...usual, nonce })}.AAAA`);
    await forge((nonce) => other.sign({ ...usual, nonce }));
    await forge((nonce) => unknown.sign({ ...usual, nonce }), 'KeysUnavailable');
    assert.equal(shop.made.missing.length, 1, 'a key that may have come since is asked for');
    assert.equal(isIn(await browser.ask('/')), false);
  });

  for (const expires_in of [1e308, 1e15, 0.5]) {
    it(`makes a session that all data planes read, with tokens that last ${expires_in} s`, async () => {
      const key = await issuerKey('first');
      await using shop = shopOf(await givenForgedProvider(key), givenKeySet('ids', key), {});
      shop.provider.answer = { expires_in };
      const browser = shop.browser();
      await browser.logInForged(shop.provider);
      assert.equal(isIn(await browser.ask('/')), true);
      const elsewhere = shop.made.filter(givenAuthentication(givenLogin(shop.provider)), shop.keys);
      assert.equal(isIn(await withCookies({ filter: elsewhere }, browser.cookies).ask('/')), true);
    });
  }

  it('is refused: no ID token, no access token, or one that would be two fields', async () => {
    const key = await issuerKey('first');
    await using shop = shopOf(await givenForgedProvider(key), givenKeySet('ids', key), {
      forwardAccessToken: true,
    });
    const answers = [
      { id_token: undefined },
      { access_token: undefined },
      { access_token: 'a\r\nx-user: root' },
      { token_type: 'mac' },
      { expires_in: -1 },
    ];
    for (const answer of answers) {
      shop.provider.answer = answer;
      const seen = await shop.browser().logInForged(shop.provider);
      assert.equal(told(seen.verdict), 'invalid', JSON.stringify(answer));
    }
  });
});
