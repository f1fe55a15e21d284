// Logins in a real browser at a real provider, through one Turnpike from a folder.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { givenChromium } from './chromium.ts';
import type { GivenChromium } from './chromium.ts';
import { logInAs } from './provider-page.ts';
import { fetchedBy, givenShop, seenOn, somebodyAt } from './shop.ts';
import type { GivenShop } from './shop.ts';

let chromium: GivenChromium;
before(async () => void (chromium = await givenChromium()));
after(() => chromium[Symbol.asyncDispose]());

describe('a person who logs in', { timeout: 120_000 }, () => {
  let shop: GivenShop;
  before(async () => void (shop = await givenShop()));
  after(() => shop[Symbol.asyncDispose]());

  it('comes back to where they wanted to go, query and all, and the backend is told who it is', async () => {
    const [page] = await somebodyAt(chromium, shop, '/orders?id=7&q=a%20b%26c%3Dd&u=%C3%A4');
    const seen = await seenOn(page);
    assert.equal(seen.path, '/orders?id=7&q=a%20b%26c%3Dd&u=%C3%A4');
    assert.deepEqual([seen.headers['x-user'], seen.headers['x-email']], ['ada', 'ada@example.com']);
    assert.equal(seen.headers['cookie'], undefined, 'no backend gets the cookies of the session');
  });

  it('stays logged in over reloads and in new tabs, without a word with the provider', async () => {
    const [page, person] = await somebodyAt(chromium, shop, '/orders');
    const asked = [shop.provider.asked('GET /auth'), shop.provider.asked('POST /token')];
    await page.reload();
    assert.equal((await seenOn(page)).headers['x-user'], 'ada');
    const tab = await person.newPage();
    await tab.goto(`${shop.origin}/basket`);
    assert.equal((await seenOn(tab)).path, '/basket');
    assert.deepEqual([shop.provider.asked('GET /auth'), shop.provider.asked('POST /token')], asked);
  });

  it('may have several tabs at the login at once, each of which comes back to its own page', async () => {
    const person = await chromium.person();
    const paths = ['/orders?tab=1', '/orders?tab=2', '/orders?tab=3'];
    const tabs = await Promise.all(paths.map(() => person.newPage()));
    // None has the answer before all are sent, as when a browser opens what it had open last time.
    const { promise: allSent, resolve: allAreSent } = Promise.withResolvers<void>();
    let sent = 0;
    await person.route('**/orders?*', async (route) => {
      sent += 1;
      if (sent === tabs.length) allAreSent();
      await allSent;
      await route.continue();
    });
    await Promise.all(tabs.map((tab, at) => tab.goto(`${shop.origin}${paths[at]}`)));
    await person.unrouteAll({ behavior: 'wait' });
    for (const [at, tab] of tabs.entries()) {
      await logInAs(tab, 'ada');
      await tab.waitForURL(`${shop.origin}${paths[at]}`);
      assert.equal((await seenOn(tab)).headers['x-user'], 'ada');
    }
  });

  it('gets 401 for what its scripts ask for, and no redirect, until they are logged in', async () => {
    const person = await chromium.person();
    const page = await person.newPage();
    await page.goto(`${shop.origin}/public`);
    assert.equal(await fetchedBy(page, '/orders'), 401);
    const tab = await person.newPage();
    await tab.goto(`${shop.origin}/orders`);
    await logInAs(tab, 'ada');
    await tab.waitForURL(`${shop.origin}/orders`);
    assert.equal(await fetchedBy(page, '/orders'), 200);
  });

  it('logs out here and at the provider', async () => {
    const [page] = await somebodyAt(chromium, shop, '/orders');
    await page.goto(`${shop.origin}/oauth2/logout`);
    await page.click('button');
    await page.waitForURL(`${shop.origin}/public`);
    assert.equal(await fetchedBy(page, '/orders'), 401);
    await page.goto(`${shop.origin}/orders`);
    await page.waitForSelector('input[name=password]');
  });

  it('is logged out by no other site, nor by a neighbour where nobody clicks', async () => {
    const [page] = await somebodyAt(chromium, shop, '/orders');
    const logout = `${shop.origin}/oauth2/logout`;
    const elsewhere = {
      far: 'https://far.localhost/',
      neighbour: `https://pages.${new URL(shop.origin).hostname}/`,
    };
    for (const address of Object.values(elsewhere)) {
      const script = `<script>onload = () => { location.href = '${logout}'; }</script>`;
      await page.route(address, (route) => route.fulfill({ contentType: 'text/html', body: script }));
      const [answer] = await Promise.all([page.waitForResponse(logout), page.goto(address)]);
      assert.equal(answer.status(), 403, address);
      await page.waitForURL(logout);
      await page.goto(`${shop.origin}/orders`);
      assert.equal((await seenOn(page)).headers['x-user'], 'ada');
    }
    const link = `<a href="${logout}">log out</a>`;
    await page.route(`${elsewhere.neighbour}menu`, (route) =>
      route.fulfill({ contentType: 'text/html', body: link }),
    );
    await page.goto(`${elsewhere.neighbour}menu`);
    await page.click('a');
    await page.waitForURL(`${shop.provider.endSession}**`);
    await page.goto(`${shop.origin}/public`);
    assert.equal(await fetchedBy(page, '/orders'), 401);
  });

  it('is not let in by a cookie that was changed: scripts get 401, pages are logged in anew', async () => {
    const [page, person] = await somebodyAt(chromium, shop, '/orders');
    const cookies = (await person.cookies(shop.origin)).filter(({ name }) => name.includes('login'));
    assert.ok(cookies.length > 0);
    for (const cookie of cookies) {
      const { value } = cookie;
      const at = Math.floor(value.length / 2);
      const other = value[at] === 'A' ? 'B' : 'A';
      await person.addCookies([{ ...cookie, value: value.slice(0, at) + other + value.slice(at + 1) }]);
    }
    assert.equal(await fetchedBy(page, '/orders'), 401);
    const logins = shop.provider.asked('GET /auth');
    await page.goto(`${shop.origin}/orders`);
    assert.equal((await seenOn(page)).headers['x-user'], 'ada', 'the provider still knows them');
    assert.equal(shop.provider.asked('GET /auth'), logins + 1);
  });

  it('cannot be logged in as somebody else by an address that one sends them', async () => {
    const attacker = await (await chromium.person()).newPage();
    await attacker.goto(`${shop.origin}/orders`);
    // What the attacker gets is not used up.
    shop.provider.states.set('POST /token', 'Failing');
    const [failed] = await Promise.all([
      attacker.waitForResponse(`${shop.origin}/oauth2/callback?*`),
      logInAs(attacker, 'bob'),
    ]);
    shop.provider.states.clear();
    const victim = await (await chromium.person()).newPage();
    const answer = await victim.goto(failed.url());
    assert.equal(answer?.status(), 401);
    assert.equal(await fetchedBy(victim, '/orders'), 401);
  });

  it('is kept in cookies that scripts cannot read and other sites do not send', async () => {
    const [page, person] = await somebodyAt(chromium, shop, '/orders');
    assert.equal(await page.evaluate('document.cookie'), '');
    const cookies = await person.cookies(shop.origin);
    assert.ok(cookies.length > 0);
    for (const { name, httpOnly, secure, sameSite } of cookies) {
      assert.match(name, /^__Host-/);
      assert.deepEqual([httpOnly, secure, sameSite], [true, true, 'Lax']);
    }
  });
});

