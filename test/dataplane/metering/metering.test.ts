// Leases and journals by themselves: what is in the file when a request has passed, and what becomes of it when the
// file cannot be written.
import assert from 'node:assert/strict';
import { open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { nobody, type Exchange, type Verdict } from '#dataplane/http/exchange.ts';
import { Account } from '#dataplane/metering/account.ts';
import { Journal } from '#dataplane/metering/journal.ts';
import { createMetering, type Metering, type MeteringOptions } from '#dataplane/metering/metering.ts';
import { unitsOf, type LeaseRead } from '#dataplane/metering/read-segment.ts';
import { eventually } from '#test/given/eventually.ts';
import { givenFolder } from '#test/given/folder.ts';
import { givenExchange } from '#test/given/request.ts';
import { journalsIn, leasesIn } from '#test/given/usage.ts';

const route = 'HTTPRoute/shop/orders';

interface Given {
  readonly metering: Metering;
  readonly folder: string;
  readonly changes: string[];
  clock: number;
  use(consumer: string, times?: number, plan?: string): Promise<void>;
  leases(): Promise<readonly LeaseRead[]>;
}

async function given(t: TestContext, options: Partial<MeteringOptions> = {}): Promise<Given> {
  const folder = await givenFolder();
  t.after(() => folder[Symbol.asyncDispose]());
  const changes: string[] = [];
  const one = { clock: 1_000_000_000_000 };
  const metering = createMetering({
    gateway: 'infra/edge',
    instance: 'edge-1',
    folder: folder.path,
    now: () => one.clock,
    deadlineMs: 5_000,
    send: null,
    onEventsChange: (available, reason) => changes.push(available ? 'sent' : reason),
    onJournalChange: (available, reason) => changes.push(available ? 'back' : reason),
    ...options,
  });
  t.after(() => metering.close());
  const filter = metering.filterFor(route);
  return Object.assign(one, {
    metering,
    folder: folder.path,
    changes,
    async use(consumer: string, times = 1, plan = '') {
      for (let at = 0; at < times; at += 1) {
        const verdict = await filter.apply(exchangeOf(consumer, plan));
        assert.equal(verdict satisfies Verdict, null);
      }
    },
    leases: () => leasesIn(options.folder ?? folder.path),
  });
}

function exchangeOf(consumer: string, plan = ''): Exchange {
  return Object.assign(givenExchange(), { identity: { ...nobody, consumer, plan } });
}

function sum(leases: readonly LeaseRead[], consumer: string): number {
  return leases
    .filter((lease) => lease.consumer === consumer)
    .reduce((all, lease) => all + unitsOf(lease), 0);
}

/** Units of the consumer in hours that had not ended at `sinceMs`. */
function usedBy({ metering }: Given, wanted: string, sinceMs = 0): number {
  let sum = 0;
  for (const { consumer, hourMs, units } of metering.used()) {
    if (consumer === wanted && hourMs + 3_600_000 > sinceMs) sum += units;
  }
  return sum;
}

describe('a lease', () => {
  test('stands in the journal before any of it is used', async (t) => {
    const one = await given(t);
    for (let used = 1; used <= 100; used += 1) {
      await one.use('shop/acme');
      assert.ok(sum(await one.leases(), 'shop/acme') >= used);
    }
  });

  test('is larger where more is used, and smaller again where less is', async (t) => {
    const one = await given(t);
    const leasedFor = async (): Promise<number> => {
      const lease = (await one.leases()).find(({ used }) => used === null);
      return (lease?.leased ?? 0) - (lease?.used ?? 0);
    };
    await one.use('shop/acme', 3);
    assert.ok((await leasedFor()) <= 25);
    await one.use('shop/acme', 5_000);
    const largest = await leasedFor();
    assert.ok(largest > 5_500, `${largest} after 5,000 in no time`);
    for (let minute = 0; minute < 12; minute += 1) {
      one.clock += 60_000;
      one.metering.turn();
      await one.use('shop/acme', 3);
    }
    await eventually(async () => assert.ok((await leasedFor()) <= 20, String(await leasedFor())));
  });

  test('ends with what was used each minute, and without use no other follows', async (t) => {
    const one = await given(t);
    await one.use('shop/acme', 7);
    one.metering.turn();
    await eventually(async () => assert.equal((await one.leases()).length, 2));
    one.metering.turn();
    await eventually(async () =>
      assert.deepEqual(
        (await one.leases()).map(({ used }) => used),
        [7, 0],
      ),
    );
    one.metering.turn();
    await one.use('shop/acme', 2);
    await one.metering.close();
    assert.deepEqual(
      (await one.leases()).map(({ used }) => used),
      [7, 0, 2],
    );
  });

  test('is of one plan: who gets another has two', async (t) => {
    const one = await given(t);
    await one.use('shop/acme', 2, 'free');
    await one.use('shop/acme', 3, 'gold');
    await one.use('shop/acme', 1, 'free');
    await one.metering.close();
    assert.deepEqual(
      (await one.leases()).map(({ plan, used }) => [plan, used]),
      [
        ['free', 3],
        ['gold', 3],
      ],
    );
  });

  test('is shared by all consumers for whom there is no place, until others come to rest', async (t) => {
    const one = await given(t, { accountsMax: 2 });
    for (const consumer of ['shop/a', 'shop/b', 'shop/c', 'shop/d']) await one.use(consumer);
    assert.deepEqual(
      (await one.leases()).map(({ consumer, route: at }) => [consumer, at]),
      [
        ['shop/a', route],
        ['shop/b', route],
        ['other', ''],
      ],
    );
    for (let minute = 0; minute < 3; minute += 1) {
      one.metering.turn();
      await eventually(async () => {
        const open = (await one.leases()).filter(({ used }) => used === null);
        assert.equal(open.length, minute === 0 ? 3 : 0);
      });
    }
    await one.use('shop/d');
    assert.equal(sum(await one.leases(), 'shop/d') > 0, true);
  });
});

describe('a journal', () => {
  test('is written to once a lease, and not once a request', async () => {
    let writes = 0;
    const journal = new Journal({
      file: {
        append: () => {
          writes += 1;
          return Promise.resolve();
        },
        close: () => Promise.resolve(),
      },
      onChange: () => {},
    });
    const account = new Account(
      { consumer: 'shop/acme', plan: '', route },
      { journal, nextLease: () => 1, now: () => 0, onUsed: () => {} },
    );
    let waited = 0;
    for (let used = 0; used < 100_000; used += 1) {
      const using = account.use(1);
      if (using === null) continue;
      waited += 1;
      await using;
    }
    assert.ok(writes < 40, `${writes} writes for 100,000 requests`);
    assert.ok(waited < 40, `${waited} of 100,000 requests waited`);
    await journal.close();
  });

  test('tells the next process what was used, and what was leased of which nobody knows', async (t) => {
    const folder = await givenFolder();
    t.after(() => folder[Symbol.asyncDispose]());
    const first = await given(t, { folder: folder.path });
    const hour = 3_600_000;
    await first.use('shop/acme', 7);
    first.clock += 2 * hour;
    first.metering.turn();
    await eventually(async () => assert.equal((await first.leases())[0]?.used, 7));
    await first.use('shop/acme', 4);
    await first.metering.close();
    const second = await given(t, { folder: folder.path });
    second.clock = first.clock;
    await second.metering.restored;
    await second.use('shop/acme', 5);
    await second.use('shop/bolt', 1);
    assert.equal(usedBy(second, 'shop/acme'), 16);
    assert.equal(usedBy(second, 'shop/acme', second.clock), 9);
    const third = await given(t, { folder: folder.path });
    await third.metering.restored;
    const [open] = (await journalsIn(folder.path)).flatMap(({ leases }) =>
      leases.filter(({ consumer, used }) => consumer === 'shop/acme' && used === null),
    );
    assert.ok(open !== undefined && open.leased >= 5);
    assert.equal(usedBy(third, 'shop/acme'), 11 + open.leased);
  });

  test('goes on in another segment, each of which tells all leases that are open', async (t) => {
    const one = await given(t, { segmentBytesMax: 2_000 });
    await one.use('shop/rare', 2);
    for (let minute = 0; minute < 20; minute += 1) {
      await one.use('shop/acme', 30);
      one.metering.turn();
      const ended = async () => (await one.leases()).filter(({ used }) => used === 30).length;
      await eventually(async () => assert.equal(await ended(), minute + 1));
    }
    const files = (await readdir(one.folder)).sort();
    assert.ok(files.length > 2, files.join(' '));
    await one.metering.close();
    assert.equal(sum(await one.leases(), 'shop/acme'), 600);
    assert.equal(sum(await one.leases(), 'shop/rare'), 2);
  });

  test('is read up to a line that was torn, whose units nobody had used', async (t) => {
    const one = await given(t);
    await one.use('shop/acme', 3);
    const [before] = await journalsIn(one.folder);
    const [file = ''] = await readdir(one.folder);
    const handle = await open(path.join(one.folder, file), 'a');
    await handle.write('{"kind":"lease","lease":99,"consumer":"shop/a');
    await handle.close();
    const [after] = await journalsIn(one.folder);
    assert.deepEqual(after?.leases, before?.leases);
    assert.equal(after?.unreadable, 1);
  });

  test('that somebody has taken is followed by another one, with leases of its own', async (t) => {
    const one = await given(t);
    await one.use('shop/acme', 3);
    const [file = ''] = await readdir(one.folder);
    await rename(path.join(one.folder, file), path.join(one.folder, 'taken'));
    one.clock += 60_000;
    await one.use('shop/acme', 100);
    await eventually(async () => assert.ok(sum(await one.leases(), 'shop/acme') >= 80));
    assert.deepEqual(one.changes.at(-1), 'back');
    await one.metering.close();
    const [journal] = await journalsIn(one.folder);
    assert.notEqual(journal?.journal, file.split('.000')[0]);
  });

  test('whose folder cannot be had holds nobody up, and has all once it can', async (t) => {
    const folder = await givenFolder({ occupied: 'a file where a folder should be' });
    t.after(() => folder[Symbol.asyncDispose]());
    const at = path.join(folder.path, 'occupied');
    const one = await given(t, { folder: at });
    await one.use('shop/acme', 50);
    assert.match(one.changes.join(), /EEXIST|ENOTDIR/);
    await rm(at);
    await eventually(() => one.changes.at(-1) === 'back');
    await one.metering.close();
    const [journal] = await journalsIn(at);
    assert.equal(sum(journal?.leases ?? [], 'shop/acme'), 50);
  });

  test('is not thought hung when it is we who were busy', async () => {
    const folder = await givenFolder();
    const file = await open(path.join(folder.path, 'journal'), 'a');
    const changes: string[] = [];
    const journal = new Journal({
      file: { append: (text) => file.appendFile(text), close: () => file.close() },
      onChange: (_, reason) => changes.push(reason),
      deadlineMs: 5,
    });
    for (let at = 0; at < 20; at += 1) {
      const written = new Promise<void>((resolve) =>
        journal.add({ text: () => 'a line\n', written: resolve }),
      );
      await new Promise((resolve) => setImmediate(resolve));
      const end = performance.now() + 20;
      while (performance.now() < end);
      await written;
    }
    await journal.close();
    await folder[Symbol.asyncDispose]();
    assert.deepEqual(changes, []);
  });

  test('on a disk that is full has all once there is room', async (t) => {
    const folder = await givenFolder();
    t.after(() => folder[Symbol.asyncDispose]());
    const file = path.join(folder.path, 'edge.0123456789ab.000000.jsonl');
    await writeFile(file, '');
    const full = await open('/dev/full', 'a');
    const room = await open(file, 'a');
    t.after(() => Promise.all([full.close(), room.close()]));
    let disk = full;
    const changes: string[] = [];
    const journal = new Journal({
      file: { append: (text) => disk.appendFile(text), close: () => Promise.resolve() },
      onChange: (available, reason) => changes.push(available ? 'back' : reason),
      retryMs: 5,
    });
    const account = new Account(
      { consumer: 'shop/acme', plan: '', route },
      {
        journal,
        nextLease: () => 1,
        now: Date.now,
        onUsed: () => {},
      },
    );
    for (let used = 0; used < 40; used += 1) await account.use(1);
    assert.match(changes.join(), /ENOSPC/);
    disk = room;
    await eventually(() => journal.isAvailable);
    const [read] = await journalsIn(folder.path);
    assert.ok(sum(read?.leases ?? [], 'shop/acme') >= 40);
    await journal.close();
  });
});
