import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';
import { StatusWriter } from '#controller/status/status-writer.ts';
import { gatewayKey } from '#snapshot/ids.ts';
import { ManualClock } from '#test/given/clock.ts';
import { eventually } from '#test/given/eventually.ts';
import type { LiveStatus } from '#controller/source.ts';
import type { StatusClient } from '#controller/status/status-client.ts';
import type { StatusEvent } from '#controller/status/status-writer.ts';
import type { DesiredStatus, ObjectRef } from '#controller/translate/translation.ts';

const ours = 'turnpike.dev/gateway-controller';
const edge = gatewayKey('shop', 'edge');

/** Objects as an API server keeps them, and (later) as a watch has shown them. */
class Cluster implements StatusClient {
  readonly kept = new Map<string, LiveStatus>();
  readonly seen = new Map<string, LiveStatus>();
  writes = 0;
  reads = 0;
  failure: Error | null = null;
  /** Writes take as long as this. */
  gate: Promise<unknown> = Promise.resolve();
  running = 0;
  runningMax = 0;

  put(name: string, live: Partial<LiveStatus> = {}): void {
    const version = Number(this.kept.get(name)?.resourceVersion ?? '10') + 1;
    const status = { uid: name, resourceVersion: String(version), generation: 1, status: undefined, ...live };
    this.kept.set(name, status);
  }

  show(): void {
    this.seen.clear();
    for (const [name, live] of this.kept) this.seen.set(name, live);
  }

  async read({ name }: ObjectRef): Promise<LiveStatus | null> {
    this.reads += 1;
    await setImmediate();
    return this.kept.get(name) ?? null;
  }

  async write({ name }: ObjectRef, resourceVersion: string, fields: Readonly<Record<string, unknown>>) {
    this.running += 1;
    this.runningMax = Math.max(this.runningMax, this.running);
    await this.gate;
    await setImmediate();
    this.running -= 1;
    if (this.failure !== null) throw this.failure;
    const live = this.kept.get(name);
    if (live === undefined) return { kind: 'Gone' as const };
    if (live.resourceVersion !== resourceVersion) return { kind: 'Conflict' as const };
    this.writes += 1;
    this.put(name, { status: { ...(live.status as object | undefined), ...fields } });
    return { kind: 'Written' as const, live: this.kept.get(name) ?? assert.fail() };
  }
}

function given(whenServed: () => Promise<unknown> = () => Promise.resolve()) {
  const cluster = new Cluster();
  const clock = new ManualClock();
  const events: StatusEvent[] = [];
  const writer = new StatusWriter({
    clock,
    random: () => 0.5,
    controllerName: ours,
    live: ({ name }) => cluster.seen.get(name),
    all: () => [...cluster.seen].map(([name, live]) => ({ object: refOf(name), live })),
    client: cluster,
    whenServed,
    report: (event) => events.push(event),
  });
  return { cluster, clock, writer, events };
}

const refOf = (name: string): ObjectRef => ({ kind: 'HTTPRoute', namespace: 'shop', name });

function desired(name: string, message = 'ok', gateways = [edge]): DesiredStatus {
  return {
    object: refOf(name),
    generation: 1,
    gateways,
    status: {
      kind: 'Route',
      parents: [
        {
          parentRef: { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge' },
          conditions: [{ type: 'Accepted', status: 'True', reason: 'Accepted', message }],
        },
      ],
    },
  };
}

const messageOf = (live: LiveStatus | undefined) =>
  /"message":"([^"]*)"/.exec(JSON.stringify(live?.status) ?? '')?.[1];

test('only the leader writes, and what it finds on taking over is written then', async () => {
  const { cluster, writer } = given();
  cluster.put('a');
  cluster.show();
  writer.put([desired('a')]);
  for (let turns = 0; turns < 10; turns += 1) await setImmediate();
  assert.equal(cluster.writes, 0);
  writer.lead();
  await eventually(() => assert.equal(cluster.writes, 1));
  assert.equal(messageOf(cluster.kept.get('a')), 'ok');
  writer.follow();
  writer.put([desired('a', 'other')]);
  for (let turns = 0; turns < 10; turns += 1) await setImmediate();
  assert.equal(cluster.writes, 1);
});

test('what is already so is not written again, not even while the watch lags behind our write', async () => {
  const { cluster, writer } = given();
  cluster.put('a');
  cluster.show();
  writer.lead();
  writer.put([desired('a')]);
  await eventually(() => assert.equal(cluster.writes, 1));
  writer.put([desired('a')]);
  writer.put([desired('a')]);
  cluster.show();
  writer.touched(refOf('a'));
  writer.put([desired('a')]);
  for (let turns = 0; turns < 20; turns += 1) await setImmediate();
  assert.equal(cluster.writes, 1);
  assert.equal(cluster.reads, 0);
});

