// Whose idle connections make room when a cluster may have no more.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Breaker } from '#dataplane/upstream/breaker.ts';
import { ConnectionRoom } from '#dataplane/upstream/connection-room.ts';
import { clusterDefaults } from '#snapshot/cluster-defaults.ts';

/** A room of so many connections, all of which are taken, and its endpoints with so many idle ones each. */
function aFullRoom(connectionsMax: number, idle: readonly number[]) {
  const around = { nowMs: 0, limits: { stalledMs: 1_000 } };
  const room = new ConnectionRoom(new Breaker({ ...clusterDefaults.breaker, connectionsMax }), around);
  const endpoints = idle.map((count) => ({
    lendsAt: -1,
    idle: count,
    asked: 0,
    yieldOne() {
      this.asked += 1;
      if (this.idle === 0) return false;
      this.idle -= 1;
      room.leave();
      return true;
    },
  }));
  for (let taken = 0; taken < connectionsMax; taken += 1) assert.ok(room.enter());
  return { room, around, endpoints, asked: () => endpoints.reduce((sum, { asked }) => sum + asked, 0) };
}

describe('a room that is full', () => {
  it('asks nobody who has had no idle connection, of however many endpoints', () => {
    const { room, asked } = aFullRoom(
      5,
      Array.from({ length: 5_000 }, () => 0),
    );
    assert.equal(room.enter(), false);
    assert.equal(asked(), 0);
  });

  it('asks who has none any more once, until there is one again', () => {
    const { room, endpoints, asked } = aFullRoom(5, [0, 0, 1, 0]);
    for (const endpoint of endpoints) room.lends(endpoint);
    for (const endpoint of endpoints) room.lends(endpoint);
    assert.equal(room.enter(), true);
    for (let count = 0; count < 5; count += 1) assert.equal(room.enter(), false);
    assert.ok(asked() <= 5, `asked ${String(asked())} times`);
    const [first] = endpoints;
    assert.ok(first !== undefined);
    first.idle = 1;
    room.lends(first);
    assert.deepEqual([room.enter(), room.enter()], [true, false]);
  });

  it('takes from each in turn', () => {
    const { room, endpoints } = aFullRoom(9, [3, 3, 3]);
    for (const endpoint of endpoints) room.lends(endpoint);
    for (let count = 0; count < 6; count += 1) assert.ok(room.enter());
    assert.deepEqual(
      endpoints.map(({ idle }) => idle),
      [1, 1, 1],
    );
  });

  it('forgets who lends no more, and keeps the others', () => {
    const { room, endpoints } = aFullRoom(9, [1, 1, 1, 1]);
    const [first, second, third, last] = endpoints;
    assert.ok(first !== undefined && second !== undefined && third !== undefined && last !== undefined);
    for (const endpoint of endpoints) room.lends(endpoint);
    for (const endpoint of [second, last, second]) room.lendsNot(endpoint);
    assert.deepEqual([room.enter(), room.enter(), room.enter()], [true, true, false]);
    assert.deepEqual([second.asked, last.asked], [0, 0]);
    room.lends(second);
    assert.ok(room.enter());
  });

  it('takes from who has stalled longest, for long enough, and only when nobody has an idle one', () => {
    const { room, around, endpoints } = aFullRoom(9, [1]);
    const stalled = ['a', 'b', 'c'].map((name, at) => ({
      name,
      stalledSinceMs: at * 100,
      giveUp: () => {
        givenUp.push(name);
        room.leave();
      },
    }));
    const givenUp: string[] = [];
    const [first, second] = stalled;
    for (const one of stalled) room.stalls(one);
    assert.ok(first !== undefined && second !== undefined && endpoints[0] !== undefined);
    room.stallsNot(second);
    around.nowMs = 999;
    assert.equal(room.enter(), false);
    around.nowMs = 1_000;
    room.lends(endpoints[0]);
    assert.deepEqual([room.enter(), givenUp], [true, []]);
    assert.deepEqual([room.enter(), givenUp], [true, ['a']]);
    assert.deepEqual([room.enter(), givenUp], [false, ['a']]);
    around.nowMs = 1_200;
    assert.deepEqual([room.enter(), givenUp], [true, ['a', 'c']]);
    assert.equal(room.enter(), false);
  });
});
