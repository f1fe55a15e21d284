// What is told of a journal to others: all of it, also by a receiver that drops what it is told in the midst, and once
// doubles are left out exactly what was used.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFile, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { nobody } from '#dataplane/http/exchange.ts';
import { toFile, toServer } from '#dataplane/metering/event-receivers.ts';
import { textOf } from '#dataplane/metering/journal-line.ts';
import { Keeper, type SendEvents } from '#dataplane/metering/keeper.ts';
import { createMetering, type Metering } from '#dataplane/metering/metering.ts';
import { readUsage } from '#dataplane/metering/read-usage.ts';
import type { UsageEvent } from '#dataplane/metering/usage-events.ts';
import { outsideServer } from '#dataplane/upstream/outside-server.ts';
import { eventually } from '#test/given/eventually.ts';
import { givenFolder } from '#test/given/folder.ts';
import { givenExchange } from '#test/given/request.ts';
import { aBackendAuthority } from '#test/given/tls-backend.ts';

const authority = await aBackendAuthority();
const certificate = await authority.certificate('receiver', [{ type: 'dns', value: 'localhost' }]);
const route = 'HTTPRoute/shop/orders';

/** Those that write to a folder end before it is removed. */
const writers = new Map<string, Metering[]>();

async function aFolder(t: TestContext): Promise<string> {
  const folder = await givenFolder();
  writers.set(folder.path, []);
  t.after(async () => {
    for (const metering of writers.get(folder.path) ?? []) await metering.close();
    await folder[Symbol.asyncDispose]();
  });
  return folder.path;
}

