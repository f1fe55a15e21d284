import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeResource } from '#snapshot/encode.ts';
import { eventually } from '#test/given/eventually.ts';
import {
  certificate,
  edge,
  endpoints,
  givenPublisher,
  givenSubscriber,
  order,
  other,
  rawDataPlane,
  route,
  setOf,
} from './given.ts';

describe('a publisher', () => {
  test('sends everything at first, and only what changes after that', async () => {
    await using controller = await givenPublisher();
    controller.publisher.put(edge, setOf(route('a'), route('b')), order(1));
    await using dataPlane = rawDataPlane(controller.address);
    await eventually(() => dataPlane.messages().length === 3);
    assert.deepEqual(
      dataPlane.messages().map(({ type }) => type),
      ['put', 'put', 'commit'],
    );
    const first = controller.publisher.version(edge);
    controller.publisher.put(edge, setOf(route('a'), route('c')), order(2));
    await eventually(() => dataPlane.messages().length === 6);
    assert.deepEqual(dataPlane.messages().slice(3), [
      { type: 'put', resource: { ...route('c') } },
      { type: 'remove', id: route('b').id },
      { type: 'commit', version: controller.publisher.version(edge), order: order(2), base: first },
    ]);
  });

  test('sends the endpoints of one cluster alone', async () => {
    await using controller = await givenPublisher();
    controller.publisher.put(edge, setOf(route('a'), endpoints('cart', '10.0.0.1')), order(1));
    await using dataPlane = rawDataPlane(controller.address);
    await eventually(() => dataPlane.messages().length === 3);
    controller.publisher.put(edge, setOf(route('a'), endpoints('cart', '10.0.0.2')), order(2));
    await eventually(() => dataPlane.messages().length === 5);
    assert.deepEqual(dataPlane.messages()[3], {
      type: 'put',
      resource: JSON.parse(encodeResource(endpoints('cart', '10.0.0.2'))) as unknown,
    });
  });

  test('resumes from a version it knows with what changed since, and from any other with everything', async () => {
    await using controller = await givenPublisher();
    const versions: string[] = [];
    for (const revision of [1, 2, 3]) {
      controller.publisher.put(edge, setOf(route('a'), route('b', revision)), order(revision));
      versions.push(controller.publisher.version(edge) ?? '');
    }
    const resumed = async (version: string) => {
      await using dataPlane = rawDataPlane(controller.address, { hello: { version, order: order(1) } });
      await eventually(() => dataPlane.messages().some(({ type }) => type === 'commit'));
      return dataPlane
        .messages()
        .map((message) => (message.type === 'commit' ? message['base'] : message.type));
    };
    assert.deepEqual(await resumed(versions[0] ?? ''), ['put', versions[0]]);
    assert.deepEqual(await resumed(versions[2] ?? ''), [versions[2]]);
    assert.deepEqual(await resumed('unknown'), ['put', 'put', null]);
  });

  test('tells its order when that alone has risen', async () => {
    await using controller = await givenPublisher();
    controller.publisher.put(edge, setOf(route('a')), order(1));
    await using dataPlane = rawDataPlane(controller.address);
    await eventually(() => dataPlane.messages().length === 2);
    controller.publisher.put(edge, setOf(route('a')), order(7));
    await eventually(() => dataPlane.messages().length === 3);
    const version = controller.publisher.version(edge);
    assert.deepEqual(dataPlane.messages()[2], { type: 'commit', version, order: order(7), base: version });
  });

  test('sends nothing until it has seen what the data plane has seen', async () => {
    await using controller = await givenPublisher();
    controller.publisher.put(edge, setOf(route('a')), order(10));
    await using dataPlane = rawDataPlane(controller.address, {
      hello: { version: 'newer', order: order(20) },
    });
    await eventually(() => dataPlane.messages().length === 1);
    controller.publisher.put(edge, setOf(route('a', 1)), order(19));
    controller.publisher.put(edge, setOf(route('a', 2)), order(20));
    await eventually(() => dataPlane.messages().length === 3);
    assert.deepEqual(
      dataPlane.messages().map((message) => [message.type, message['order']]),
      [
        ['behind', order(10)],
        ['put', undefined],
        ['commit', order(20)],
      ],
    );
  });

  test('does not take the order of another lineage for a newer one', async () => {
    await using controller = await givenPublisher();
    controller.publisher.put(edge, setOf(route('a')), order(10));
    await using dataPlane = rawDataPlane(controller.address, {
      hello: { version: 'newer', order: order(20, 'elsewhere') },
    });
    await eventually(() => dataPlane.messages().length === 2);
  });

  test('leaves out a resource that no data plane could take, and says so', async () => {
    await using controller = await givenPublisher();
    const large = certificate('large', 'x'.repeat(9 * 1024 * 1024));
    controller.publisher.put(edge, setOf(route('a'), large), order(1));
    await using dataPlane = rawDataPlane(controller.address);
    await eventually(() => dataPlane.messages().length === 2);
    assert.match(
      controller.publisher.dataPlanes(edge).refused.get(large.id) ?? '',
      /^larger than \d+ bytes$/,
    );
  });
});

