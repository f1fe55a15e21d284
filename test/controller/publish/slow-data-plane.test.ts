import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { eventually } from '#test/given/eventually.ts';
import { certificate, edge, givenPublisher, givenSubscriber, order, rawDataPlane, setOf } from './given.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

function usedBytes(): number {
  collect();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}

const megabyte = 1024 * 1024;

test('a data plane that stops reading delays no other, and one state at most waits for it', async () => {
  await using controller = await givenPublisher();
  const { publisher } = controller;
  publisher.put(edge, setOf(certificate('a', '0')), order(0));
  await using slow = rawDataPlane(controller.address, { hello: { instance: 'slow' } });
  await using fast = givenSubscriber(controller.address);
  await eventually(() => slow.messages().length === 2 && fast.sets.length === 1);
  slow.stream.pause();

  const publish = async (from: number, to: number) => {
    for (let revision = from; revision < to; revision += 1) {
      publisher.put(edge, setOf(certificate('a', `${revision}-`.repeat(megabyte / 2))), order(revision));
      const version = publisher.version(edge) ?? '';
      await eventually(() => fast.subscriber.state().serving?.version === version);
      fast.sets.length = 0;
    }
  };
  await publish(100, 110);
  const before = usedBytes();
  await publish(110, 150);
  // 80 MiB were sent since; what the runtime has not let go of yet, it soon does.
  await eventually(() => usedBytes() - before < 8 * megabyte, 30_000);

  slow.stream.resume();
  await eventually(() => slow.messages().some(({ version }) => version === publisher.version(edge)), 20_000);
  const commits = slow.messages().filter(({ type }) => type === 'commit');
  assert(commits.length <= 4, `${commits.length} commits were sent to one who did not read`);
});

test('a data plane that takes nothing for too long is let go', async () => {
  await using controller = await givenPublisher({ limits: { stalledMs: 50 } });
  await using slow = rawDataPlane(controller.address);
  await eventually(() => slow.status() === 200);
  slow.stream.pause();
  controller.publisher.put(edge, setOf(certificate('a', 'x'.repeat(megabyte))), order(1));
  await eventually(() => controller.events.some(({ kind }) => kind === 'Disconnected'));
  const ended = controller.events.find(({ kind }) => kind === 'Disconnected');
  assert.equal(ended?.kind === 'Disconnected' && ended.reason, 'the peer takes nothing');
  assert.equal(controller.publisher.dataPlanes(edge).connected, 0);
});
