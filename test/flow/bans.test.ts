// Addresses that an operator bans: from the manifest to the connection that is not taken.
import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { eventually } from '#test/given/eventually.ts';
import type { Wanted } from '#test/given/http-client.ts';
import { pathRouteManifest, protectionPolicyManifest, serviceManifest } from '#test/given/manifests.ts';
import { givenStandalone, type GivenStandalone } from '#test/given/standalone.ts';

function ban(name: string, spec: string, namespace = 'default'): string {
  return `
apiVersion: turnpike.dev/v1alpha1
kind: Ban
metadata: { name: ${name}, namespace: ${namespace} }
spec: ${spec}
`;
}

const hops = `
apiVersion: turnpike.dev/v1alpha1
kind: ClientPolicy
metadata: { name: behind }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: edge }]
  clientAddress: { type: XForwardedFor, xForwardedFor: { type: Hops, hops: 1 } }
`;

const [mallory, ada] = ['127.0.0.66', '127.0.0.1'];

async function givenShop(files: Readonly<Record<string, string>> = {}) {
  const shop = await givenBackend('shop');
  const turnpike = await givenStandalone({
    'shop.yaml': `${serviceManifest('shop', shop.port)}---${pathRouteManifest('shop', '/', 'shop')}`,
    ...files,
  });
  await turnpike.until('/', 200);
  return Object.assign(turnpike, { shop });
}

/** Settles when no connection from the address is taken. */
async function untilNoConnection(turnpike: GivenStandalone, from: string): Promise<void> {
  await eventually(() => assert.rejects(turnpike.get('/', { from }), { code: 'ECONNRESET' }));
}

test('a banned address gets no connection, and 403 on those it has; everybody else goes on', async () => {
  await using turnpike = await givenShop();
  using agent = closing(new http.Agent({ keepAlive: true, maxSockets: 1 }));
  const kept = { agent, from: mallory } as Partial<Wanted>;
  assert.equal((await turnpike.get('/', kept)).status, 200);

  await turnpike.save({ 'ban.yaml': ban('mallory', `{ addresses: [${mallory}/32], reason: probing }`) });
  await untilNoConnection(turnpike, mallory);
  const { status, headers, body } = await turnpike.get('/', kept);
  assert.deepEqual(
    { status, type: headers['content-type'], body },
    {
      status: 403,
      type: 'application/problem+json',
      body: '{"status":403,"title":"The address is banned."}\n',
    },
  );
  assert.equal((await turnpike.get('/', { from: ada })).status, 200);

  await turnpike.remove('ban.yaml');
  await turnpike.until('/', 200, { from: mallory });
  await turnpike.shop[Symbol.asyncDispose]();
});

test('a ban is over at its time, and holds at no Gateway of another namespace', async () => {
  await using turnpike = await givenShop({
    'bans.yaml': [
      ban('over', `{ addresses: [${ada}/32], expires: "2026-01-01T00:00:00Z" }`),
      ban('elsewhere', '{ addresses: [0.0.0.0/0] }', 'tenant'),
    ].join('---'),
  });
  assert.equal((await turnpike.get('/', { from: ada })).status, 200);
  await turnpike.save({ 'here.yaml': ban('here', '{ addresses: [127.0.0.64/26] }') });
  await untilNoConnection(turnpike, mallory);
  assert.equal((await turnpike.get('/', { from: ada })).status, 200);
  await turnpike.shop[Symbol.asyncDispose]();
});

test('behind a load balancer clients are banned, by what it says of them, and never itself', async () => {
  await using turnpike = await givenShop({
    'client.yaml': hops,
    'bans.yaml': ban('both', `{ addresses: [192.0.2.7/32, ${ada}/32] }`),
  });
  const as = (client: string) => turnpike.get('/', { from: ada, headers: { 'x-forwarded-for': client } });
  await turnpike.until('/', 403, { headers: { 'x-forwarded-for': '192.0.2.7' } });
  assert.equal((await as('192.0.2.8')).status, 200);
  assert.equal(
    (await as('192.0.2.7, 192.0.2.8')).status,
    200,
    'what the client has written counts for nothing',
  );
  assert.equal((await turnpike.get('/', { from: ada })).status, 200, 'of its own, such as a health check');
  await turnpike.shop[Symbol.asyncDispose]();
});

function protecting(bans: string, more = ''): string {
  return protectionPolicyManifest(`bans: [${bans}]\n  ${more}`);
}

