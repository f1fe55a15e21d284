import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '#controller/clock.ts';
import { EventWriter } from '#controller/events/event-writer.ts';
import { KubeClient } from '#controller/kube/kube-client.ts';
import { refuse, startApiServer } from '#test/given/api-server.ts';
import { ManualClock } from '#test/given/clock.ts';
import { eventually } from '#test/given/eventually.ts';

function happening(note: string, namespace = 'shop') {
  return {
    regarding: {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      namespace,
      name: 'a',
      uid: 'u',
    },
    type: 'Warning',
    reason: 'Closed',
    action: 'Translate',
    note,
  } as const;
}

test('an event is written once in ten minutes, and many different ones slowly', async (t) => {
  const server = await startApiServer(t);
  const client = new KubeClient(server.connection, systemClock);
  t.after(() => client.close());
  const clock = new ManualClock();
  const failures: unknown[] = [];
  const events = new EventWriter({
    client,
    clock,
    instance: 'pod',
    report: (error) => failures.push(error),
  });
  const seen = () =>
    server.requests.filter(({ path }) => path === '/apis/events.k8s.io/v1/namespaces/shop/events');
  server.faults.add(({ path }, response) => path.endsWith('/events') && response.end('{}') !== undefined);
  for (let times = 0; times < 5; times += 1) events.write(happening('the same'));
  await eventually(() => assert.equal(seen().length, 1));
  clock.advance(601_000);
  events.write(happening('the same'));
  await eventually(() => assert.equal(seen().length, 2));
  for (let times = 0; times < 100; times += 1) events.write(happening(`other ${times}`));
  await eventually(() => assert.equal(seen().length, 2 + 14));
  assert.deepEqual(failures, []);
  const body = seen()[0]?.body as Record<string, unknown>;
  assert.equal(body['reportingController'], 'turnpike.dev/gateway-controller');
  assert.equal(body['note'], 'the same');
});

test('a namespace with many events leaves some for the others', async (t) => {
  const server = await startApiServer(t);
  const client = new KubeClient(server.connection, systemClock);
  t.after(() => client.close());
  const clock = new ManualClock();
  const events = new EventWriter({ client, clock, instance: 'pod', report: () => {} });
  server.faults.add(({ path }, response) => path.endsWith('/events') && response.end('{}') !== undefined);
  const seen = (namespace: string) =>
    server.requests.filter(({ path }) => path.includes(`/${namespace}/`)).length;
  for (let second = 0; second < 120; second += 1) {
    for (let times = 0; times < 10; times += 1) events.write(happening(`${second} ${times}`, 'loud'));
    clock.advance(1_000);
  }
  for (const namespace of ['shop', 'bank']) events.write(happening('once', namespace));
  await eventually(() => assert.deepEqual([seen('shop'), seen('bank')], [1, 1]));
  await eventually(() => assert.ok(seen('loud') >= 60, `of the loud one ${seen('loud')}`));
});

test('events that cannot be written are told once, and nothing fails', async (t) => {
  const server = await startApiServer(t);
  const client = new KubeClient(server.connection, systemClock);
  t.after(() => client.close());
  const failures: unknown[] = [];
  const events = new EventWriter({
    client,
    clock: new ManualClock(),
    instance: 'pod',
    report: (error) => failures.push(error),
  });
  server.faults.add((_request, response) => refuse(response, 403));
  for (let times = 0; times < 5; times += 1) events.write(happening(`other ${times}`));
  await eventually(() => assert.equal(server.requests.length, 5));
  await eventually(() => assert.equal(failures.length, 1));
});

test('a note is cut where the API wants it, which counts octets', async (t) => {
  const server = await startApiServer(t);
  const client = new KubeClient(server.connection, systemClock);
  t.after(() => client.close());
  const events = new EventWriter({ client, clock: new ManualClock(), instance: 'pod', report: () => {} });
  server.faults.add(({ path }, response) => path.endsWith('/events') && response.end('{}') !== undefined);
  events.write(happening(`a${'\u{1F600}'.repeat(300)}`));
  const seen = () => server.requests.find(({ path }) => path.endsWith('/events'))?.body;
  await eventually(() => assert.notEqual(seen(), undefined));
  const { note } = seen() as { readonly note: string };
  assert.equal(note, `a${'\u{1F600}'.repeat(255)}`);
});