describe('a login', { timeout: 120_000, concurrency: true }, () => {
  it('that the provider fails is told, and works once it is back', async () => {
    await using shop = await givenShop();
    const page = await (await chromium.person()).newPage();
    await page.goto(`${shop.origin}/orders`);
    shop.provider.states.set('POST /token', 'Failing');
    const [answer] = await Promise.all([
      page.waitForResponse(`${shop.origin}/oauth2/callback?*`),
      logInAs(page, 'ada'),
    ]);
    assert.equal(answer.status(), 503);
    await page.waitForURL(`${shop.origin}/oauth2/callback?*`);
    shop.provider.states.clear();
    await page.goto(`${shop.origin}/orders`);
    assert.equal((await seenOn(page)).headers['x-user'], 'ada');
  });

  it('finds the provider by its issuer, over TLS', async () => {
    await using shop = await givenShop({ scheme: 'https' });
    const [page] = await somebodyAt(chromium, shop, '/orders?id=7');
    assert.equal((await seenOn(page)).headers['x-user'], 'ada');
  });

  it('works without TLS, and without a secret of the client', async () => {
    await using shop = await givenShop({ plain: true, public: true });
    const [page] = await somebodyAt(chromium, shop, '/orders?id=7');
    assert.equal((await seenOn(page)).headers['x-user'], 'ada');
  });
});