const probes = '{ name: probes, statuses: [404, 405], answers: 3, window: 1m, duration: 10m }';

/** Of the shop only `/shop` is there. */
async function givenGuarded(policy: string, more: Readonly<Record<string, string>> = {}) {
  const shop = await givenBackend('shop');
  const turnpike = await givenStandalone({
    'shop.yaml': `${serviceManifest('shop', shop.port)}---${pathRouteManifest('shop', '/shop', 'shop')}`,
    'policy.yaml': policy,
    ...more,
  });
  await turnpike.until('/shop', 200);
  return Object.assign(turnpike, { shop });
}

async function probe(turnpike: GivenStandalone, count: number, wanted: Partial<Wanted>): Promise<void> {
  for (let at = 0; at < count; at += 1) assert.equal((await turnpike.get('/none', wanted)).status, 404);
}

test('who gets three times 404 is banned, told of in log and metrics, and lifted by an operator', async () => {
  await using turnpike = await givenGuarded(protecting(probes));
  using agent = closing(new http.Agent({ keepAlive: true, maxSockets: 1 }));
  const kept = { agent, from: mallory } as Partial<Wanted>;
  await probe(turnpike, 2, kept);
  assert.equal((await turnpike.get('/shop', kept)).status, 200, 'two are not three');
  await probe(turnpike, 1, kept);
  assert.equal((await turnpike.get('/shop', kept)).status, 403);
  await assert.rejects(turnpike.get('/shop', { from: mallory }), { code: 'ECONNRESET' });
  assert.equal((await turnpike.get('/shop', { from: ada })).status, 200);

  assert.deepEqual(
    turnpike.events.filter(({ kind }) => kind === 'AddressBanned'),
    [
      {
        kind: 'AddressBanned',
        policy: 'default/edge',
        rule: 'probes',
        mode: 'Enforce',
        client: mallory,
        durationMs: 600_000,
      },
    ],
  );
  const [told] = turnpike.dataPlanes()[0]?.bans() ?? [];
  assert.deepEqual(
    { ...told, untilMs: Math.round(((told?.untilMs ?? 0) - Date.now()) / 60_000) },
    { address: mallory, policy: 'default/edge', rule: 'probes', mode: 'Enforce', untilMs: 10 },
  );
  const metrics = await turnpike.dataPlanes()[0]?.metrics.text();
  assert.match(metrics ?? '', /^turnpike_bans\{cause="default\/edge\/probes",mode="Enforce"\} 1$/mu);
  assert.match(
    metrics ?? '',
    /^turnpike_bans_made_total\{cause="default\/edge\/probes",mode="Enforce"\} 1$/mu,
  );

  await turnpike.save({ 'lift.yaml': ban('lift', `{ addresses: [${mallory}/32], action: Lift }`) });
  await turnpike.until('/shop', 200, { from: mallory });
  await probe(turnpike, 5, { from: mallory });
  assert.equal((await turnpike.get('/shop', { from: mallory })).status, 200, 'rules make no other');
  await turnpike.remove('lift.yaml');
  await eventually(async () => {
    await turnpike.get('/none', kept);
    assert.equal((await turnpike.get('/shop', kept)).status, 403, 'then they do again');
  });
  await turnpike.shop[Symbol.asyncDispose]();
});

test('in Shadow everybody comes, and the log says who would not', async () => {
  await using turnpike = await givenGuarded(protecting(probes.replace('}', ', mode: Shadow }')));
  await probe(turnpike, 5, { from: mallory });
  assert.equal((await turnpike.get('/shop', { from: mallory })).status, 200);
  const made = turnpike.events.filter(({ kind }) => kind === 'AddressBanned');
  assert.equal(made.length, 1);
  const metrics = await turnpike.dataPlanes()[0]?.metrics.text();
  assert.match(metrics ?? '', /^turnpike_bans\{cause="default\/edge\/probes",mode="Shadow"\} 1$/mu);
  await turnpike.shop[Symbol.asyncDispose]();
});

test('whom the policy exempts is never banned', async () => {
  await using turnpike = await givenGuarded(protecting(probes, `exempt: { addresses: [${mallory}/32] }`));
  await probe(turnpike, 5, { from: mallory });
  assert.equal((await turnpike.get('/shop', { from: mallory })).status, 200);
  await turnpike.shop[Symbol.asyncDispose]();
});

