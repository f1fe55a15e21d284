import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LoginBrowser } from '#test/given/login.ts';
import { told } from './gate.ts';
import { givenShop } from './login-gate.ts';

/** Tokens are good for 40 s, and refreshed when 30 s of them are over. */
const choices = { accessTokenSeconds: 40 };
const renewMs = 31_000;
const overMs = 41_000;

describe('a session whose tokens end', () => {
  it('is refreshed ahead, once for all who ask at that time, and the browser is told', async () => {
    await using shop = await givenShop({}, choices);
    const browser = shop.browser();
    await browser.logIn();
    const before = new Map(browser.cookies);
    shop.made.clock += renewMs;
    const all = await Promise.all([1, 2, 3, 4].map(() => browser.ask('/')));
    assert.deepEqual(new Set(all.map(({ verdict }) => told(verdict))), new Set(['pass']));
    assert.equal(shop.provider.asked('POST /token'), 2);
    assert.notDeepEqual(browser.cookies, before);
    assert.equal(told((await browser.ask('/')).verdict), 'pass');
    assert.equal(shop.provider.asked('POST /token'), 2);
  });

  it('is known by its old cookie too, until the browser has heard of the new one', async () => {
    await using shop = await givenShop({}, choices);
    const browser = shop.browser();
    await browser.logIn();
    const late = new LoginBrowser(shop.filter);
    for (const [name, value] of browser.cookies) late.cookies.set(name, value);
    shop.made.clock += renewMs;
    await browser.ask('/');
    const { verdict, cookies } = await late.ask('/');
    assert.equal(told(verdict), 'pass');
    assert.equal(cookies.length, 1);
    assert.deepEqual(late.cookies, browser.cookies);
    assert.equal(shop.provider.asked('POST /token'), 2);
  });

  for (const state of ['Failing', 'Down'] as const) {
    it(`goes on while it is good and the provider is ${state}, and is an outage then`, async () => {
      await using shop = await givenShop({}, choices);
      const browser = shop.browser();
      await browser.logIn();
      shop.provider.state = state;
      shop.made.clock += renewMs;
      assert.equal(told((await browser.ask('/')).verdict), 'pass');
      const asked = shop.provider.asked('POST /token');
      assert.equal(told((await browser.ask('/')).verdict), 'pass');
      assert.equal(shop.provider.asked('POST /token'), asked);
      shop.made.clock += overMs - renewMs;
      assert.equal(told((await browser.ask('/')).verdict), 'KeysUnavailable');
      shop.provider.state = 'Up';
      shop.made.clock += 10_000;
      assert.equal(told((await browser.ask('/')).verdict), 'pass');
    });
  }

  it('leads to a login once it is over and the provider will not have it go on', async () => {
    await using shop = await givenShop({}, choices);
    const browser = shop.browser();
    await browser.logIn();
    shop.provider.revokeAll();
    shop.made.clock += renewMs;
    assert.equal(told((await browser.ask('/')).verdict), 'pass');
    shop.made.clock += overMs - renewMs;
    assert.match((await browser.ask('/')).location, /\/auth\?/u);
    assert.equal(told((await browser.ask('/', { fields: [] })).verdict), 'missing');
    await browser.logIn();
    assert.equal(told((await browser.ask('/')).verdict), 'pass');
  });

  it('lasts no longer than sessions may, however often it is refreshed', async () => {
    await using shop = await givenShop({ sessionMs: 60_000 }, choices);
    const browser = shop.browser();
    await browser.logIn();
    shop.made.clock += renewMs;
    assert.equal(told((await browser.ask('/')).verdict), 'pass');
    shop.made.clock += 60_000 - renewMs - 1000;
    assert.equal(told((await browser.ask('/')).verdict), 'pass');
    shop.made.clock += 1000;
    assert.match((await browser.ask('/')).location, /\/auth\?/u);
  });
});
