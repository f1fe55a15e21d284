// What the browser tests stand on: a real provider and a real browser, without any gateway between them.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import { givenBackend } from '#test/given/backend.ts';
import { givenOpenidProvider } from '#test/given/openid-provider.ts';
import type { GivenOpenidProvider } from '#test/given/openid-provider.ts';
import { givenChromium } from './chromium.ts';
import { logInAs } from './provider-page.ts';

const verifier = 'a-verifier-that-has-at-least-forty-three-characters';

function authorizeUrl({ issuer, clientId }: GivenOpenidProvider, redirectUri: string): string {
  const query = new URLSearchParams({
    client_id: clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid email groups',
    state: 'told back',
    nonce: 'in the token',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  return `${issuer}/auth?${query.toString()}`;
}

async function tokensFor(
  { issuer, clientId, clientSecret }: GivenOpenidProvider,
  form: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly body: Readonly<Record<string, string>> }> {
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams(form),
  });
  return { status: answer.status, body: (await answer.json()) as Readonly<Record<string, string>> };
}

test('a browser logs in at the provider and brings a code back', { timeout: 60_000 }, async () => {
  await using chromium = await givenChromium();
  await using backChannel = await givenBackend('back-channel');
  await using client = await givenBackend('client');
  const redirectUri = `http://shop.localhost:${client.port}/callback`;
  await using provider = await givenOpenidProvider({
    redirectUris: [redirectUri],
    backChannelLogoutUri: `http://127.0.0.1:${backChannel.port}/`,
  });
  const person = await chromium.person();
  const page = await person.newPage();

  await page.goto(authorizeUrl(provider, redirectUri));
  await logInAs(page, 'ada', 'a guess');
  await page.waitForSelector('#refused');
  await logInAs(page, 'ada');
  await page.waitForURL(`${redirectUri}?*`);

  const brought = new URL(page.url()).searchParams;
  assert.equal(brought.get('state'), 'told back');
  const exchange = {
    grant_type: 'authorization_code',
    code: brought.get('code') ?? '',
    redirect_uri: redirectUri,
  };
  assert.equal((await tokensFor(provider, { ...exchange, code_verifier: `${verifier}.` })).status, 400);
  await page.goto(authorizeUrl(provider, redirectUri));
  const code = new URL(page.url()).searchParams.get('code') ?? '';
  const { status, body } = await tokensFor(provider, { ...exchange, code, code_verifier: verifier });
  assert.equal(status, 200, JSON.stringify(body));
  const claims = decodeJwt(body['id_token'] ?? '');
  assert.deepEqual(
    [claims.sub, claims['nonce'], claims['email'], claims['groups']],
    ['ada', 'in the token', 'ada@example.com', ['staff', 'admins']],
  );

  const again = { grant_type: 'refresh_token', refresh_token: body['refresh_token'] ?? '' };
  assert.equal((await tokensFor(provider, again)).status, 200);
  assert.equal((await tokensFor(provider, again)).status, 400, 'a refresh token is good once');

  await page.goto(provider.endSession);
  await page.click('button');
  await page.waitForURL(/success/);
  assert.deepEqual(provider.backChannel, [null]);
  assert.equal(backChannel.requests(), 1);
});