test('nothing that a client writes has a load balancer banned, nor anybody for whom it does not speak', async () => {
  const [balancer, other] = ['127.0.0.11', '127.0.0.12'];
  await using turnpike = await givenGuarded(protecting(probes), { 'client.yaml': hops });
  const as = (told: string, from = balancer) => ({ from, headers: { 'x-forwarded-for': told } });
  // Who is asked for by the balancer itself, without a header, or with one that cannot be read.
  await probe(turnpike, 5, { from: balancer });
  await probe(turnpike, 5, as('nobody'));
  await probe(turnpike, 5, as(`192.0.2.1, ${balancer}`));
  // A client that reaches the data plane itself, and says it was the other balancer's address.
  await probe(turnpike, 5, as(other, ada)).catch(() => undefined);
  for (const from of [balancer, other]) {
    assert.equal((await turnpike.get('/shop', { from })).status, 200);
    assert.equal((await turnpike.get('/shop', as('192.0.2.9', from))).status, 200);
  }
  await probe(turnpike, 3, as('192.0.2.8, 192.0.2.7'));
  assert.equal((await turnpike.get('/shop', as('192.0.2.7'))).status, 403);
  assert.equal((await turnpike.get('/shop', as('192.0.2.8'))).status, 200, 'it was named by the client');
  await turnpike.shop[Symbol.asyncDispose]();
});

test('an IPv6 client is banned with its /64, and its neighbours are not', async () => {
  await using turnpike = await givenGuarded(protecting(probes), { 'client.yaml': hops });
  const as = (told: string) => ({ from: ada, headers: { 'x-forwarded-for': told } });
  for (const host of ['1', '2', '3']) await probe(turnpike, 1, as(`2001:db8:0:7::${host}`));
  assert.equal((await turnpike.get('/shop', as('2001:db8:0:7:8000::9'))).status, 403);
  assert.equal((await turnpike.get('/shop', as('2001:db8:0:8::1'))).status, 200);
  await turnpike.shop[Symbol.asyncDispose]();
});

const bots = `
  - { name: monitor, header: User-Agent, type: Values, values: [nikto of ours], action: Allow }
  - { name: scanners, header: user-agent, type: Regex, regex: "(?i)nikto|sqlmap" }
  - { name: nameless, header: user-agent, type: Missing }
  - { name: plain, header: accept, type: Missing, mode: Shadow }`;

test('programs are refused by what they say they are, before a route is looked for', async () => {
  const policy = (rules: string): string =>
    protecting('', `bots: ${rules}`).replace('bans: []', '').replace('name: edge }', 'name: bots }');
  await using turnpike = await givenGuarded(protecting(probes));
  await turnpike.save({ 'policy.yaml': policy(bots) });
  const as = (agent: string, path = '/shop') =>
    turnpike.get(path, agent === '' ? {} : { headers: { 'user-agent': agent } });
  await turnpike.until('/shop', 403, { headers: { 'user-agent': 'Nikto' } });
  for (const agent of ['Nikto/2.5', 'a SQLMAP b', '', `curl ${'x'.repeat(600)}`]) {
    const { status, body } = await as(agent);
    assert.equal(status, 403, agent);
    assert.equal(body, '{"status":403,"title":"This client is refused."}\n');
    assert.equal((await as(agent, '/none')).status, 403, 'whatever it asks for');
  }
  for (const agent of ['nikto of ours', 'curl/8.0', 'Mozilla/5.0']) {
    assert.equal((await as(agent)).status, 200, agent);
  }
  await turnpike.save({
    'policy.yaml': policy(
      `[{ name: bad, header: user-agent, type: Regex, regex: "(" }, { name: none, header: user-agent, type: Missing }]`,
    ),
  });
  await eventually(() => {
    const conditions = turnpike.conditions('ProtectionPolicy', 'bots');
    assert.equal(conditions.find(({ type }) => type === 'Accepted')?.status, 'True');
    const dropped = conditions.find(({ type }) => type === 'PartiallyInvalid');
    assert.match(dropped?.message ?? '', /Dropped Rule bad: .*spec\.bots\[0\]\.regex/u);
  });
  await turnpike.until('/shop', 200, { headers: { 'user-agent': 'Nikto' } });
  assert.equal((await as('')).status, 403, 'the other rule holds');
  await turnpike.shop[Symbol.asyncDispose]();
});

function closing(agent: http.Agent): http.Agent & Disposable {
  return Object.assign(agent, { [Symbol.dispose]: () => agent.destroy() });
}
