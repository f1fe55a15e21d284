import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LoginBrowser, shopHost } from '#test/given/login.ts';
import { givenExchange, givenRequest } from '#test/given/request.ts';
import { givenKeySet, issuerKey, type IssuerKey } from '#test/given/token.ts';
import { givenForgedProvider } from '#test/given/forged-provider.ts';
import { told } from './gate.ts';
import { givenShop, shopOf, type GivenShop } from './login-gate.ts';

function copyOf(browser: LoginBrowser, { filter }: Pick<GivenShop, 'filter'>): LoginBrowser {
  const copy = new LoginBrowser(filter);
  for (const [name, value] of browser.cookies) copy.cookies.set(name, value);
  return copy;
}

describe('a logout', () => {
  it('ends the session here, copies of its cookie too, and leads to the provider', async () => {
    await using shop = await givenShop();
    const browser = shop.browser();
    await browser.logIn();
    const copy = copyOf(browser, shop);
    const { location } = await browser.ask('/oauth2/logout');
    const to = new URL(location);
    assert.equal(`${to.origin}${to.pathname}`, shop.provider.endSession);
    assert.equal(to.searchParams.get('client_id'), 'shop');
    assert.equal(to.searchParams.get('post_logout_redirect_uri'), `https://${shopHost}/`);
    assert.match(to.searchParams.get('id_token_hint') ?? '', /^[\w-]+\.[\w-]+\.[\w-]+$/u);
    assert.equal([...browser.cookies.keys()].filter((name) => !name.endsWith('-tally')).length, 0);
    assert.match((await copy.ask('/')).location, /\/auth\?/u);
    const answer = await fetch(location);
    assert.equal(answer.status, 200, 'the provider takes it');
  });

  const askers = {
    'a page of another site': ['cross-site', '?1', 'document', 'Forbidden'],
    'a script of a neighbour': ['same-site', null, 'document', 'Forbidden'],
    'an image on a neighbour': ['same-site', null, 'image', 'Forbidden'],
    'a frame of a neighbour': ['same-site', '?1', 'iframe', 'Forbidden'],
    'somebody who clicks at a neighbour': ['same-site', '?1', 'document', 'Answered'],
    'a page of its own': ['same-origin', null, 'empty', 'Answered'],
    'somebody who types its address': ['none', '?1', 'document', 'Answered'],
    'a browser that says nothing': [null, null, null, 'Answered'],
    'what nobody knows': ['elsewhere', '?1', 'document', 'Forbidden'],
  } as const;
  for (const [who, [site, user, dest, verdict]] of Object.entries(askers)) {
    it(`is ${verdict === 'Answered' ? '' : 'not '}for ${who} to ask`, async () => {
      await using shop = await givenShop();
      const browser = shop.browser();
      await browser.logIn();
      const saying = { 'sec-fetch-site': site, 'sec-fetch-user': user, 'sec-fetch-dest': dest };
      const fields = Object.entries(saying).flatMap(([name, value]) =>
        value === null ? [] : [[name, value] as const],
      );
      assert.equal(told((await browser.ask('/oauth2/logout', { fields })).verdict), verdict);
      const isIn = told((await browser.ask('/')).verdict) === 'pass';
      assert.equal(isIn, verdict === 'Forbidden');
    });
  }

  it('without a session leads to where it would end', async () => {
    await using shop = await givenShop({ afterLogout: '/bye' });
    assert.equal((await shop.browser().ask('/oauth2/logout')).location, `https://${shopHost}/bye`);
  });
});

const event = { 'http://schemas.openid.net/event/backchannel-logout': {} };

async function givenHearing() {
  const key = await issuerKey('first');
  const provider = await givenForgedProvider(key);
  const shop = shopOf(provider, givenKeySet('ids', key), { backChannelPath: '/oauth2/told' });
  const tell = async (claims: Record<string, unknown>, by: IssuerKey = key) => {
    const iat = Math.floor(shop.made.clock / 1000);
    const usual = { iss: provider.issuer, aud: 'shop', iat, exp: iat + 60, jti: 'one', events: event };
    return post(shop, `logout_token=${await by.sign({ sub: undefined, ...usual, ...claims })}`);
  };
  return { shop, tell, provider };
}

async function post({ filter }: Pick<GivenShop, 'filter'>, text: string, method = 'POST'): Promise<string> {
  const request = givenRequest({ method, host: shopHost, target: '/oauth2/told' });
  const verdict = await filter.apply(givenExchange(request, { content: Buffer.from(text) }));
  return verdict?.kind === 'Answered' ? String(verdict.status) : told(verdict);
}

describe('a logout that the provider tells of', () => {
  for (const [what, claims] of [
    ['session', { sid: 'of-ada' }],
    ['person', { sub: 'ada' }],
  ] as const) {
    it(`ends the sessions of the ${what}, and no others`, async () => {
      const { shop, tell, provider } = await givenHearing();
      await using _ = shop;
      provider.claims = { sub: 'ada', sid: 'of-ada' };
      const ada = shop.browser();
      await ada.logInForged(provider);
      provider.claims = { sub: 'bob', sid: 'of-bob' };
      const bob = shop.browser();
      await bob.logInForged(provider);
      assert.equal(told((await ada.ask('/')).verdict), 'pass');
      assert.equal(await tell(claims), '200');
      assert.notEqual(told((await ada.ask('/')).verdict), 'pass');
      assert.equal(told((await bob.ask('/')).verdict), 'pass');
      shop.made.clock += 2000;
      provider.claims = { sub: 'ada', sid: 'of-ada' };
      await ada.logInForged(provider);
      assert.equal(told((await ada.ask('/')).verdict), 'pass', 'a later session is another one');
    });
  }

  it('is believed only when the provider signed it for this client just now', async () => {
    const { shop, tell, provider } = await givenHearing();
    await using _ = shop;
    provider.claims = { sub: 'ada', sid: 'of-ada' };
    const ada = shop.browser();
    await ada.logInForged(provider);
    const sub = 'ada';
    const old = Math.floor(shop.made.clock / 1000) - 400;
    const refused = [
      tell({ sub }, await issuerKey('first')),
      tell({ sub, iss: 'https://other.example' }),
      tell({ sub, aud: 'other' }),
      tell({ sub, events: {} }),
      tell({ sub, events: undefined }),
      tell({ sub, nonce: 'n' }),
      tell({ sub, iat: old, exp: undefined }),
      tell({ sub, exp: old }),
      tell({}),
      tell({ sub: 7 }),
      post(shop, ''),
      post(shop, 'logout_token=a&logout_token=b'),
      post(shop, 'logout_token=none', 'GET'),
    ];
    assert.deepEqual(new Set(await Promise.all(refused)), new Set(['MalformedRequest']));
    assert.equal(told((await ada.ask('/')).verdict), 'pass');
  });
});