test('a status is written when the data planes serve what it promises', async () => {
  const served = Promise.withResolvers<null>();
  const { cluster, writer } = given(() => served.promise);
  cluster.put('a');
  cluster.show();
  writer.lead();
  writer.put([desired('a')]);
  for (let turns = 0; turns < 10; turns += 1) await setImmediate();
  assert.equal(cluster.writes, 0);
  served.resolve(null);
  await eventually(() => assert.equal(cluster.writes, 1));
});

test('a status waits for data planes one second at most', async () => {
  const { cluster, clock, writer } = given(() => new Promise(() => undefined));
  cluster.put('a');
  cluster.put('b');
  cluster.show();
  writer.lead();
  writer.put([desired('a'), desired('b', 'ok', [])]);
  await eventually(() => assert.equal(messageOf(cluster.kept.get('b')), 'ok'));
  clock.advance(999);
  for (let turns = 0; turns < 10; turns += 1) await setImmediate();
  assert.equal(cluster.writes, 1);
  clock.advance(1);
  await eventually(() => assert.equal(cluster.writes, 2));
});

test('while one waits, the latest wins', async () => {
  const waits: (() => void)[] = [];
  const { cluster, writer } = given(() => new Promise((resolve) => waits.push(() => resolve(null))));
  cluster.put('a');
  cluster.show();
  writer.lead();
  writer.put([desired('a', 'first')]);
  writer.put([desired('a', 'second')]);
  writer.put([desired('a', 'third')]);
  await eventually(() => {
    for (const resolve of waits.splice(0)) resolve();
    assert.equal(messageOf(cluster.kept.get('a')), 'third');
  });
  assert.equal(cluster.writes, 1);
});

test('what changes while a status is being written is written after it', async () => {
  const { cluster, writer } = given();
  const gate = Promise.withResolvers<null>();
  cluster.gate = gate.promise;
  cluster.put('a');
  cluster.show();
  writer.lead();
  writer.put([desired('a', 'first')]);
  await eventually(() => assert.equal(cluster.running, 1));
  writer.put([desired('a', 'second')]);
  gate.resolve(null);
  await eventually(() => assert.equal(messageOf(cluster.kept.get('a')), 'second'));
  assert.equal(cluster.writes, 2);
});

test('a write that meets a conflict does not tell what the data planes do not serve yet', async () => {
  const waits: PromiseWithResolvers<null>[] = [];
  const { cluster, writer } = given(() => {
    const wait = Promise.withResolvers<null>();
    waits.push(wait);
    return wait.promise;
  });
  const gate = Promise.withResolvers<null>();
  cluster.gate = gate.promise;
  cluster.put('a');
  cluster.show();
  writer.lead();
  writer.put([desired('a', 'first')]);
  cluster.put('a', { status: { parents: [] } });
  waits[0]?.resolve(null);
  await eventually(() => assert.equal(cluster.running, 1));
  writer.put([desired('a', 'second')]);
  gate.resolve(null);
  await eventually(() => assert.equal(cluster.writes, 1));
  assert.equal(messageOf(cluster.kept.get('a')), 'first');
  await eventually(() => assert.equal(waits.length, 2));
  waits[1]?.resolve(null);
  await eventually(() => assert.equal(messageOf(cluster.kept.get('a')), 'second'));
});

test('a conflict is resolved by reading again, and the other one keeps what it wrote', async () => {
  const { cluster, writer } = given();
  cluster.put('a');
  cluster.show();
  const foreign = { parentRef: { name: 'x' }, controllerName: 'other', conditions: [] };
  cluster.put('a', { status: { parents: [foreign] } });
  writer.lead();
  writer.put([desired('a')]);
  await eventually(() => assert.equal(cluster.writes, 1));
  const text = JSON.stringify(cluster.kept.get('a')?.status);
  assert.match(text, /"controllerName":"other"/);
  assert.match(text, /turnpike\.dev/);
});

test('our entries go when an object is no longer ours, and those a leader before us left behind', async () => {
  const { cluster, writer } = given();
  const own = { parentRef: { name: 'edge' }, controllerName: ours, conditions: [] };
  cluster.put('a');
  cluster.put('stray', { status: { parents: [own] } });
  cluster.show();
  writer.put([desired('a')]);
  writer.lead();
  await eventually(() => assert.equal(cluster.writes, 2));
  assert.deepEqual(cluster.kept.get('stray')?.status, { parents: [] });
  cluster.show();
  writer.put([]);
  await eventually(() => assert.deepEqual(cluster.kept.get('a')?.status, { parents: [] }));
});

test('a status that somebody wiped is put back', async () => {
  const { cluster, writer } = given();
  cluster.put('a');
  cluster.show();
  writer.lead();
  writer.put([desired('a')]);
  await eventually(() => assert.equal(cluster.writes, 1));
  cluster.put('a', { status: {} });
  cluster.show();
  writer.touched(refOf('a'));
  await eventually(() => assert.equal(messageOf(cluster.kept.get('a')), 'ok'));
});

