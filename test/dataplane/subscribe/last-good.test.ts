import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { LastGood, type LastGoodProblem } from '#dataplane/subscribe/last-good.ts';
import { encodeResource } from '#snapshot/encode.ts';
import type { Resource } from '#snapshot/snapshot.ts';
import {
  certificate,
  edge,
  givenPublisher,
  givenSubscriber,
  order,
  other,
  route,
  setOf,
} from '#test/controller/publish/given.ts';
import { eventually } from '#test/given/eventually.ts';

async function givenDir() {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'turnpike-last-good-'));
  return {
    dir,
    files: async () => (await readdir(dir)).sort(),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}

function givenLastGood(dir: string, gateway = edge) {
  const problems: LastGoodProblem[] = [];
  const lastGood = new LastGood({
    dir,
    gateway,
    now: () => 1,
    onProblem: (problem) => problems.push(problem),
  });
  return { lastGood, problems };
}

const texts = (...resources: readonly Resource[]) => resources.map(encodeResource);

/** What a data plane that starts now finds: the revision of route a. */
async function found(dir: string): Promise<{ readonly revision: number | null; readonly problems: number }> {
  const { lastGood, problems } = givenLastGood(dir);
  const saved = await lastGood.load();
  const [first] = saved?.resources ?? [];
  const revision = first?.resource.kind === 'Route' ? first.resource.createdMs : null;
  return { revision, problems: problems.length };
}

describe('the last good snapshot', () => {
  test('comes back as it was written, with its secrets, in a file that nobody else reads', async () => {
    await using given = await givenDir();
    const { lastGood } = givenLastGood(given.dir);
    await lastGood.write(order(7), texts(certificate('a', 's3cret'), route('a')));
    assert.equal((await stat(path.join(given.dir, 'last-good-a'))).mode & 0o777, 0o600);
    const saved = await givenLastGood(given.dir).lastGood.load();
    assert.deepEqual({ ...saved?.order }, order(7));
    assert.deepEqual(
      saved?.resources.map(({ encoded }) => encoded),
      texts(certificate('a', 's3cret'), route('a')),
    );
    const [first] = saved?.resources ?? [];
    assert(first?.resource.kind === 'Certificate');
    assert.equal(first.resource.key.reveal(), 's3cret');
  });

  test('is there in its newest whole generation, wherever the newest file was cut off', async () => {
    await using given = await givenDir();
    const { lastGood } = givenLastGood(given.dir);
    for (const revision of [1, 2, 3]) await lastGood.write(order(revision), texts(route('a', revision)));
    assert.deepEqual(await given.files(), ['last-good-a', 'last-good-b']);
    assert.deepEqual(await found(given.dir), { revision: 3, problems: 0 });
    const newest = path.join(given.dir, 'last-good-a');
    const { size } = await stat(newest);
    for (let length = size - 1; length >= 0; length -= 1) {
      await truncate(newest, length);
      assert.deepEqual(
        await found(given.dir),
        { revision: 2, problems: 1 },
        `cut off at byte ${length} of ${size}`,
      );
    }
  });

  test('is there in the generation before, whichever byte of the newest one is wrong', async () => {
    await using given = await givenDir();
    const { lastGood } = givenLastGood(given.dir);
    for (const revision of [1, 2]) await lastGood.write(order(revision), texts(route('a', revision)));
    const newest = path.join(given.dir, 'last-good-b');
    const good = await readFile(newest);
    for (let at = 0; at < good.length; at += 1) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 1;
      await writeFile(newest, bad);
      assert.deepEqual(await found(given.dir), { revision: 1, problems: 1 }, `byte ${at}`);
    }
  });

  test('is nothing where both generations are broken, and is written anew after that', async () => {
    await using given = await givenDir();
    await writeFile(path.join(given.dir, 'last-good-a'), '');
    await writeFile(path.join(given.dir, 'last-good-b'), 'garbage\n'.repeat(10));
    const { lastGood, problems } = givenLastGood(given.dir);
    assert.equal(await lastGood.load(), null);
    assert.equal(problems.length, 2);
    await lastGood.write(order(5), texts(route('a', 5)));
    assert.equal((await found(given.dir)).revision, 5);
  });

  test('goes on after a start: the older generation is the next to be replaced', async () => {
    await using given = await givenDir();
    for (const revision of [1, 2, 3, 4]) {
      const { lastGood } = givenLastGood(given.dir);
      await lastGood.load();
      await lastGood.write(order(revision), texts(route('a', revision)));
      assert.equal((await found(given.dir)).revision, revision);
    }
    assert.deepEqual(await given.files(), ['last-good-a', 'last-good-b']);
  });

  test('of another Gateway is not taken', async () => {
    await using given = await givenDir();
    await givenLastGood(given.dir, other).lastGood.write(order(1), texts(route('a', 1)));
    const { lastGood, problems } = givenLastGood(given.dir);
    assert.equal(await lastGood.load(), null);
    assert.deepEqual(
      problems.map(({ reason }) => reason),
      ['is of Gateway bank/other'],
    );
  });

  test('of a format from before is passed over in plain words, and gives way to the new one', async () => {
    await using given = await givenDir();
    const before = JSON.stringify({
      format: 'turnpike-last-good',
      formatVersion: 1,
      gateway: edge,
      order: { lineage: 'cluster', mark: '7' },
      savedAtMs: 1,
      sequence: 9,
      count: 1,
    });
    const content = `${before}\n${encodeResource(route('a', 9))}\n`;
    const sha256 = createHash('sha256').update(content).digest('base64url');
    for (const name of ['last-good-a', 'last-good-b']) {
      await writeFile(path.join(given.dir, name), `${content}${JSON.stringify({ sha256 })}\n`);
    }
    const { lastGood, problems } = givenLastGood(given.dir);
    assert.equal(await lastGood.load(), null);
    assert.deepEqual(
      problems.map(({ reason }) => reason),
      Array.from({ length: 2 }, () => 'is of format version 1, not 2'),
    );
    await lastGood.write(order(10), texts(route('a', 10)));
    assert.equal((await found(given.dir)).revision, 10);
  });

  test('lets a half-written file of a killed writer lie no longer than the next write', async () => {
    await using given = await givenDir();
    await writeFile(path.join(given.dir, 'last-good.tmp'), 'half', { mode: 0o644 });
    await givenLastGood(given.dir).lastGood.write(order(1), texts(route('a', 1)));
    assert.deepEqual(await given.files(), ['last-good-a']);
  });

  test('leaves out alone what an older build cannot read', async () => {
    await using given = await givenDir();
    await givenLastGood(given.dir).lastGood.write(order(1), [
      '{"id":"Cache/a","kind":"Cache"}',
      ...texts(route('a')),
    ]);
    const saved = await givenLastGood(given.dir).lastGood.load();
    assert.equal(saved?.resources.length, 1);
    assert.deepEqual(saved.unreadable, ['Cache/a: kind: kind Cache is not known to this build']);
  });
});

