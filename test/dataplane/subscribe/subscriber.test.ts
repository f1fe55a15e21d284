import assert from 'node:assert/strict';
import net from 'node:net';
import { describe, test } from 'node:test';
import type { ControllerAddress } from '#dataplane/subscribe/addresses.ts';
import {
  type GivenSubscriber,
  edge,
  endpoints,
  givenPublisher,
  givenSubscriber,
  order,
  route,
  setOf,
} from '#test/controller/publish/given.ts';
import { eventually } from '#test/given/eventually.ts';
import type { Resource } from '#snapshot/snapshot.ts';

/** A resource of a kind that only a newer build knows. */
const unknown = Object.freeze({ kind: 'Cache', id: 'Cache/shop/a' }) as unknown as Resource;

function failures(dataPlane: GivenSubscriber): readonly string[] {
  return dataPlane.events.flatMap((event) => (event.kind === 'Disconnected' ? [event.problem.failure] : []));
}

/** Stands between a data plane and a controller. Frozen, it lets nothing through and closes nothing. */
async function givenWire(target: ControllerAddress) {
  const sockets = new Set<net.Socket>();
  let frozen = false;
  const server = net.createServer((near) => {
    const far = net.connect(target.port, target.host);
    const pass = (from: net.Socket, to: net.Socket) => {
      sockets.add(from);
      from.on('data', (chunk) => frozen || to.write(chunk));
      from.on('error', () => {});
      from.on('close', () => to.destroy());
    };
    pass(near, far);
    pass(far, near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  const address: ControllerAddress = { host: '127.0.0.1', port, serverName: null };
  return {
    address,
    freeze: () => (frozen = true),
    thaw: () => (frozen = false),
    cut: () => sockets.forEach((socket) => socket.destroy()),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

describe('a subscriber', () => {
  test('serves what changes, and keeps what does not as the same object', async () => {
    await using controller = await givenPublisher();
    controller.publisher.put(edge, setOf(route('a'), route('b')), order(1));
    await using dataPlane = givenSubscriber(controller.address);
    await eventually(() => dataPlane.sets.length === 1);
    assert.deepEqual(new Map(dataPlane.sets[0]), setOf(route('a'), route('b')));
    controller.publisher.put(edge, setOf(route('a'), route('c')), order(2));
    await eventually(() => dataPlane.sets.length === 2);
    assert.deepEqual(new Map(dataPlane.sets[1]), setOf(route('a'), route('c')));
    assert.equal(dataPlane.sets[1]?.get(route('a').id), dataPlane.sets[0]?.get(route('a').id));
    assert.equal(dataPlane.subscriber.state().serving?.version, controller.publisher.version(edge));
  });

  test('resumes after a cut, with the objects it had', async () => {
    await using controller = await givenPublisher();
    await using wire = await givenWire(controller.address);
    controller.publisher.put(edge, setOf(route('a'), route('b')), order(1));
    await using dataPlane = givenSubscriber(wire.address);
    await eventually(() => dataPlane.sets.length === 1);
    wire.cut();
    controller.publisher.put(edge, setOf(route('a'), route('b', 1)), order(2));
    await eventually(() => dataPlane.sets.length === 2);
    assert.equal(dataPlane.served(route('a')), dataPlane.sets[0]?.get(route('a').id));
    assert.deepEqual(failures(dataPlane), ['Ended']);
    await eventually(() => controller.publisher.allReadyHave(edge, controller.publisher.version(edge) ?? ''));
  });

  test('keeps objects that are the same even when a controller that knows nothing of it sends all of them', async () => {
    const first = await givenPublisher();
    first.publisher.put(edge, setOf(route('a'), route('b')), order(1));
    await using dataPlane = givenSubscriber(first.address);
    await eventually(() => dataPlane.sets.length === 1);
    await first[Symbol.asyncDispose]();
    await using second = await givenPublisher({ port: first.address.port });
    second.publisher.put(edge, setOf(route('a'), route('c')), order(2));
    await eventually(() => dataPlane.sets.length === 2);
    assert.equal(dataPlane.served(route('a')), dataPlane.sets[0]?.get(route('a').id));
    assert.equal(dataPlane.served(route('b')), undefined);
  });

  test('notices a connection that has gone silent, and goes on once it is back', async () => {
    await using controller = await givenPublisher();
    await using wire = await givenWire(controller.address);
    controller.publisher.put(edge, setOf(route('a')), order(1));
    const timings = { pingEveryMs: 10, pingAnswerMs: 500, connectMs: 1_000, answerMs: 1_000 };
    await using dataPlane = givenSubscriber(wire.address, { timings });
    await eventually(() => dataPlane.sets.length === 1);
    wire.freeze();
    await eventually(() => failures(dataPlane).includes('Silent'));
    wire.thaw();
    controller.publisher.put(edge, setOf(route('b')), order(2));
    await eventually(() => dataPlane.served(route('b')) !== undefined);
  });

  test('reads its token and the authority again at each connect, and tells a fresh token', async () => {
    await using controller = await givenPublisher();
    controller.publisher.put(edge, setOf(route('a')), order(1));
    let token = 'stolen';
    await using dataPlane = givenSubscriber(controller.address, {
      readToken: async () => token,
      timings: { tokenEveryMs: 10 },
    });
    await eventually(() => failures(dataPlane).includes('Refused'));
    controller.tokens.set('short', { account: 'shop/edge', expiresAtMs: Date.now() + 400 });
    token = 'short';
    await eventually(() => dataPlane.subscriber.state().connected);
    token = 'edge';
    const refused = failures(dataPlane).length;
    await eventually(() => Date.now() > (controller.tokens.get('short')?.expiresAtMs ?? 0) + 50);
    assert.equal(failures(dataPlane).length, refused, 'the stream outlives its first token');
    assert(dataPlane.subscriber.state().connected);
  });

  test('does not talk to a controller whose certificate it cannot trust', async () => {
    await using controller = await givenPublisher();
    const asked: string[] = [];
    controller.tokens.get = (token) => void asked.push(token);
    await using dataPlane = givenSubscriber({ ...controller.address, serverName: 'elsewhere.example' });
    await eventually(() => failures(dataPlane).length > 1);
    assert.deepEqual(new Set(failures(dataPlane)), new Set(['Unreachable']));
    assert.deepEqual(asked, []);
  });

  test('goes on to another controller when one is away', async () => {
    const gone = await givenPublisher();
    await gone[Symbol.asyncDispose]();
    await using controller = await givenPublisher();
    controller.publisher.put(edge, setOf(route('a')), order(1));
    await using dataPlane = givenSubscriber([gone.address, controller.address], { random: () => 0 });
    await eventually(() => dataPlane.sets.length === 1);
  });
});

test('the ports that it cannot open are told when that changes, and to each controller it comes to', async () => {
  await using first = await givenPublisher();
  await using second = await givenPublisher();
  for (const { publisher } of [first, second]) publisher.put(edge, setOf(route('a')), order(1));
  let controllers = [first.address];
  await using dataPlane = givenSubscriber(() => controllers);
  const { subscriber } = dataPlane;
  const unboundAt = ({ publisher }: typeof first) => [...publisher.dataPlanes(edge).unbound];
  subscriber.tellPorts([{ port: 443, protocol: 'TCP', code: 'EADDRINUSE', message: 'in use' }]);
  const told = [['443/TCP', { code: 'EADDRINUSE', message: 'in use', dataPlanes: ['edge-0'] }]];
  await eventually(() => assert.deepEqual(unboundAt(first), told));
  await eventually(() => first.publisher.dataPlanes(edge).ready === 1);
  assert.deepEqual(unboundAt(first), told, 'an acknowledgement leaves them');

  controllers = [second.address];
  await first[Symbol.asyncDispose]();
  await eventually(() => assert.deepEqual(unboundAt(second), told));
  subscriber.tellPorts([]);
  await eventually(() => assert.deepEqual(unboundAt(second), []));
});

describe('what a data plane cannot take', () => {
  test('a kind it does not know is refused alone', async () => {
    await using controller = await givenPublisher();
    controller.publisher.put(edge, setOf(route('a'), unknown), order(1));
    await using dataPlane = givenSubscriber(controller.address);
    await eventually(() => controller.observed.get(edge)?.refused.size === 1);
    const reason = 'kind: kind Cache is not known to this build';
    assert.deepEqual(controller.observed.get(edge)?.refused, new Map([[unknown.id, reason]]));
    assert.deepEqual([...(dataPlane.sets.at(-1)?.keys() ?? [])], [route('a').id]);
    controller.publisher.put(edge, setOf(route('a')), order(2));
    await eventually(() => controller.observed.get(edge)?.refused.size === 0);
  });

  test('a resource that does not decode keeps its old version, and the others change', async () => {
    await using controller = await givenPublisher();
    controller.publisher.put(edge, setOf(route('a'), route('b')), order(1));
    await using dataPlane = givenSubscriber(controller.address);
    await eventually(() => dataPlane.sets.length === 1);
    const broken = Object.freeze({ ...route('a'), createdMs: -1 }) as Resource;
    controller.publisher.put(edge, setOf(broken, route('b', 1)), order(2));
    await eventually(() => dataPlane.sets.length === 2);
    assert.equal(dataPlane.served(route('a')), dataPlane.sets[0]?.get(route('a').id));
    assert.deepEqual(dataPlane.served(route('b')), route('b', 1));
    await eventually(() => controller.observed.get(edge)?.refused.size === 1);
    assert.match(controller.observed.get(edge)?.refused.get(route('a').id) ?? '', /^createdMs: must be/);
    controller.publisher.put(edge, setOf(route('a', 3), route('b', 1)), order(3));
    await eventually(() => controller.observed.get(edge)?.refused.size === 0);
    assert.deepEqual(dataPlane.served(route('a')), route('a', 3));
  });

  test('a resource that cannot be served goes back to its old version, or is missing', async () => {
    await using controller = await givenPublisher();
    controller.publisher.put(edge, setOf(route('a'), route('b')), order(1));
    const refuse = (resource: Resource) => 'createdMs' in resource && resource.createdMs === 13;
    await using dataPlane = givenSubscriber(controller.address, {
      onSnapshot: (resources) => ({
        refused: [...resources.values()].filter(refuse).map(({ id }) => ({ id, reason: 'unlucky' })),
      }),
    });
    await eventually(() => dataPlane.sets.length === 1);
    controller.publisher.put(edge, setOf(route('a', 13), route('b', 1), route('c', 13)), order(2));
    await eventually(() => controller.observed.get(edge)?.refused.size === 2);
    assert.deepEqual(new Map(dataPlane.sets.at(-1)), setOf(route('a'), route('b', 1)));
    assert.equal(dataPlane.subscriber.state().serving?.version, controller.publisher.version(edge));
    controller.publisher.put(edge, setOf(route('a', 13), route('b', 2), route('c', 13)), order(3));
    await eventually(
      () =>
        dataPlane.served(route('b')) !== undefined &&
        controller.publisher.allReadyHave(edge, controller.publisher.version(edge) ?? ''),
    );
    assert.deepEqual(controller.observed.get(edge)?.refused.size, 2, 'what is refused stays told');
  });

  test('a set that cannot be served at all leaves the one before, and the next one is taken', async () => {
    await using controller = await givenPublisher();
    controller.publisher.put(edge, setOf(route('a')), order(1));
    const before = controller.publisher.version(edge);
    await using dataPlane = givenSubscriber(controller.address, {
      onSnapshot: (resources) => {
        if (resources.has(route('bomb').id)) throw new Error('boom');
        return { refused: [] };
      },
    });
    await eventually(() => dataPlane.sets.length === 1);
    controller.publisher.put(edge, setOf(route('a'), route('bomb')), order(2));
    const told = `Snapshot/${controller.publisher.version(edge)}`;
    await eventually(() => controller.observed.get(edge)?.refused.get(told) === 'could not be applied: boom');
    assert.equal(dataPlane.subscriber.state().serving?.version, before);
    controller.publisher.put(edge, setOf(route('a'), route('b')), order(3));
    await eventually(() => dataPlane.served(route('b')) !== undefined);
    await eventually(() => controller.observed.get(edge)?.refused.size === 0);
    assert.deepEqual(failures(dataPlane), []);
  });
});

describe('a data plane with two controllers, of which one lags', () => {
  test('never goes back', async () => {
    const ahead = await givenPublisher();
    await using lagging = await givenPublisher();
    ahead.publisher.put(edge, setOf(route('a', 2)), order(200));
    lagging.publisher.put(edge, setOf(route('a', 1)), order(150));
    let controllers = [ahead.address];
    await using dataPlane = givenSubscriber(() => controllers);
    await eventually(() => dataPlane.sets.length === 1);
    controllers = [lagging.address];
    await ahead[Symbol.asyncDispose]();
    await eventually(() => dataPlane.events.some(({ kind }) => kind === 'Behind'));
    lagging.publisher.put(edge, setOf(route('a', 1), route('b')), order(199));
    lagging.publisher.put(edge, setOf(route('a', 2), route('b')), order(200));
    await eventually(() => dataPlane.sets.length === 2);
    assert.deepEqual(dataPlane.served(route('a')), route('a', 2));
    for (const set of dataPlane.sets) assert.deepEqual(set.get(route('a').id), route('a', 2));
  });

  test('leaves the lagging one for the other', async () => {
    await using ahead = await givenPublisher();
    await using lagging = await givenPublisher();
    lagging.publisher.put(edge, setOf(route('a', 1)), order(150));
    ahead.publisher.put(edge, setOf(route('a', 2)), order(200));
    await using wire = await givenWire(ahead.address);
    let controllers = [wire.address];
    await using dataPlane = givenSubscriber(() => controllers, { timings: { behindMs: 20 } });
    await eventually(() => dataPlane.sets.length === 1);
    controllers = [lagging.address, ahead.address];
    wire.cut();
    ahead.publisher.put(edge, setOf(route('a', 3)), order(300));
    await eventually(() => dataPlane.sets.length === 2);
    assert.deepEqual(dataPlane.served(route('a')), route('a', 3));
  });
});

test('endpoints move on their own road while a set stands', async () => {
  await using controller = await givenPublisher();
  controller.publisher.put(edge, setOf(route('a'), endpoints('cart', '10.0.0.1')), order(1));
  await using dataPlane = givenSubscriber(controller.address);
  await eventually(() => dataPlane.sets.length === 1);
  for (let last = 2; last <= 50; last += 1) {
    controller.publisher.put(edge, setOf(route('a'), endpoints('cart', `10.0.0.${last}`)), order(last));
  }
  const newest = endpoints('cart', '10.0.0.50');
  await eventually(
    () => dataPlane.subscriber.state().serving?.version === controller.publisher.version(edge),
  );
  assert.deepEqual(dataPlane.served(newest), newest);
  assert.equal(dataPlane.served(route('a')), dataPlane.sets[0]?.get(route('a').id));
});
