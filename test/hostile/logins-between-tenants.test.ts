// What a tenant who has only his own namespace tries on the logins of others, and what becomes of logins whose policy
// changes under them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noSharedMemory } from '#dataplane/filters/shared-memory.ts';
import { LoginSecrets } from '#dataplane/filters/authenticate/login/login-seal.ts';
import { EndedByNamespace } from '#dataplane/filters/authenticate/login/shared-ends.ts';
import { givenForgedProvider } from '#test/given/forged-provider.ts';
import { givenLogin, LoginBrowser, sealed, shopHost } from '#test/given/login.ts';
import { givenExchange, givenRequest } from '#test/given/request.ts';
import { givenAuthentication, givenKeySet, issuerKey } from '#test/given/token.ts';
import { shopOf } from '#test/dataplane/filters/authenticate/login-gate.ts';
import { gate, told } from '#test/dataplane/filters/authenticate/gate.ts';

const logout = { 'http://schemas.openid.net/event/backchannel-logout': {} };

async function givenForged(rule: Parameters<typeof shopOf>[2] = {}) {
  const key = await issuerKey('first');
  return shopOf(await givenForgedProvider(key), givenKeySet('ids', key), rule);
}

describe('a tenant', () => {
  it('ends no sessions of others by keys of his own for their provider', async () => {
    await using shop = await givenForged();
    const ada = shop.browser();
    await ada.logInForged(shop.provider);
    const own = await issuerKey('own');
    const login = givenLogin(shop.provider, { backChannelPath: '/oauth2/told' });
    const policy = { ...givenAuthentication(login), policy: 'tenant/auth' };
    const filter = shop.made.filter(policy, givenKeySet('ids', own));
    const iat = Math.floor(shop.made.clock / 1000);
    const claims = { iss: shop.provider.issuer, aud: 'shop', iat, exp: iat + 60, events: logout };
    const token = await own.sign({ ...claims, sub: 'ada' });
    const request = givenRequest({ method: 'POST', host: shopHost, target: '/oauth2/told' });
    const content = Buffer.from(`logout_token=${token}`);
    assert.equal((await filter.apply(givenExchange(request, { content })))?.kind, 'Answered');
    assert.equal(told((await ada.ask('/')).verdict), 'pass');
  });

  it('has no end of a session of others forgotten', () => {
    const all = new EndedByNamespace(noSharedMemory, new LoginSecrets());
    const at = { issuer: 'https://id.example', client: 'shop' };
    const session = 'one';
    all.of('shop').end(session);
    for (let one = 0; one < 60_000; one += 1) {
      all.of('tenant').endAtProvider({ ...at, subject: `${one}`, sessionId: '' }, 1);
    }
    assert.equal(all.of('shop').has([session], 0), true);
  });
});

describe('a policy that names another provider, or another client', () => {
  for (const [what, change] of [
    ['provider', (issuer: string) => ({ issuer: `${issuer}/other` })],
    [
      'client',
      (issuer: string) => ({ issuer, client: { id: 'other', secret: null, method: 'Basic' as const } }),
    ],
  ] as const) {
    it(`lets in no session of before, and takes no code of before: ${what}`, async () => {
      await using shop = await givenForged();
      const ada = shop.browser();
      await ada.logInForged(shop.provider);
      assert.equal(told((await ada.ask('/')).verdict), 'pass');
      const late = shop.browser();
      const sent = new URL((await late.ask('/')).location);
      const changed = givenLogin(shop.provider, change(shop.provider.issuer));
      const filter = shop.made.filter(givenAuthentication(changed), shop.keys);
      const again = new LoginBrowser(filter);
      for (const [name, value] of ada.cookies) again.cookies.set(name, value);
      assert.notEqual(told((await again.ask('/')).verdict), 'pass');
      const back = new LoginBrowser(filter);
      for (const [name, value] of late.cookies) back.cookies.set(name, value);
      const forms = shop.provider.forms.length;
      const query = new URLSearchParams({
        code: 'one',
        state: sent.searchParams.get('state') ?? '',
        iss: changed.issuer,
      });
      assert.equal(told((await back.ask(`/oauth2/callback?${query.toString()}`)).verdict), 'invalid');
      assert.equal(shop.provider.forms.length, forms, 'the code was not told');
    });
  }
});

it('codes that are made up have the provider asked no more often at a time than other questions', async () => {
  await using provider = await givenForgedProvider(await issuerKey('first'));
  const asked: (() => void)[] = [];
  const made = gate(
    { callsMax: 2 },
    () => new Promise((tell) => asked.push(() => tell({ kind: 'Failed', detail: 'late' }))),
  );
  made.clock = Date.now();
  sealed(made.authenticating);
  const filter = made.filter(givenAuthentication(givenLogin(provider)));
  const answers: Promise<unknown>[] = [];
  for (let one = 0; one < 5; one += 1) {
    const browser = new LoginBrowser(filter);
    const state = new URL((await browser.ask('/')).location).searchParams.get('state') ?? '';
    const query = new URLSearchParams({ code: 'made up', state, iss: provider.issuer });
    answers.push(browser.ask(`/oauth2/callback?${query.toString()}`));
  }
  await Promise.all(answers.slice(2));
  assert.equal(asked.length, 2);
  for (const tell of asked) tell();
  await Promise.all(answers);
});