test('a snapshot that was saved is there, whenever the one who saves the next is killed', async () => {
  await using given = await givenDir();
  const program = path.join(import.meta.dirname, 'keep-saving.ts');
  let told = 0;
  for (let kill = 0; kill < 8; kill += 1) {
    const child = spawn(process.execPath, [program, given.dir], { stdio: ['ignore', 'pipe', 'inherit'] });
    const enough = told + 3;
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      told = Number(chunk.toString().trim().split('\n').at(-1));
      if (told < enough) continue;
      // Somewhere within the next write: each lasts a few milliseconds.
      await setTimeout(kill);
      child.kill('SIGKILL');
    }
    const { lastGood, problems } = givenLastGood(given.dir);
    const saved = await lastGood.load();
    assert.deepEqual(problems, []);
    const seen = Number(saved?.order.kinds['HTTPRoute']?.seen);
    assert(seen >= told, `${seen} was found after ${told}`);
    const revisions = saved?.resources.map(({ resource }) =>
      resource.kind === 'Route' ? resource.createdMs : 0,
    );
    assert.deepEqual(new Set(revisions), new Set([seen]));
    assert.equal(revisions?.length, 200);
  }
});

describe('a data plane with a directory', () => {
  test('serves its last good snapshot while no controller answers, and goes on when one is back', async () => {
    await using given = await givenDir();
    const first = await givenPublisher();
    first.publisher.put(edge, setOf(route('a'), certificate('a', 's3cret')), order(1));
    const version = first.publisher.version(edge);
    const before = givenSubscriber(first.address, { dir: given.dir });
    await eventually(() => before.events.some(({ kind }) => kind === 'Saved'));
    await first[Symbol.asyncDispose]();
    await eventually(() => before.events.some(({ kind }) => kind === 'Disconnected'));
    assert.equal(before.subscriber.state().serving?.version, version, 'it goes on without a controller');
    await before[Symbol.asyncDispose]();

    await using dataPlane = givenSubscriber(first.address, {
      dir: given.dir,
      timings: { startFromDiskMs: 20 },
    });
    await eventually(() => dataPlane.sets.length === 1);
    const { serving } = dataPlane.subscriber.state();
    assert.deepEqual([serving?.source, serving?.version], ['Disk', version]);
    assert.deepEqual(dataPlane.served(route('a')), route('a'));

    await using second = await givenPublisher({ port: first.address.port });
    second.publisher.put(edge, setOf(route('a'), certificate('a', 's3cret')), order(2));
    await eventually(() => dataPlane.subscriber.state().serving?.source === 'Controller');
    assert.equal(dataPlane.sets.length, 1, 'what is the same is not served anew');
    await eventually(
      () => second.observed.get(edge)?.ready === 1 && second.publisher.allReadyHave(edge, version ?? ''),
    );
    second.publisher.put(edge, setOf(route('a', 1)), order(3));
    await eventually(() => dataPlane.sets.length === 2);
  });

  test('waits a moment for a controller before it serves what may be old', async () => {
    await using given = await givenDir();
    await givenLastGood(given.dir).lastGood.write(order(1), texts(route('a', 1)));
    await using controller = await givenPublisher();
    controller.publisher.put(edge, setOf(route('a', 2)), order(2));
    await using dataPlane = givenSubscriber(controller.address, {
      dir: given.dir,
      timings: { startFromDiskMs: 60_000 },
    });
    await eventually(() => dataPlane.sets.length === 1);
    assert.deepEqual(dataPlane.served(route('a')), route('a', 2));
  });

  test('serves what is on its disk as soon as a controller says that it is the newest', async () => {
    await using given = await givenDir();
    await givenLastGood(given.dir).lastGood.write(order(1), texts(route('a', 1)));
    await using controller = await givenPublisher();
    controller.publisher.put(edge, setOf(route('a', 1)), order(2));
    const timings = { startFromDiskMs: 60_000 };
    await using dataPlane = givenSubscriber(controller.address, { dir: given.dir, timings });
    await eventually(() => controller.observed.get(edge)?.ready === 1);
    assert.deepEqual(dataPlane.served(route('a')), route('a', 1));
    assert.equal(dataPlane.subscriber.state().serving?.source, 'Controller');
  });

  test('does not go back from its disk to an older controller', async () => {
    await using given = await givenDir();
    await givenLastGood(given.dir).lastGood.write(order(20), texts(route('a', 2)));
    await using controller = await givenPublisher();
    controller.publisher.put(edge, setOf(route('a', 1)), order(10));
    await using dataPlane = givenSubscriber(controller.address, {
      dir: given.dir,
      timings: { startFromDiskMs: 20 },
    });
    await eventually(() => dataPlane.sets.length === 1);
    assert.deepEqual(dataPlane.served(route('a')), route('a', 2));
    await eventually(() => controller.observed.get(edge)?.ready === 1);
  });

  test('saves what it serves, not what it was offered', async () => {
    await using given = await givenDir();
    await using controller = await givenPublisher();
    controller.publisher.put(edge, setOf(route('a', 1)), order(1));
    {
      await using dataPlane = givenSubscriber(controller.address, { dir: given.dir });
      await eventually(() => dataPlane.sets.length === 1);
      controller.publisher.put(edge, setOf({ ...route('a'), createdMs: -1 } as Resource), order(2));
      await eventually(() => controller.observed.get(edge)?.refused.size === 1);
    }
    assert.deepEqual(await found(given.dir), { revision: 1, problems: 0 });
  });

  test('tells once that it cannot save, goes on, and saves when it can again', async () => {
    await using given = await givenDir();
    await using controller = await givenPublisher();
    // A directory in the place of the temporary file: what even root cannot write to.
    await mkdir(path.join(given.dir, 'last-good.tmp', 'full'), { recursive: true });
    controller.publisher.put(edge, setOf(route('a', 1)), order(1));
    await using dataPlane = givenSubscriber(controller.address, { dir: given.dir });
    await eventually(() => dataPlane.events.some(({ kind }) => kind === 'SaveFailed'));
    controller.publisher.put(edge, setOf(route('a', 2)), order(2));
    await eventually(() => dataPlane.sets.length === 2);
    await rm(path.join(given.dir, 'last-good.tmp'), { recursive: true });
    await eventually(() => dataPlane.events.some(({ kind }) => kind === 'Saved'));
    assert.equal(dataPlane.events.filter(({ kind }) => kind === 'SaveFailed').length, 1);
    assert.deepEqual(await found(given.dir), { revision: 2, problems: 0 });
  });

  test('saves the newest of many, not each', async () => {
    await using given = await givenDir();
    await using controller = await givenPublisher();
    controller.publisher.put(edge, setOf(route('a')), order(0));
    {
      await using dataPlane = givenSubscriber(controller.address, {
        dir: given.dir,
        timings: { saveEveryMs: 60_000 },
      });
      await eventually(() => dataPlane.events.some(({ kind }) => kind === 'Saved'));
      for (let revision = 1; revision <= 30; revision += 1) {
        controller.publisher.put(edge, setOf(route('a', revision)), order(revision));
        await eventually(() => dataPlane.sets.length === revision + 1);
      }
      assert.equal(dataPlane.events.filter(({ kind }) => kind === 'Saved').length, 1);
    }
    assert.deepEqual(
      await found(given.dir),
      { revision: 30, problems: 0 },
      'the last one is saved at the end',
    );
  });
});