describe('the door of a publisher', () => {
  const refusals: readonly (readonly [string, Parameters<typeof rawDataPlane>[1], number])[] = [
    ['without a token', { token: null }, 401],
    ["with a token that is nobody's", { token: 'stolen' }, 401],
    ['of a ServiceAccount that may not have the Gateway', { token: 'other' }, 403],
    ['of a controller that asks for a snapshot', { token: 'peer' }, 403],
    [
      'of a data plane that calls itself a controller',
      { path: '/v1/observations', hello: { type: 'peer', replica: 'x' } },
      403,
    ],
    ['of another protocol', { hello: { protocol: 2 } }, 400],
    ['whose first line is no hello', { hello: { type: 'ack', refused: [], version: 'v' } }, 400],
    ['whose first line is no message', { hello: { gateway: 'Edge' } }, 400],
    ['for another path', { path: '/v2/snapshots' }, 404],
    // Of schemes that it does not know, nghttp2 lets every path through.
    ['for a path that each object of JavaScript has', { scheme: 'x', path: '__proto__' }, 404],
    ['for a path that is a function of each object', { scheme: 'x', path: 'hasOwnProperty' }, 404],
  ];
  for (const [who, options, status] of refusals) {
    test(`refuses a stream ${who} with ${status}, and tells it nothing`, async () => {
      await using controller = await givenPublisher();
      controller.publisher.put(edge, setOf(certificate('a', 's3cret')), order(1));
      await using dataPlane = rawDataPlane(controller.address, options);
      await eventually(() => dataPlane.stream.closed);
      assert.equal(dataPlane.status(), status);
      assert(!dataPlane.received().includes('s3cret'));
      assert.equal(controller.events[0]?.kind, 'Refused');
      assert.deepEqual(controller.publisher.dataPlanes(edge).connected, 0);
    });
  }

  test('never lets anything of another Gateway through', async () => {
    await using controller = await givenPublisher();
    const secrets = (name: string, revision: number) =>
      setOf(certificate(name, `${name}-s3cret-${revision}`), route(name, revision));
    controller.publisher.put(other, secrets('other', 0), order(1));
    controller.publisher.put(edge, secrets('edge', 0), order(1));
    await using mine = rawDataPlane(controller.address);
    await using theirs = rawDataPlane(controller.address, { token: 'other', hello: { gateway: other } });
    for (const revision of [1, 2, 3]) {
      controller.publisher.put(other, secrets('other', revision), order(revision));
      controller.publisher.put(edge, secrets('edge', revision), order(revision));
    }
    await eventually(
      () => mine.received().includes('edge-s3cret-3') && theirs.received().includes('other-s3cret-3'),
    );
    assert(!mine.received().includes('other'));
    assert(!theirs.received().includes('edge'));
  });

  test('ends the stream of one who sends a line over the limit', async () => {
    await using controller = await givenPublisher();
    await using dataPlane = rawDataPlane(controller.address);
    await eventually(() => dataPlane.status() === 200);
    dataPlane.stream.write('x'.repeat(300 * 1024));
    await eventually(() => dataPlane.stream.destroyed);
    assert.equal(controller.publisher.dataPlanes(edge).connected, 0);
    const ended = controller.events.find(({ kind }) => kind === 'Disconnected');
    assert.match(ended?.kind === 'Disconnected' ? ended.reason : '', /a line is longer than 262144 bytes/);
  });

  test('ends the stream of one who sends too many lines', async () => {
    await using controller = await givenPublisher({ limits: { linesPerSecondMax: 50 } });
    await using dataPlane = rawDataPlane(controller.address);
    await eventually(() => dataPlane.status() === 200);
    for (let line = 0; line < 200; line += 1)
      dataPlane.say({ type: 'missingKey', keySet: 'k', kid: String(line) });
    await eventually(() => dataPlane.stream.destroyed);
    assert(controller.missingKeys.length <= 100);
  });

  test('reads no more bytes of one in a second than its limit, and loses none', async () => {
    await using controller = await givenPublisher({ limits: { bytesPerSecondMax: 64 * 1024 } });
    await using dataPlane = rawDataPlane(controller.address);
    await eventually(() => dataPlane.status() === 200);
    const from = performance.now();
    for (let line = 0; line < 10; line += 1) dataPlane.say({ type: 'news', text: 'x'.repeat(24 * 1024) });
    dataPlane.say({ type: 'ack', version: 'v1', refused: [] });
    await eventually(() => controller.publisher.dataPlanes(edge).ready === 1, 20_000);
    assert.ok(performance.now() - from > 1_000, `${performance.now() - from} ms`);
    assert.equal(controller.events.filter(({ kind }) => kind === 'Disconnected').length, 0);
  });

  test('lets go at once of one whose bytes it puts off', async () => {
    await using controller = await givenPublisher({ limits: { bytesPerSecondMax: 1 } });
    await using dataPlane = rawDataPlane(controller.address);
    await eventually(() => dataPlane.status() === 200);
    for (let line = 0; line < 10; line += 1) dataPlane.say({ type: 'news', text: 'x'.repeat(24 * 1024) });
    await dataPlane[Symbol.asyncDispose]();
    await eventually(() => controller.publisher.dataPlanes(edge).connected === 0, 900);
  });

  test('lets go of one who does not even read why it is refused', async () => {
    await using controller = await givenPublisher({ limits: { streamsMax: 1 } });
    await using mute = rawDataPlane(controller.address, { token: 'stolen', windowBytes: 0 });
    await eventually(() => mute.status() === 401);
    await using honest = givenSubscriber(controller.address);
    await eventually(() => honest.subscriber.state().connected);
  });

  test('lets data planes in though one address shows tokens of nobody, and connects, as often as it can', async () => {
    const limits = { authenticationsMax: 8, streamsMax: 30, strangersPerAddressMax: 4 };
    await using controller = await givenPublisher({
      limits: { ...limits, sessionsMax: 60, sessionsPerAddressMax: 50 },
    });
    const hostile = Array.from({ length: 60 }, () =>
      rawDataPlane(controller.address, { token: 'hanging', from: '127.0.0.2' }),
    );
    await eventually(() => hostile.filter(({ stream }) => stream.closed).length >= 56);
    await using honest = rawDataPlane(controller.address);
    await eventually(() => honest.status() === 200);
    for (const one of hostile) await one[Symbol.asyncDispose]();
  });

  test('ends a stream that says no hello', async () => {
    await using controller = await givenPublisher({ limits: { helloMs: 20 } });
    await using dataPlane = rawDataPlane(controller.address, { hello: null });
    await eventually(() => dataPlane.stream.closed);
    assert.equal(dataPlane.status(), 408);
  });

  test('takes no more streams than its limit', async () => {
    await using controller = await givenPublisher({ limits: { streamsMax: 1 } });
    await using first = rawDataPlane(controller.address);
    await eventually(() => first.status() === 200);
    await using second = rawDataPlane(controller.address);
    await eventually(() => second.status() === 503);
  });

  test('ends the stream when the token expires', async () => {
    await using controller = await givenPublisher();
    controller.tokens.set('edge', { account: 'shop/edge', expiresAtMs: Date.now() + 800 });
    await using dataPlane = rawDataPlane(controller.address);
    await eventually(() => dataPlane.status() === 200);
    await eventually(() => dataPlane.stream.destroyed);
    const ended = controller.events.find(({ kind }) => kind === 'Disconnected');
    assert.equal(ended?.kind === 'Disconnected' && ended.reason, 'the token has expired');
    await using again = rawDataPlane(controller.address);
    await eventually(() => again.stream.closed);
    assert.equal(again.received(), 'the token has expired\n');
  });

  test('goes on with a fresh token, and not with one of another ServiceAccount', async () => {
    await using controller = await givenPublisher({ limits: { recheckMs: 20 } });
    const { tokens, asked } = controller;
    tokens.set('first', { account: 'shop/edge', expiresAtMs: Date.now() + 60_000 });
    await using fresh = rawDataPlane(controller.address, { token: 'first' });
    await using foreign = rawDataPlane(controller.address, { token: 'first' });
    await using stale = rawDataPlane(controller.address, { token: 'first' });
    await eventually(() => [fresh, foreign, stale].every((dataPlane) => dataPlane.status() === 200));
    fresh.say({ type: 'token', token: 'edge' });
    foreign.say({ type: 'token', token: 'other' });
    await eventually(() => asked.filter((token) => token === 'edge').length > 1 && foreign.stream.destroyed);
    tokens.set('first', { account: 'shop/edge', expiresAtMs: Date.now() });
    await eventually(() => stale.stream.destroyed);
    controller.publisher.put(edge, setOf(route('a')), order(1));
    await eventually(() => fresh.messages().length === 2);
    const reasons = controller.events.map((event) => (event.kind === 'Disconnected' ? event.reason : ''));
    assert(reasons.includes('the fresh token is of another ServiceAccount'));
  });

  test('does not ask about one fresh token after the other', async () => {
    await using controller = await givenPublisher();
    await using dataPlane = rawDataPlane(controller.address);
    await eventually(() => dataPlane.status() === 200);
    for (let time = 0; time < 50; time += 1) dataPlane.say({ type: 'token', token: 'edge' });
    await eventually(() => dataPlane.stream.destroyed);
    assert(controller.asked.length <= 3, `${controller.asked.length} tokens were asked about`);
  });

  test('asks again whether a token still holds, and ends the stream when it does not', async () => {
    await using controller = await givenPublisher({ limits: { recheckMs: 20 } });
    await using dataPlane = rawDataPlane(controller.address);
    await eventually(() => dataPlane.status() === 200);
    controller.tokens.delete('edge');
    await eventually(() => dataPlane.stream.destroyed);
  });

  test('answers 503 when it takes too long to tell whose token it is', async () => {
    await using controller = await givenPublisher({ limits: { authenticateMs: 20 } });
    await using dataPlane = rawDataPlane(controller.address, { token: 'hanging' });
    await eventually(() => dataPlane.status() === 503);
  });

  test('answers 503 while nobody can tell whose token it is, and keeps those it let in', async () => {
    await using controller = await givenPublisher({ limits: { recheckMs: 10 } });
    await using before = rawDataPlane(controller.address);
    await eventually(() => before.status() === 200);
    let asked = 0;
    controller.tokens.get = () => {
      asked += 1;
      throw new Error('the API server is away');
    };
    await using after = rawDataPlane(controller.address);
    await eventually(() => after.status() === 503 && asked > 2);
    assert(!before.stream.destroyed);
    const failed = controller.events.find(({ kind }) => kind === 'Failed');
    assert(failed?.kind === 'Failed');
    assert.match(String(failed.problem), /the API server is away/, 'the operator hears why');
  });
});

