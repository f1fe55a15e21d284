import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '#test/given/eventually.ts';
import { archiveData, archivedKeys } from '#controller/keys/key-archive.ts';
import { readKeys } from '#controller/translate/policies/key-set.ts';
import { given, usual } from './given-fetcher.ts';

const day = 86_400_000;
const hour = 3_600_000;

test('good keys hold for as long as their source allows while no newer ones can be had, and then no more', async (t) => {
  const { fetcher, clock, known, events, respond, uri, fetched } = await given(t);
  fetcher.lead();
  fetcher.want([uri()]);
  await fetched(1);
  respond((_request, response) => response.writeHead(500).end());
  await clock.pass(day - hour, hour / 4);
  await eventually(() => assert.equal(events.length, 2));
  assert.equal(known.get('issuer')?.keys?.length, 1);
  await clock.pass(hour, hour / 4);
  assert.equal(known.get('issuer')?.keys, null);
  assert.notEqual(known.get('issuer')?.problem, null);
  assert.deepEqual([...fetcher.good], []);
});

test('keys that are fetched anew hold from then on', async (t) => {
  const { fetcher, clock, known, uri, fetched, events } = await given(t);
  fetcher.lead();
  fetcher.want([{ ...uri(), staleMsMax: 900_000 }]);
  await fetched(1);
  for (let times = 2; times < 8; times += 1) {
    clock.advance(300_000);
    await eventually(() => assert.equal(events.length, times));
    assert.equal(known.get('issuer')?.keys?.length, 1);
  }
});

test('a restart of the controller does not make old keys young', async (t) => {
  const first = await given(t);
  first.fetcher.lead();
  first.fetcher.want([first.uri()]);
  await first.fetched(1);
  const archive = archivedKeys(archiveData(first.fetcher.good), readKeys);
  const fetchedMs = archive.get('issuer')?.fetchedMs ?? 0;
  assert.ok(fetchedMs <= first.clock.now() && fetchedMs > first.clock.now() - hour);

  for (const [age, keys] of [
    [day - hour, 1],
    [day, undefined],
  ] as const) {
    const second = await given(t);
    second.respond((_request, response) => response.writeHead(500).end());
    second.clock.advance(age);
    second.fetcher.adopt(archive);
    second.fetcher.lead();
    second.fetcher.want([second.uri()]);
    await second.fetched(1);
    assert.equal(second.known.get('issuer')?.keys?.length, keys);
    second.fetcher.follow();
  }
});

test('who follows lets go of what the leader no longer keeps', async (t) => {
  const { fetcher, clock, known, uri } = await given(t);
  const kept = { keys: [], fetchedMs: clock.now() };
  fetcher.want([{ ...uri(), ...usual }]);
  fetcher.adopt(new Map([['issuer', kept]]));
  assert.deepEqual(known.get('issuer')?.keys, []);
  clock.advance(day - 1);
  fetcher.adopt(new Map());
  assert.deepEqual(known.get('issuer')?.keys, []);
  clock.advance(1);
  fetcher.adopt(new Map());
  assert.equal(known.get('issuer')?.keys, null);
});

test('what is kept changes by the hour and not with every fetch', async (t) => {
  const { fetcher, clock, uri, fetched } = await given(t);
  fetcher.lead();
  fetcher.want([uri()]);
  await fetched(1);
  const before = archiveData(fetcher.good);
  clock.advance(300_000);
  await fetched(2);
  assert.deepEqual(archiveData(fetcher.good), before);
});
