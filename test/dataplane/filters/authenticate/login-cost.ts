// What sealing and opening a session costs, by node:crypto as it is done and by JWE of jose as it could be:
// `sh cli/runtime.sh test/dataplane/filters/authenticate/login-cost.ts`.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { LoginSecrets } from '#dataplane/filters/authenticate/login/login-seal.ts';
import { LoginCookies } from '#dataplane/filters/authenticate/login/login-cookies.ts';
import type { Session } from '#dataplane/filters/authenticate/login/session.ts';
import { fieldLine } from '#dataplane/http/fields.ts';
import { loginTag } from '#snapshot/open-id-connect.ts';
import { givenLoginSecret, shopHost } from '#test/given/login.ts';
import { givenExchange, givenRequest } from '#test/given/request.ts';
import { givenAuthentication, givenKeySet, issuerKey } from '#test/given/token.ts';
import { shopOf } from './login-gate.ts';

const rounds = 20_000;
const secrets = new LoginSecrets();
secrets.use(givenLoginSecret());
const seal = secrets.sealFor('cost');
const key = randomBytes(32);

async function perRound(work: () => unknown): Promise<string> {
  for (let round = 0; round < rounds / 10; round += 1) await work();
  const before = process.cpuUsage();
  const startedMs = performance.now();
  for (let round = 0; round < rounds; round += 1) await work();
  const { user, system } = process.cpuUsage(before);
  const wall = ((performance.now() - startedMs) * 1000) / rounds;
  return `${wall.toFixed(1)} us, ${((user + system) / rounds).toFixed(1)} us of processors`;
}

for (const characters of [1500, 6000]) {
  const content = randomBytes(characters / 2).toString('hex');
  const text = seal.seal(content, 'shop.example.com') ?? '';
  const made = () =>
    new CompactEncrypt(Buffer.from(content)).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(key);
  const token = await made();
  process.stdout.write(`${characters} characters\n`);
  process.stdout.write(`  seal: ${await perRound(() => seal.seal(content, 'shop.example.com'))}\n`);
  process.stdout.write(`  open: ${await perRound(() => seal.open(text, 'shop.example.com'))}\n`);
  process.stdout.write(`  jose, seal: ${await perRound(made)}\n`);
  process.stdout.write(`  jose, open: ${await perRound(() => compactDecrypt(token, key))}\n`);
}

const key2 = await issuerKey('one');
const provider = {
  issuer: 'https://id.example',
  clientId: 'shop',
  clientSecret: null,
  endSession: '',
  port: 9,
};
const shop = shopOf({ ...provider, [Symbol.asyncDispose]: async () => {} }, givenKeySet('ids', key2), {});
const { policy } = givenAuthentication();
const bySeal = new LoginSecrets();
bySeal.use(shop.secret);
for (const groups of [5, 400]) {
  const nowMs = shop.made.clock;
  const claims = { sub: 'ada', groups: Array.from({ length: groups }, (_, one) => `group-${one}`) };
  const session: Session = {
    id: 'one',
    begunMs: nowMs,
    untilMs: nowMs + 3_600_000,
    renewMs: nowMs + 3_600_000,
    idToken: await key2.sign(claims),
    userinfo: '',
    scopes: ['openid'],
    accessToken: '',
    refreshToken: randomBytes(300).toString('base64url'),
  };
  const text = bySeal.sealFor(`session ${policy} people`).seal(JSON.stringify(session), shopHost) ?? '';
  const lines = new LoginCookies(loginTag(policy, 'people')).sessionLines(true, text) ?? [];
  const octets = Buffer.from(lines.map((line) => line.split(';')[0]).join('; '));
  const request = givenRequest({ host: shopHost, fields: [['cookie', octets.toString()]] });
  const exchange = givenExchange(request, { client: { secure: true } });
  const flat = [...exchange.forwarded.fields.flat];
  let passed = 0;
  const ask = () => {
    // a string as the parser makes it for each request
    request.fields.flat[1] = fieldLine('Cookie', octets.toString('latin1'));
    exchange.forwarded.fields.flat.splice(0, exchange.forwarded.fields.flat.length, ...flat);
    if (shop.filter.apply(exchange) === null) passed += 1;
  };
  const cost = await perRound(ask);
  process.stdout.write(`a warm session of ${octets.length} octets in ${lines.length} cookies: ${cost}\n`);
  assert.equal(passed, rounds * 1.1, 'all passed at once');
}
await shop[Symbol.asyncDispose]();
