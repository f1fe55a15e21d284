import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LeaderAddress, createObservationRelay } from '#controller/publish/relay.ts';
import { eventually } from '#test/given/eventually.ts';
import {
  type GivenPublisher,
  ca,
  edge,
  givenPublisher,
  givenSubscriber,
  order,
  other,
  rawDataPlane,
  route,
  setOf,
} from './given.ts';

interface GivenRelay extends AsyncDisposable {
  leaderIs(leader: LeaderAddress | null): void;
}

function givenRelay(follower: GivenPublisher, first: LeaderAddress | null, token = 'peer'): GivenRelay {
  let leader = first;
  const relay = createObservationRelay({
    publisher: follower.publisher,
    replica: 'controller-1',
    leader: async () => leader,
    readCa: async () => ca,
    readToken: async () => token,
    report: () => {},
    random: Math.random,
    timings: { backOffMinMs: 5, backOffMaxMs: 20, lookEveryMs: 20 },
  });
  relay.start();
  return {
    leaderIs(next) {
      leader = next;
      relay.leaderChanged();
    },
    [Symbol.asyncDispose]: () => relay.stop(),
  };
}

test('the leader hears of the data planes of all replicas, and forgets those of a replica that is gone', async () => {
  await using leader = await givenPublisher();
  await using follower = await givenPublisher();
  for (const { publisher } of [leader, follower]) publisher.put(edge, setOf(route('a')), order(1));
  await using near = givenSubscriber(leader.address, { instance: 'near' });
  await using far = givenSubscriber(follower.address, { instance: 'far' });
  await eventually(() => near.sets.length === 1 && far.sets.length === 1);
  const { publisher } = leader;
  {
    await using _relay = givenRelay(follower, leader.address);
    await eventually(() => publisher.dataPlanes(edge).ready === 2);

    publisher.put(edge, setOf(route('b')), order(2));
    const version = publisher.version(edge) ?? '';
    assert.equal(await publisher.whenAllReadyHave(edge, version, 30), false, 'the far one has not got it');
    const wait = publisher.whenAllReadyHave(edge, version, 5_000);
    follower.publisher.put(edge, setOf(route('b')), order(2));
    assert.equal(await wait, true);

    far.subscriber.missingKey('KeySet/a', 'kid');
    await eventually(() => leader.missingKeys.length === 1);
    await far.subscriber.stop();
    await eventually(() => publisher.dataPlanes(edge).connected === 1);
  }
  await using again = givenSubscriber(follower.address, { instance: 'far' });
  const relay = givenRelay(follower, leader.address);
  await eventually(() => publisher.dataPlanes(edge).connected === 2);
  await relay[Symbol.asyncDispose]();
  await eventually(() => publisher.dataPlanes(edge).connected === 1);
  assert(again.subscriber.state().connected);
});

test('a replica tells the new leader, and tells nobody while it leads itself', async () => {
  await using first = await givenPublisher();
  await using second = await givenPublisher();
  await using follower = await givenPublisher();
  await using dataPlane = rawDataPlane(follower.address, { hello: { version: 'v1', serving: true } });
  await eventually(() => dataPlane.status() === 200);
  await using relay = givenRelay(follower, first.address);
  await eventually(() => first.publisher.dataPlanes(edge).ready === 1);
  relay.leaderIs(second.address);
  await eventually(
    () => first.publisher.dataPlanes(edge).ready === 0 && second.publisher.dataPlanes(edge).ready === 1,
  );
  relay.leaderIs(null);
  await eventually(() => second.publisher.dataPlanes(edge).ready === 0);
});

