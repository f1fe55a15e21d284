import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually } from '#test/given/eventually.ts';
import { edge, endpoints, givenPublisher, givenSubscriber, order, route, setOf } from './given.ts';

describe('a publisher and a subscriber', () => {
  test('bring everything at first, and what changes after that', async () => {
    await using controller = await givenPublisher();
    const [a, b] = [route('a'), route('b')];
    controller.publisher.put(edge, setOf(a, b), order(1));
    await using dataPlane = givenSubscriber(controller.address);
    await eventually(() => dataPlane.sets.length === 1);
    assert.deepEqual([...(dataPlane.sets[0] ?? [])], [...setOf(a, b)]);

    controller.publisher.put(edge, setOf(a, route('c')), order(2));
    await eventually(() => dataPlane.sets.length === 2);
    assert.deepEqual([...(dataPlane.sets[1] ?? [])], [...setOf(a, route('c'))]);
    assert.equal(
      dataPlane.sets[1]?.get(a.id),
      dataPlane.sets[0]?.get(a.id),
      'what is unchanged is the same object',
    );
    const version = controller.publisher.version(edge);
    assert.equal(dataPlane.subscriber.state().serving?.version, version);
    await eventually(() => controller.publisher.allReadyHave(edge, version ?? ''));
    assert.deepEqual(controller.observed.get(edge), { connected: 1, ready: 1, refused: new Map() });
  });

  test('bring a change of endpoints at once', async () => {
    await using controller = await givenPublisher();
    controller.publisher.put(edge, setOf(route('a'), endpoints('cart', '10.0.0.1')), order(1));
    await using dataPlane = givenSubscriber(controller.address);
    await eventually(() => dataPlane.sets.length === 1);
    const moved = endpoints('cart', '10.0.0.2');
    controller.publisher.putEndpoints(edge, moved, order(2));
    await eventually(() => dataPlane.sets.length === 2);
    assert.deepEqual(dataPlane.served(moved), moved);
  });
});