test('a failure is told once and tried again later', async () => {
  const { cluster, clock, writer, events } = given();
  cluster.put('a');
  cluster.show();
  cluster.failure = new Error('away');
  writer.lead();
  writer.put([desired('a')]);
  await eventually(() => assert.equal(events.length, 1));
  await clock.pass(5_000);
  cluster.failure = null;
  await clock.pass(31_000);
  await eventually(() => assert.equal(cluster.writes, 1));
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['Failed', 'Written'],
  );
});

test('many statuses are written with bounded concurrency', async () => {
  const { cluster, writer } = given();
  const names = Array.from({ length: 100 }, (_, at) => `r${at}`);
  for (const name of names) cluster.put(name);
  cluster.show();
  writer.lead();
  writer.put(names.map((name) => desired(name)));
  await eventually(() => assert.equal(cluster.writes, 100));
  assert(cluster.runningMax > 1 && cluster.runningMax <= 8, `${cluster.runningMax} at once`);
});

test('a deleted object is left alone', async () => {
  const { cluster, writer, events } = given();
  writer.lead();
  writer.put([desired('a')]);
  cluster.put('a');
  cluster.show();
  cluster.kept.delete('a');
  writer.put([desired('a')]);
  for (let turns = 0; turns < 20; turns += 1) await setImmediate();
  assert.equal(cluster.writes, 0);
  assert.deepEqual(events, []);
});

test('a status that changes a thousand times in ten seconds is written at most 50 times, and right at the end', async () => {
  const { cluster, clock, writer } = given();
  cluster.put('a');
  cluster.show();
  writer.lead();
  for (let change = 1; change <= 1_000; change += 1) {
    writer.put([desired('a', `${change} routes`)]);
    cluster.show();
    await clock.pass(10, 10);
  }
  await clock.pass(500, 50);
  await eventually(() => assert.equal(messageOf(cluster.kept.get('a')), '1000 routes'));
  assert.ok(cluster.writes <= 50, `${cluster.writes} writes`);
});

test('an object that was deleted and made anew gets its status again, though that is the same', async () => {
  const { cluster, writer } = given();
  const same = desired('a');
  cluster.put('a');
  cluster.show();
  writer.lead();
  writer.put([same]);
  await eventually(() => assert.equal(cluster.writes, 1));
  cluster.put('a', { uid: 'another' });
  cluster.show();
  writer.changed(refOf('a'));
  writer.put([same]);
  await eventually(() => assert.equal(messageOf(cluster.kept.get('a')), 'ok'));
});

test('a Gateway does not wait behind the routes that it counts', async () => {
  const { cluster, writer } = given();
  const names = Array.from({ length: 100 }, (_, at) => `r${at}`);
  for (const name of [...names, 'edge']) cluster.put(name);
  cluster.show();
  const gate = Promise.withResolvers<null>();
  cluster.gate = gate.promise;
  writer.lead();
  const edgeStatus = { ...desired('edge'), object: { kind: 'Gateway', namespace: 'shop', name: 'edge' } };
  writer.put([...names.map((name) => desired(name)), edgeStatus]);
  await eventually(() => assert.equal(cluster.running, 9));
  gate.resolve(null);
  await eventually(() => assert.equal(cluster.writes, 101));
});

test('who undoes a status again and again is answered more and more seldom, and what is new at once', async () => {
  const { cluster, clock, writer } = given();
  cluster.put('a');
  cluster.show();
  writer.lead();
  writer.put([desired('a')]);
  await eventually(() => assert.equal(cluster.writes, 1));
  for (let seconds = 0; seconds < 600; seconds += 1) {
    for (let turns = 0; turns < 4; turns += 1) {
      cluster.put('a');
      cluster.show();
      writer.touched(refOf('a'));
      for (let waits = 0; waits < 4; waits += 1) await setImmediate();
      clock.advance(250);
    }
  }
  assert.ok(cluster.writes > 20 && cluster.writes < 40, String(cluster.writes));
  const before = cluster.writes;
  writer.put([desired('a', 'other')]);
  await eventually(() => assert.equal(cluster.writes, before + 1));
});

test('an object that took the place of another while that was written is not told what the other was', async () => {
  const { cluster, writer } = given();
  cluster.put('a', { uid: 'first' });
  cluster.show();
  cluster.put('a', { uid: 'second' });
  writer.lead();
  writer.put([desired('a')]);
  await eventually(() => assert.equal(cluster.reads, 1));
  for (let turns = 0; turns < 20; turns += 1) await setImmediate();
  assert.equal(cluster.writes, 0);
  cluster.show();
  writer.changed(refOf('a'));
  writer.put([desired('a')]);
  await eventually(() => assert.equal(cluster.writes, 1));
});