test('the leader hears which data planes of all replicas cannot open which ports, and of their hostile words nothing', async () => {
  await using leader = await givenPublisher();
  await using follower = await givenPublisher();
  const hello = (instance: string) => ({ hello: { version: 'v1', serving: true, instance } });
  await using near = rawDataPlane(leader.address, hello('b'));
  await using far = rawDataPlane(follower.address, hello('a'));
  await using waiting = rawDataPlane(follower.address, { hello: { instance: 'c' } });
  await using hostile = rawDataPlane(follower.address, hello('d'));
  const all = [near, far, waiting, hostile];
  await eventually(() => all.every((one) => one.status() === 200));
  await using _relay = givenRelay(follower, leader.address);
  const unbound = (code: string) => ({ type: 'ports', unbound: [{ port: 80, code, message: code }] });
  near.say(unbound('EACCES'));
  far.say(unbound('EADDRINUSE'));
  waiting.say(unbound('EACCES'));
  hostile.say({ type: 'ports', unbound: [{ port: 80, code: 'EACCES', message: 'a\u001bb' }] });
  const told = () => [...leader.publisher.dataPlanes(edge).unbound];
  const both = { code: 'EADDRINUSE', message: 'EADDRINUSE', dataPlanes: ['a', 'b'] };
  await eventually(() => assert.deepEqual(told(), [['80/TCP', both]]));
  await eventually(() => hostile.stream.destroyed);
  assert.deepEqual(leader.observed.get(edge)?.unbound.get('80/TCP'), both);

  far.say({ type: 'ports', unbound: [] });
  await eventually(() =>
    assert.deepEqual(told()[0]?.[1], { ...both, code: 'EACCES', message: 'EACCES', dataPlanes: ['b'] }),
  );
  near.stream.close();
  await eventually(() => assert.deepEqual(told(), []));
});

test('a relay outlives a leader that is away', async () => {
  await using follower = await givenPublisher();
  await using dataPlane = rawDataPlane(follower.address, { hello: { version: 'v1', serving: true } });
  await eventually(() => dataPlane.status() === 200);
  const before = await givenPublisher();
  await using _relay = givenRelay(follower, before.address);
  await eventually(() => before.publisher.dataPlanes(edge).ready === 1);
  await before[Symbol.asyncDispose]();
  await using after = await givenPublisher({ port: before.address.port });
  await eventually(() => after.publisher.dataPlanes(edge).ready === 1);
});

test('a data plane cannot tell of others', async () => {
  await using leader = await givenPublisher();
  await using follower = await givenPublisher();
  await using dataPlane = rawDataPlane(follower.address, { hello: { version: 'v1', serving: true } });
  await eventually(() => dataPlane.status() === 200);
  await using _relay = givenRelay(follower, leader.address, 'edge');
  await eventually(
    () => leader.events.filter((event) => event.kind === 'Refused' && event.status === 403).length > 1,
  );
  assert.equal(leader.publisher.dataPlanes(edge).ready, 0);
});

test('a data plane with much to say hides none of another Gateway from the leader', async () => {
  await using leader = await givenPublisher({ limits: { peerLinesPerSecondMax: 200 } });
  await using follower = await givenPublisher({ limits: { linesPerSecondMax: 10_000 } });
  const honest = { token: 'other', hello: { gateway: other, version: 'v1', serving: true } };
  await using _honest = rawDataPlane(follower.address, honest);
  await using hostile = rawDataPlane(follower.address, { hello: { version: 'v1', serving: true } });
  await eventually(() => hostile.status() === 200);
  await using _relay = givenRelay(follower, leader.address);
  await eventually(() => leader.publisher.dataPlanes(other).ready === 1);
  const numbers = (length: number) => Array.from({ length }, (_, index) => index + 1);
  const refused = numbers(210).map((id) => ({ id: String(id).padEnd(1000, '-'), reason: 'no'.repeat(100) }));
  const unbound = numbers(64).map((port) => ({ port, code: 'E', message: 'no'.repeat(128) }));
  hostile.say({ type: 'ack', version: 'v1', refused });
  hostile.say({ type: 'ports', unbound });
  await eventually(() => leader.publisher.dataPlanes(edge).unbound.size === 64);
  assert.ok(leader.publisher.dataPlanes(edge).refused.size > 100);
  for (const port of numbers(900)) {
    hostile.say({ type: 'ports', unbound: [{ port, code: 'E', message: '' }] });
    hostile.say({ type: 'missingKey', keySet: 'KeySet/a', kid: String(port) });
  }
  await eventually(() => leader.publisher.dataPlanes(edge).unbound.has('900/TCP'));
  assert.ok(leader.missingKeys.length < 100, `asked for keys ${leader.missingKeys.length} times`);
  assert.equal(leader.events.filter(({ kind }) => kind === 'Disconnected').length, 0);
  assert.equal(leader.publisher.dataPlanes(other).ready, 1);
});