describe('what data planes say', () => {
  test('is told by Gateway: connected, ready, refused', async () => {
    await using controller = await givenPublisher();
    controller.publisher.put(edge, setOf(route('a')), order(1));
    const version = controller.publisher.version(edge) ?? '';
    await using one = rawDataPlane(controller.address, { hello: { instance: 'one' } });
    await using two = rawDataPlane(controller.address, { hello: { instance: 'two' } });
    await eventually(() => controller.observed.get(edge)?.connected === 2);
    assert.equal(controller.observed.get(edge)?.ready, 0);
    one.say({ type: 'ack', version, refused: [{ id: 'Route/a', reason: 'odd' }] });
    await eventually(() => controller.observed.get(edge)?.ready === 1);
    assert.deepEqual(controller.observed.get(edge)?.refused, new Map([['Route/a', 'odd']]));
    one.say({ type: 'ack', version, refused: [] });
    await eventually(() => controller.observed.get(edge)?.refused.size === 0);
    two.stream.close();
    await eventually(() => controller.observed.get(edge)?.connected === 1);
  });

  test('counts an instance once that came back before its old stream was known to be dead', async () => {
    await using controller = await givenPublisher();
    await using before = rawDataPlane(controller.address, { hello: { version: 'old', serving: true } });
    await eventually(() => before.status() === 200);
    await using after = rawDataPlane(controller.address, { hello: { version: 'new', serving: true } });
    await eventually(() => after.status() === 200);
    assert.equal(controller.publisher.dataPlanes(edge).connected, 1);
    assert(controller.publisher.allReadyHave(edge, 'new'));
  });

  test('tells when all that are ready have a version, or that time is up', async () => {
    await using controller = await givenPublisher();
    const { publisher } = controller;
    await using one = rawDataPlane(controller.address, {
      hello: { instance: 'one', version: 'v1', serving: true },
    });
    await using starting = rawDataPlane(controller.address, { hello: { instance: 'two' } });
    await eventually(() => publisher.dataPlanes(edge).connected === 2);
    assert(publisher.allReadyHave(edge, 'v1'));
    assert(!publisher.allReadyHave(edge, 'v2'));
    const wait = publisher.whenAllReadyHave(edge, 'v2', 5_000);
    one.say({ type: 'ack', version: 'v2', refused: [] });
    assert.equal(await wait, true);
    assert.equal(await publisher.whenAllReadyHave(edge, 'v3', 10), false);
    assert(!starting.stream.destroyed);
  });

  test('asks for unknown keys', async () => {
    await using controller = await givenPublisher();
    await using dataPlane = givenSubscriber(controller.address);
    await eventually(() => dataPlane.subscriber.state().connected);
    for (let time = 0; time < 5; time += 1) dataPlane.subscriber.missingKey('KeySet/a', 'kid-1');
    dataPlane.subscriber.missingKey('KeySet/a', 'kid-2');
    await eventually(() => controller.missingKeys.length >= 2);
    assert.deepEqual(controller.missingKeys, ['KeySet/a kid-1', 'KeySet/a kid-2']);
  });
});