async function aReceiver(t: TestContext, answer: RequestListener): Promise<{ readonly send: SendEvents }> {
  const server = https.createServer({ cert: certificate.chain, key: certificate.key.reveal() }, answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert(address !== null && typeof address === 'object');
  const url = new URL(`https://localhost:${address.port}/usage?tenant=shop`);
  const to = outsideServer(url, { authorities: authority.pem, trusted: ['127.0.0.0/8', '::1/128'] });
  t.after(() => {
    to.close();
    server.closeAllConnections();
    server.close();
  });
  return { send: toServer({ url, call: to.call, readToken: () => Promise.resolve('a-token\n') }) };
}

interface Given {
  readonly metering: Metering;
  readonly changes: string[];
  use(consumer: string, times: number): Promise<void>;
}

/** Rounds follow each other every few milliseconds. */
function given(folder: string, send: SendEvents | null): Given {
  const changes: string[] = [];
  const metering = createMetering({
    gateway: 'infra/edge',
    instance: 'edge-1',
    folder,
    now: Date.now,
    onJournalChange: () => {},
    send,
    onEventsChange: (available, reason) => changes.push(available ? 'back' : reason),
    everyMs: 5,
    deadlineMs: 5_000,
  });
  writers.get(folder)?.push(metering);
  const filter = metering.filterFor(route);
  const use = async (consumer: string, times: number): Promise<void> => {
    for (let at = 0; at < times; at += 1) {
      await filter.apply(Object.assign(givenExchange(), { identity: { ...nobody, consumer, plan: 'gold' } }));
    }
  };
  return { metering, changes, use };
}

/** Units by consumer, of which doubles count once. */
function totals(events: readonly UsageEvent[]): Readonly<Record<string, number>> {
  const once = new Map(events.map((event) => [`${event.source} ${event.id}`, event.data]));
  const sums: Record<string, number> = {};
  for (const { consumer, units } of once.values()) sums[consumer] = (sums[consumer] ?? 0) + units;
  return sums;
}

async function textIn(request: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk.toString();
  return text;
}

describe('events of usage', () => {
  test('come to a server that drops, fails and forgets to answer, and are exact without doubles', async (t) => {
    const got: UsageEvent[] = [];
    let asked = 0;
    const heads = new Set<string>();
    const { send } = await aReceiver(t, (request, answer) => {
      void (async () => {
        asked += 1;
        const { method, url, headers } = request;
        heads.add(`${method} ${url} ${headers['content-type']} ${headers.authorization}`);
        if (asked % 4 === 1) return void request.destroy();
        const events = JSON.parse(await textIn(request)) as UsageEvent[];
        if (asked % 4 === 2) return void answer.writeHead(503).end();
        got.push(...events);
        // It has them, and does not live to say so.
        if (asked % 4 === 3) return void answer.destroy();
        answer.writeHead(204).end();
      })();
    });
    const one = given(await aFolder(t), send);
    for (let round = 1; round <= 4; round += 1) {
      await one.use('shop/acme', 100);
      await one.use('shop/bolt', 1);
      one.metering.turn();
      await eventually(() => assert.deepEqual(totals(got), { 'shop/acme': round * 100, 'shop/bolt': round }));
    }
    assert.ok(got.length > new Set(got.map(({ id }) => id)).size, 'some came twice');
    assert.ok(one.changes.length > 0);
    assert.deepEqual(
      [...heads],
      ['POST /usage?tenant=shop application/cloudevents-batch+json; charset=utf-8 Bearer a-token'],
    );
    const [first] = got;
    const { id, time, data, ...rest } = first ?? assert.fail();
    assert.match(id, /^edge-1\.[0-9a-f]{12}\/\d+$/);
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual(rest, {
      specversion: '1.0',
      source: '/gateways/infra/edge',
      type: 'dev.turnpike.usage.v1',
      subject: data.consumer,
      datacontenttype: 'application/json',
    });
    assert.deepEqual(
      { ...data, from: '', units: 0 },
      { consumer: data.consumer, plan: 'gold', route, units: 0, from: '', counted: 'Used' },
    );
  });

  test('are all there when a data plane ends by itself, in a file', async (t) => {
    const folder = await aFolder(t);
    const file = path.join(folder, 'events.jsonl');
    await writeFile(file, '{"torn');
    const one = given(folder, toFile(file));
    await one.use('shop/acme', 42);
    await one.metering.close();
    const [torn, ...lines] = (await readFile(file, 'utf8')).trim().split('\n');
    assert.equal(torn, '{"torn');
    assert.deepEqual(totals(lines.map((line) => JSON.parse(line) as UsageEvent)), { 'shop/acme': 42 });
  });

  test('of a data plane that was killed are told by the next one at its folder', async (t) => {
    const folder = await aFolder(t);
    const lost = 'edge-9.0123456789ab';
    const lease = { kind: 'lease', consumer: 'shop/acme', plan: 'gold', route } as const;
    const written = [
      textOf({ kind: 'begin', gateway: 'infra/edge', instance: 'edge-9', atMs: 0 }),
      textOf({ ...lease, lease: 1, units: 100, atMs: 1 }),
      textOf({ ...lease, kind: 'used', lease: 1, units: 30, fromMs: 1, atMs: 2 }),
      textOf({ ...lease, lease: 2, units: 50, atMs: 3 }),
      '{"kind":"used","lea',
    ];
    const segment = path.join(folder, `${lost}.000000.jsonl`);
    await writeFile(segment, written.join(''));
    const got: UsageEvent[] = [];
    const one = given(folder, (events) => Promise.resolve(void got.push(...events)));
    await one.use('shop/bolt', 3);
    one.metering.turn();
    await eventually(() => assert.deepEqual(totals(got), { 'shop/bolt': 3 }));
    // Nobody has written to it for long.
    await utimes(segment, Date.now() / 1000 - 600, Date.now() / 1000 - 600);
    await eventually(() => assert.deepEqual(totals(got), { 'shop/bolt': 3, 'shop/acme': 80 }));
    const told = got.filter(({ subject }) => subject === 'shop/acme');
    assert.deepEqual(
      told.map(({ id, data }) => [id, data.units, data.counted]),
      [
        [`${lost}/1`, 30, 'Used'],
        [`${lost}/2`, 50, 'Leased'],
      ],
    );
    // Who comes next takes over what this one had, and tells nothing twice.
    await one.metering.close();
    const before = got.length;
    const two = given(folder, (events) => Promise.resolve(void got.push(...events)));
    await two.use('shop/core', 1);
    two.metering.turn();
    await eventually(() => assert.equal(totals(got)['shop/core'], 1, two.changes.join()));
    assert.equal(got.length, before + 1);
  });
});

describe('segments that are written no more', () => {
  test('are summed up and removed, whoever they were of, and nothing is counted twice or lost', async (t) => {
    const folder = await aFolder(t);
    const hour = 3_600_000;
    let now = Date.now();
    const names = ['edge-1.aaaaaaaaaaaa', 'edge-2.bbbbbbbbbbbb', 'edge-3.cccccccccccc'];
    const keeper = (own: string): Keeper =>
      new Keeper({
        folder,
        own: () => own,
        beat: () => appendFile(path.join(folder, `${own}.000000.jsonl`), '\n'),
        now: () => now,
        send: null,
      });
    const write = (journal: string, segment: number, lines: string): Promise<void> =>
      writeFile(
        path.join(folder, `${journal}.${String(segment).padStart(6, '0')}.jsonl`),
        textOf({ kind: 'begin', gateway: 'infra/edge', instance: journal.slice(0, 6), atMs: now }) + lines,
      );
    const lease = (number: number, units: number): string =>
      textOf({ kind: 'lease', lease: number, consumer: 'shop/acme', plan: '', route, units, atMs: now });
    const used = (number: number, units: number): string =>
      textOf({
        kind: 'used',
        lease: number,
        consumer: 'shop/acme',
        plan: '',
        route,
        units,
        fromMs: now,
        atMs: now,
      });
    const counted = async (): Promise<readonly [number, number]> => {
      const { sums, losses } = await readUsage(folder, 'All', Date.now());
      const sum = (all: readonly { readonly units: number }[]) => all.reduce((a, { units }) => a + units, 0);
      return [sum(sums), sum(losses)];
    };
    const [first = '', second = '', third = ''] = names;
    const keepers = [keeper(first), keeper(second), keeper(third)];
    // a lease that is open when the segment is full is told again in the next
    await write(first, 0, lease(1, 10) + used(1, 7) + lease(2, 20));
    await write(first, 1, lease(2, 20) + used(2, 5) + lease(3, 10));
    assert.deepEqual(await counted(), [22, 0]);
    now += 2 * hour;
    await keepers[0]?.round('Open');
    assert.deepEqual((await readdir(folder)).sort(), [`${first}.000001.jsonl`, `${first}.sums.jsonl`]);
    assert.deepEqual((await counted())[0], 22);
    // the first is killed; the second takes what it left
    await write(second, 0, lease(1, 4));
    const longAgo = Date.now() / 1000 - 600;
    for (const file of [`${first}.000001.jsonl`, `${first}.sums.jsonl`]) {
      await utimes(path.join(folder, file), longAgo, longAgo);
    }
    await keepers[1]?.round('Open');
    assert.deepEqual((await readdir(folder)).sort(), [`${second}.000000.jsonl`, `${second}.sums.jsonl`]);
    assert.deepEqual(await counted(), [26, 10]);
    // two who find the same dead one share it out, and what one was killed over counts once
    await write(third, 0, lease(1, 1));
    const copy = await readFile(path.join(folder, `${second}.000000.jsonl`));
    await writeFile(path.join(folder, `${second}.000000.jsonl`), copy);
    for (const file of (await readdir(folder)).filter((name) => name.startsWith(second))) {
      await utimes(path.join(folder, file), longAgo, longAgo);
    }
    await Promise.all([keepers[2]?.round('Open'), keeper('edge-4.dddddddddddd').round('Open')]);
    assert.equal((await counted())[0], 27);
  });

  test('that nobody takes are given up at last, the oldest first, and are counted all the same', async (t) => {
    const folder = await aFolder(t);
    const own = 'edge-1.aaaaaaaaaaaa';
    const segment = (number: number): string => path.join(folder, `${own}.00000${number}.jsonl`);
    const lines = (units: number): string =>
      textOf({ kind: 'begin', gateway: 'infra/edge', instance: 'edge-1', atMs: 1 }) +
      textOf({
        kind: 'lease',
        lease: units,
        consumer: 'shop/acme',
        plan: '',
        route,
        units,
        atMs: Date.now(),
      }) +
      textOf({
        kind: 'used',
        lease: units,
        consumer: 'shop/acme',
        plan: '',
        route,
        units,
        fromMs: Date.now(),
        atMs: Date.now(),
      });
    for (const number of [1, 2, 3]) await writeFile(segment(number), lines(number));
    const got: UsageEvent[] = [];
    const keeper = new Keeper({
      folder,
      own: () => own,
      beat: () => Promise.resolve(),
      now: Date.now,
      send: (events) => Promise.resolve(void got.push(...events)),
      heldBytesMax: lines(1).length * 1.5,
    });
    await keeper.round('Open');
    assert.deepEqual(keeper.figures, { sent: 1, dropped: 1 });
    assert.deepEqual(totals(got), { 'shop/acme': 2 });
    const { sums } = await readUsage(folder, 'All', Date.now());
    assert.equal(
      sums.reduce((all, { units }) => all + units, 0),
      6,
    );
  });
});