test('a replica tells the leader of more data planes at once than one of them may say lines in a second', async () => {
  const limits = { linesPerSecondMax: 10 };
  await using leader = await givenPublisher({ limits });
  await using follower = await givenPublisher({ limits });
  const dataPlanes = Array.from({ length: 25 }, (_, index) =>
    rawDataPlane(follower.address, { hello: { version: 'v1', serving: true, instance: `edge-${index}` } }),
  );
  await eventually(() => follower.publisher.dataPlanes(edge).ready === dataPlanes.length);
  await using _relay = givenRelay(follower, leader.address);
  await eventually(() => leader.publisher.dataPlanes(edge).ready === dataPlanes.length);
  for (const dataPlane of dataPlanes) await dataPlane[Symbol.asyncDispose]();
});

test('a data plane that comes and goes in a loop is heard no more often than one that stays', async () => {
  for (const heardEveryMs of [60_000, 20]) {
    await using controller = await givenPublisher({ limits: { heardBurst: 4, heardEveryMs } });
    const { publisher } = controller;
    let told = 0;
    publisher.watchLocal(({ kind }) => (told += kind === 'MissingKey' ? 0 : 1));
    const gone = () => controller.events.filter(({ kind }) => kind === 'Disconnected').length;
    for (let round = 1; round <= 10; round += 1) {
      await using dataPlane = rawDataPlane(controller.address, { hello: { version: 'v1', serving: true } });
      await eventually(() => dataPlane.status() === 200);
      dataPlane.say({ type: 'missingKey', keySet: 'KeySet/a', kid: String(round) });
      dataPlane.stream.end();
      await eventually(() => gone() === round);
    }
    await using _last = rawDataPlane(controller.address, { hello: { version: 'v1', serving: true } });
    if (heardEveryMs === 20) {
      await eventually(() => assert.equal(publisher.dataPlanes(edge).ready, 1));
    } else {
      const honest = { token: 'other', hello: { gateway: other, version: 'v1', serving: true } };
      await using _honest = rawDataPlane(controller.address, honest);
      await eventually(() => publisher.dataPlanes(other).ready === 1);
      assert.equal(told, 5);
      assert.equal(controller.missingKeys.length, 4);
    }
  }
});

test('a Gateway of more data planes than it is heard at once is heard of all of them', async () => {
  await using controller = await givenPublisher({ limits: { heardBurst: 2, heardEveryMs: 50 } });
  const dataPlanes = Array.from({ length: 25 }, (_, index) =>
    rawDataPlane(controller.address, { hello: { version: 'v1', serving: true, instance: `edge-${index}` } }),
  );
  await eventually(() => controller.publisher.dataPlanes(edge).ready === dataPlanes.length);
  for (const dataPlane of dataPlanes) dataPlane.say({ type: 'ack', version: 'v2', refused: [] });
  assert.equal(await controller.publisher.whenAllReadyHave(edge, 'v2', 5_000), true);
  for (const dataPlane of dataPlanes) await dataPlane[Symbol.asyncDispose]();
  await eventually(() => controller.publisher.dataPlanes(edge).connected === 0);
});

test('who stops while the relay reads its token waits for nobody', async () => {
  await using leader = await givenPublisher();
  await using follower = await givenPublisher();
  const reading = Promise.withResolvers<void>();
  const token = Promise.withResolvers<string>();
  const relay = createObservationRelay({
    publisher: follower.publisher,
    replica: 'controller-1',
    leader: async () => leader.address,
    readCa: async () => ca,
    readToken() {
      reading.resolve();
      return token.promise;
    },
    report: () => {},
    random: Math.random,
  });
  relay.start();
  await reading.promise;
  let stopped = false;
  const stop = relay.stop().then(() => {
    stopped = true;
  });
  token.resolve('peer');
  await eventually(() => stopped);
  await stop;
});

test('the leader hears of quotas that are nearly used up from the data planes of all replicas', async () => {
  await using leader = await givenPublisher();
  await using follower = await givenPublisher();
  await using _relay = givenRelay(follower, leader.address);
  await using far = givenSubscriber(follower.address, { instance: 'far' });
  const ada = { consumer: 'shop/ada', plan: 'gold', quota: 'day', used: 80, endsMs: 1_900_000_000_000 };
  far.subscriber.tellQuotas([{ ...ada, consumer: 'no Consumer' }, ada]);
  await eventually(() => assert.deepEqual(leader.observed.get(edge)?.near, [ada]));
  far.subscriber.tellQuotas([]);
  await eventually(() => assert.deepEqual(leader.observed.get(edge)?.near, []));
});
