// How long a login lasts, in a real browser: its tokens end, are refreshed, are taken back.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '#test/given/eventually.ts';
import { givenChromium } from './chromium.ts';
import type { GivenChromium } from './chromium.ts';
import { fetchedBy, givenShop, seenOn, somebodyAt } from './shop.ts';

let chromium: GivenChromium;
before(async () => void (chromium = await givenChromium()));
after(() => chromium[Symbol.asyncDispose]());

describe('a session', { timeout: 120_000, concurrency: true }, () => {
  it('goes on when its access token has ended, however many tabs ask at once', async () => {
    await using shop = await givenShop({ accessTokenSeconds: 2 });
    const [page, person] = await somebodyAt(chromium, shop, '/orders');
    const logins = shop.provider.asked('GET /auth');
    const tabs = [page, await person.newPage(), await person.newPage()];
    const tokens = () => shop.provider.asked('POST /token');
    for (const round of [1, 2]) {
      const before = tokens();
      await eventually(async () => {
        await Promise.all(tabs.map((tab) => tab.goto(`${shop.origin}/orders?round=${round}`)));
        for (const tab of tabs) assert.equal((await seenOn(tab)).headers['x-user'], 'ada');
        assert.ok(tokens() > before, 'it was refreshed');
      }, 15_000);
    }
    assert.equal(shop.provider.asked('GET /auth'), logins, 'nobody was sent to log in again');
  });

  it('goes on while the provider is down until its token ends, and then once the provider is back', async () => {
    await using shop = await givenShop({ accessTokenSeconds: 4 });
    const [page] = await somebodyAt(chromium, shop, '/orders');
    const logins = shop.provider.asked('GET /auth');
    shop.provider.state = 'Down';
    assert.equal(await fetchedBy(page, '/orders'), 200);
    await eventually(async () => assert.equal(await fetchedBy(page, '/orders'), 503), 15_000);
    shop.provider.state = 'Up';
    await eventually(async () => assert.equal(await fetchedBy(page, '/orders'), 200), 15_000);
    assert.equal(shop.provider.asked('GET /auth'), logins);
  });

  it('ends when the provider takes it back', async () => {
    await using shop = await givenShop({ accessTokenSeconds: 2 });
    const [page] = await somebodyAt(chromium, shop, '/orders');
    shop.provider.revokeAll();
    await eventually(async () => assert.equal(await fetchedBy(page, '/orders'), 401), 15_000);
  });

  it('ends when its person logs out at the provider', async () => {
    await using shop = await givenShop({ backChannel: true });
    const [page, person] = await somebodyAt(chromium, shop, '/orders');
    const [other] = await somebodyAt(chromium, shop, '/orders', 'bob');
    const tab = await person.newPage();
    await tab.goto(shop.provider.endSession);
    await tab.click('button');
    await tab.waitForURL(/success/);
    assert.deepEqual(shop.provider.backChannel, [null]);
    assert.equal(await fetchedBy(page, '/orders'), 401);
    assert.equal(await fetchedBy(other, '/orders'), 200, 'others are still logged in');
  });

  it('of somebody with more claims than a cookie holds is kept in several', async () => {
    const groups = Array.from({ length: 100 }, (_, at) => `department-${at}-of-the-company`);
    await using shop = await givenShop({ users: { zoe: { email: 'zoe@example.com', groups } } });
    const [page, person] = await somebodyAt(chromium, shop, '/orders', 'zoe');
    assert.equal((await seenOn(page)).headers['x-user'], 'zoe');
    assert.ok((await person.cookies(shop.origin)).length > 1);
    await page.reload();
    assert.equal((await seenOn(page)).headers['x-user'], 'zoe');
  });
});
