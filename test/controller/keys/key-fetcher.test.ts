import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { createAddressRule } from '#controller/keys/address-rule.ts';
import { KeyFetcher } from '#controller/keys/key-fetcher.ts';
import { readKeys } from '#controller/translate/policies/key-set.ts';
import { ManualClock } from '#test/given/clock.ts';
import { eventually } from '#test/given/eventually.ts';
import type { AddressInfo } from 'node:net';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import type { KeysEvent } from '#controller/keys/key-fetcher.ts';
import type { FetchedKeys } from '#controller/translate/input.ts';
import type { RemoteKeys } from '#controller/translate/translation.ts';

const publicKey = {
  kty: 'OKP',
  crv: 'Ed25519',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  kid: 'one',
};

async function given(t: TestContext, allow: readonly string[] = ['127.0.0.0/8']) {
  let answer = (_request: IncomingMessage, response: ServerResponse): void => {
    response.end(JSON.stringify({ keys: [publicKey] }));
  };
  const seen: { path: string; host: string }[] = [];
  const server = createServer((request, response) => {
    seen.push({ path: request.url ?? '', host: request.headers.host ?? '' });
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const clock = new ManualClock();
  const known = new Map<string, FetchedKeys | null>();
  const events: KeysEvent[] = [];
  const resolved: string[] = [];
  const names = new Map([['keys.example', ['127.0.0.1']]]);
  const endpoints = [{ address: '127.0.0.1', port }];
  const fetcher = new KeyFetcher({
    clock,
    random: () => 0.5,
    rule: createAddressRule(allow),
    resolve(host) {
      resolved.push(host);
      return Promise.resolve(names.get(host) ?? []);
    },
    endpointsOf: () => endpoints,
    readKeys,
    onKeys: (id, keys) => known.set(id, keys),
    report: (event) => events.push(event),
  });
  t.after(() => fetcher.follow());
  const respond = (run: typeof answer) => (answer = run);
  const uri = (host = 'keys.example', scheme = 'http'): RemoteKeys => ({
    id: 'issuer',
    source: { type: 'Uri', uri: `${scheme}://${host}:${port}/jwks` },
  });
  const fetched = async (times: number) => {
    clock.advance(0);
    await eventually(() => assert.equal(events.length, times));
  };
  return { fetcher, clock, known, events, seen, resolved, names, endpoints, respond, uri, fetched, port };
}

const failureOf = (event: KeysEvent | undefined) =>
  event?.kind === 'Failed' ? event.error.failure : event?.kind;

test('keys are fetched by the leader alone, once for all who name the source', async (t) => {
  const { fetcher, clock, known, seen, uri, fetched } = await given(t);
  fetcher.want([uri()]);
  clock.advance(1_000);
  assert.equal(seen.length, 0);
  fetcher.lead();
  fetcher.want([uri()]);
  await fetched(1);
  assert.equal(known.get('issuer')?.keys?.[0]?.kid, 'one');
  assert.equal(seen.length, 1);
  assert.match(seen[0]?.host ?? '', /^keys\.example:/);
});

test('good keys are fetched anew in time, and stay when that fails', async (t) => {
  const { fetcher, clock, known, seen, respond, uri, fetched } = await given(t);
  fetcher.lead();
  fetcher.want([uri()]);
  await fetched(1);
  clock.advance(299_000);
  assert.equal(seen.length, 1);
  respond((_request, response) => response.writeHead(500).end());
  clock.advance(1_000);
  await fetched(2);
  assert.equal(known.get('issuer')?.keys?.length, 1);
  assert.match(known.get('issuer')?.problem ?? '', /500/);
  respond((_request, response) => response.end(JSON.stringify({ keys: [{ ...publicKey, kid: 'two' }] })));
  clock.advance(1_000);
  await fetched(3);
  assert.equal(known.get('issuer')?.keys?.[0]?.kid, 'two');
  assert.equal(known.get('issuer')?.problem, null);
});

test('an unknown key causes one fetch in 30 seconds at most', async (t) => {
  const { fetcher, clock, seen, uri, fetched } = await given(t);
  fetcher.lead();
  fetcher.want([uri()]);
  await fetched(1);
  for (let times = 0; times < 100; times += 1) fetcher.missing('issuer');
  fetcher.missing('unknown');
  clock.advance(29_000);
  assert.equal(seen.length, 1);
  clock.advance(1_000);
  await fetched(2);
  assert.equal(seen.length, 2);
  clock.advance(60_000);
  fetcher.missing('issuer');
  await fetched(3);
});

test('private and symmetric keys in an answer get no further', async (t) => {
  const { fetcher, known, respond, uri, fetched } = await given(t);
  respond((_request, response) =>
    response.end(
      JSON.stringify({
        keys: [{ ...publicKey, d: 'private', kid: 'bad' }, { kty: 'oct', k: 'c2VjcmV0' }, publicKey],
      }),
    ),
  );
  fetcher.lead();
  fetcher.want([uri()]);
  await fetched(1);
  assert.deepEqual(
    known.get('issuer')?.keys?.map(({ kid }) => kid),
    ['one'],
  );
  assert.doesNotMatch(JSON.stringify([...known.values()]), /private|c2VjcmV0/);
});

for (const [what, run, failure] of [
  ['a redirect', (_: unknown, r: ServerResponse) => r.writeHead(302, { location: '/x' }).end(), 'Status'],
  ['too much', (_: unknown, r: ServerResponse) => r.end(Buffer.alloc(300 * 1024, 32)), 'TooLarge'],
  ['no JSON', (_: unknown, r: ServerResponse) => r.end('<html>'), 'Invalid'],
  ['no usable key', (_: unknown, r: ServerResponse) => r.end('{"keys":[]}'), 'Invalid'],
  ['a reset', (_: unknown, r: ServerResponse) => r.socket?.resetAndDestroy(), 'Network'],
] as const) {
  test(`${what} is no set of keys (${failure})`, async (t) => {
    const { fetcher, events, known, seen, respond, uri, fetched } = await given(t);
    respond(run);
    fetcher.lead();
    fetcher.want([uri()]);
    await fetched(1);
    assert.equal(failureOf(events[0]), failure);
    assert.equal(known.get('issuer')?.keys, null);
    assert.equal(seen.length, 1);
  });
}

test('a server that does not answer is given up after five seconds', async (t) => {
  const { fetcher, clock, events, seen, respond, uri } = await given(t);
  respond(() => undefined);
  fetcher.lead();
  fetcher.want([uri()]);
  clock.advance(0);
  await eventually(() => assert.equal(seen.length, 1));
  clock.advance(5_000);
  await eventually(() => assert.equal(failureOf(events[0]), 'Timeout'));
});

test('plain HTTP is for networks that the operator named, and nothing but the web is fetched', async (t) => {
  const { fetcher, events, uri, fetched, seen, names } = await given(t, []);
  names.set('public.example', ['1.1.1.1']);
  fetcher.lead();
  fetcher.want([uri('public.example')]);
  await fetched(1);
  assert.equal(failureOf(events[0]), 'Insecure');
  fetcher.want([{ id: 'file', source: { type: 'Uri', uri: 'file:///etc/passwd' } }]);
  await fetched(2);
  assert.equal(failureOf(events[1]), 'Insecure');
  assert.equal(seen.length, 0);
});

test('a name that leads to an address inside is refused before anything is connected', async (t) => {
  const { fetcher, events, uri, fetched, seen } = await given(t, []);
  fetcher.lead();
  fetcher.want([uri('keys.example', 'https')]);
  await fetched(1);
  assert.equal(failureOf(events[0]), 'RefusedAddress');
  assert.equal(seen.length, 0);
});

test('the name is resolved once for a fetch, and what was checked is connected to', async (t) => {
  const { fetcher, resolved, uri, fetched } = await given(t);
  fetcher.lead();
  fetcher.want([uri()]);
  await fetched(1);
  assert.deepEqual(resolved, ['keys.example']);
});

test('keys of a Service are fetched from its endpoints, under its own name', async (t) => {
  const { fetcher, known, seen, endpoints, fetched, events } = await given(t, []);
  const remote: RemoteKeys = {
    id: 'backend',
    source: { type: 'Backend', namespace: 'shop', service: 'issuer', port: 80, path: '/keys?x=1' },
  };
  fetcher.lead();
  fetcher.want([remote]);
  await fetched(1);
  assert.equal(known.get('backend')?.keys?.length, 1);
  assert.equal(seen[0]?.path, '/keys?x=1');
  assert.match(seen[0].host, /^issuer\.shop\.svc:/);
  endpoints.length = 0;
  fetcher.follow();
  fetcher.lead();
  await fetched(2);
  assert.equal(failureOf(events[1]), 'NoEndpoints');
});

test('a fetch that failed is tried again when the Service has other endpoints', async (t) => {
  const { fetcher, clock, known, endpoints, fetched, port, events } = await given(t, []);
  endpoints.length = 0;
  fetcher.lead();
  fetcher.want([
    { id: 'backend', source: { type: 'Backend', namespace: 'shop', service: 'issuer', port: 80, path: '/' } },
  ]);
  for (let times = 1; times <= 6; times += 1) {
    await fetched(1);
    await clock.pass(30_000, 1_000);
  }
  endpoints.push({ address: '127.0.0.1', port });
  fetcher.endpointsChanged('shop', 'other');
  fetcher.endpointsChanged('shop', 'issuer');
  await clock.pass(2_000);
  await eventually(() => assert.equal(known.get('backend')?.keys?.length, 1));
  assert.equal(events.length, 2, 'the same failure is told once');
});

test('a path cannot lead a fetch away from the Service', async (t) => {
  const { fetcher, seen, fetched, port } = await given(t, []);
  const path = `//127.0.0.1:${port}/elsewhere`;
  fetcher.lead();
  fetcher.want([
    { id: 'backend', source: { type: 'Backend', namespace: 'shop', service: 'issuer', port: 80, path } },
  ]);
  await fetched(1);
  assert.match(seen[0]?.host ?? '', /^issuer\.shop\.svc:/);
});

test("kept keys serve until newer ones are fetched, and a replica that follows takes the leader's", async (t) => {
  const { fetcher, known, uri, fetched } = await given(t);
  const kept = await (async () => {
    fetcher.lead();
    fetcher.want([uri()]);
    await fetched(1);
    return fetcher.good;
  })();
  assert.equal(kept.size, 1);
  const other = await given(t);
  other.fetcher.adopt(kept);
  other.fetcher.want([other.uri()]);
  assert.deepEqual(other.known.get('issuer')?.keys, known.get('issuer')?.keys);
  other.fetcher.adopt(new Map([['issuer', []]]));
  assert.deepEqual(other.known.get('issuer')?.keys, []);
  assert.equal(other.seen.length, 0);
});

test('a source that nobody names any more is forgotten', async (t) => {
  const { fetcher, clock, known, seen, uri, fetched } = await given(t);
  fetcher.lead();
  fetcher.want([uri()]);
  await fetched(1);
  fetcher.want([]);
  assert.equal(known.get('issuer'), null);
  clock.advance(1_000_000);
  assert.equal(seen.length, 1);
});
