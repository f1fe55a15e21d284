import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '#test/given/eventually.ts';
import type { ServerResponse } from 'node:http';
import type { RemoteKeys } from '#controller/translate/translation.ts';
import { failureOf, given, publicKey, usual } from './given-fetcher.ts';

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
  fetcher.want([{ id: 'file', ...usual, source: { type: 'Uri', uri: 'file:///etc/passwd' } }]);
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

function issuerService(path: string): RemoteKeys['source'] {
  return { type: 'Backend', namespace: 'shop', service: 'issuer', port: 80, path, serverName: null };
}

test('keys of a Service are fetched from its endpoints, under its own name', async (t) => {
  const { fetcher, known, seen, endpoints, fetched, events } = await given(t, []);
  const remote: RemoteKeys = {
    id: 'backend',
    ...usual,
    source: issuerService('/keys?x=1'),
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
  fetcher.want([{ id: 'backend', ...usual, source: issuerService('/') }]);
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
  fetcher.want([{ id: 'backend', ...usual, source: issuerService(path) }]);
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
  other.fetcher.adopt(new Map([['issuer', { keys: [], fetchedMs: other.clock.now() }]]));
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
