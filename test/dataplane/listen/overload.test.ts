import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ContentPace } from '#dataplane/listen/content-pace.ts';
import { OverloadGuard } from '#dataplane/listen/overload-guard.ts';
import { Patience } from '#dataplane/listen/patience.ts';
import { aDeafEndpoint } from '#test/given/deaf-endpoint.ts';
import { givenDataPlane } from '#test/given/data-plane.ts';
import { eventually } from '#test/given/eventually.ts';
import { aRawBackend, smallOrLarge } from '#test/given/raw-backend.ts';
import { aRawClient, converse } from '#test/given/raw-client.ts';
import { aBackend, aForward, aRetry, aRule } from '#test/given/runtime.ts';
import type { ClientConnection } from '#dataplane/listen/client-connection.ts';
import type { Found } from '#dataplane/listen/overload-guard.ts';

/** A connection that holds so much, and says when it is cut. */
class Holder implements ClientConnection {
  readonly isIdle = false;
  readonly buffered: number;
  readonly sinceMs: number;
  readonly stalledSinceMs: number;
  isCut = false;

  constructor(buffered: number, sinceMs = 0, stalledSinceMs = Number.POSITIVE_INFINITY) {
    this.buffered = buffered;
    this.sinceMs = sinceMs;
    this.stalledSinceMs = stalledSinceMs;
  }

  drain(): void {}
  endIdle(): void {}
  sweep(): void {}
  destroy(): void {
    this.isCut = true;
  }
}

/** What a sweep has found, of holders of whom there may be a thousand. */
function found(holders: readonly Holder[], bufferedBytesMax: number, lateMs = 0): Found {
  const buffered = holders.reduce((sum, holder) => sum + holder.buffered, 0);
  return {
    buffered,
    connections: new Set(holders),
    nowMs: 0,
    lateMs,
    connectionsMax: 1_000,
    bufferedBytesMax,
  };
}

describe('the load', () => {
  it('rises by what is held, and falls with some slack', () => {
    const guard = new OverloadGuard();
    const told = [0, 84, 85, 80, 75, 74, 85, 100, 95, 90, 89, 76, 74, 100, 119, 120, 115, 110, 109, 0].map(
      (held) => {
        guard.sweep(found([new Holder(held)], 100));
        return `${held} ${guard.level}`;
      },
    );
    assert.deepEqual(told, [
      '0 None',
      '84 None',
      '85 Saving',
      '80 Saving',
      '75 Saving',
      '74 None',
      '85 Saving',
      '100 Shedding',
      '95 Shedding',
      '90 Shedding',
      '89 Saving',
      '76 Saving',
      '74 None',
      '100 Shedding',
      '119 Shedding',
      '120 Cutting',
      '115 Cutting',
      '110 Cutting',
      '109 Shedding',
      '0 None',
    ]);
  });

  it('is also how late things happen, for which nobody is cut', () => {
    const guard = new OverloadGuard();
    const holder = new Holder(50);
    for (const [lateMs, level] of [
      [100, 'None'],
      [3_000, 'None'],
      [1_900, 'None'],
      [2_000, 'None'],
      [3_000, 'Shedding'],
      [3_000, 'Shedding'],
      [0, 'None'],
    ] as const) {
      guard.sweep(found([holder], 100, lateMs));
      assert.deepEqual([guard.sheds, guard.saves], [level !== 'None', false]);
      assert.equal(guard.level, level);
    }
    assert.equal(holder.isCut, false);
  });

  it('cuts the newest of those that hold most, and no more than it must', () => {
    const holders = [
      new Holder(1_000, 1),
      new Holder(0, 9),
      new Holder(1_020, 2),
      new Holder(10, 8),
      new Holder(600, 3),
    ];
    const guard = new OverloadGuard();
    guard.sweep(found(holders, 1_010));
    assert.deepEqual(
      holders.map(({ isCut }) => isCut),
      [false, false, true, false, true],
    );
  });
});

describe('answers that nobody takes', () => {
  it('cost all clients their patience when they are many: one in forty of the connections there may be', () => {
    const shareWith = (stalled: number): number => {
      const holders = Array.from(
        { length: 2_000 },
        (_, at) => new Holder(0, 1, at < stalled ? 8_000 : 8_900),
      );
      const guard = new OverloadGuard();
      guard.sweep({ ...found(holders, 1_000), nowMs: 9_500, connectionsMax: 20_000 });
      return guard.patience;
    };
    assert.equal(shareWith(125), 1);
    assert.ok(shareWith(250) < 0.7);
    assert.equal(shareWith(500), 0.2);
  });

  it('are given up before anything is refused: the longest stalled first, no more than it must', () => {
    const holders = [
      new Holder(300, 1, 8_900),
      new Holder(300, 2, 8_000),
      new Holder(300, 3),
      new Holder(300, 4, 8_500),
    ];
    const guard = new OverloadGuard();
    guard.sweep({ ...found(holders, 1_200), nowMs: 9_500 });
    assert.deepEqual(
      holders.map(({ isCut }) => isCut),
      [false, true, false, false],
    );
    assert.deepEqual([guard.level, guard.sheds], ['None', false]);
  });

  it('are not when they have waited for less than a second, or there is room', () => {
    const fresh = [new Holder(900, 1, 8_600), new Holder(90, 1, 8_600)];
    const guard = new OverloadGuard();
    guard.sweep({ ...found(fresh, 1_000), nowMs: 9_500 });
    const old = [new Holder(800, 1, 0)];
    guard.sweep({ ...found(old, 1_000), nowMs: 10_000 });
    assert.deepEqual(
      [...fresh, ...old].map(({ isCut }) => isCut),
      [false, false, false],
    );
  });

  it('may be a part of a connection', () => {
    let asked = 0;
    class Carrier extends Holder {
      relieve(sinceMs: number): void {
        asked = sinceMs;
      }
    }
    const carrier = new Carrier(1_000, 1, 0);
    const guard = new OverloadGuard();
    guard.sweep({ ...found([carrier], 1_000), nowMs: 9_500 });
    assert.deepEqual([asked, carrier.isCut, guard.level], [8_500, false, 'None']);
  });
});

describe('patience', () => {
  it('is whole while less than a quarter is taken, and least from 85 % on', () => {
    for (const [load, share] of [
      [0, 1],
      [0.25, 1],
      [0.55, 0.6],
      [0.85, 0.2],
      [3, 0.2],
    ] as const) {
      const patience = new Patience();
      patience.follow(load, 0);
      assert.ok(Math.abs(patience.share - share) < 1e-9, `${load}: ${patience.share}`);
    }
  });

  it('is lost at once and comes back in 100 seconds', () => {
    const patience = new Patience();
    patience.follow(0.85, 0);
    const shares = [25_000, 50_000, 100_000, 200_000].map((nowMs) => {
      patience.follow(0, nowMs);
      return Math.round(patience.share * 100);
    });
    assert.deepEqual(shares, [40, 60, 100, 100]);
  });

  it('goes by the bound that is nearest: of memory, or of connections', () => {
    const holders = Array.from({ length: 850 }, () => new Holder(0));
    const guard = new OverloadGuard();
    guard.sweep(found(holders, 1_000));
    assert.deepEqual([Math.round(guard.patience * 100), guard.level], [20, 'None']);
    const full = new OverloadGuard();
    full.sweep(found([new Holder(850)], 1_000));
    assert.equal(Math.round(full.patience * 100), 20);
  });
});

describe('the pace of content', () => {
  it('is measured in windows of five seconds in which content is waited for', () => {
    const pace = new ContentPace();
    pace.begin();
    pace.wait(0);
    assert.equal(pace.isTooSlow(4_999, 100), false);
    assert.equal(pace.isTooSlow(5_000, 0), false);
    pace.wait(5_000);
    pace.took(500);
    assert.equal(pace.isTooSlow(10_000, 100), false);
    pace.took(499);
    assert.equal(pace.isTooSlow(15_000, 100), true);
  });

  it('does not count while nobody waits', () => {
    const pace = new ContentPace();
    pace.begin();
    pace.wait(0);
    pace.rest(4_000);
    assert.equal(pace.isTooSlow(100_000, 100), false);
    pace.wait(100_000);
    assert.equal(pace.isTooSlow(100_999, 100), false);
    assert.equal(pace.isTooSlow(101_000, 100), true);
    pace.begin();
    pace.wait(200_000);
    assert.equal(pace.isTooSlow(204_000, 100), false);
  });
});

it('who takes no answer is cut when more is held than may be, and others are served', async () => {
  await using backend = await aRawBackend(smallOrLarge);
  using dataPlane = await givenDataPlane([backend.port], {
    limits: { sweepMs: 5, bufferedBytesMax: 10_000 },
  });
  using client = await aRawClient(dataPlane.port);
  client.socket.pause();
  client.send('GET /large HTTP/1.1\r\nHost: a\r\n\r\n');
  await eventually(() => dataPlane.records.length === 1);
  assert.equal(dataPlane.records[0]?.failure?.kind, 'ClientGone');
  await eventually(() => dataPlane.listeners.connectionCount() === 0);
  // until the next sweep has found that all is well, newcomers are turned away
  let statuses: readonly number[] = [];
  for (let attempt = 0; statuses.length === 0 && attempt < 100; attempt += 1) {
    const { answers } = await converse(
      dataPlane.port,
      'GET /small HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    );
    statuses = answers.map(({ status }) => status);
  }
  assert.deepEqual(statuses, [200]);
});

it('content that is kept for another attempt counts as held', async () => {
  await using backend = await aRawBackend(() => null);
  const retry = aRetry({ codes: new Set([503]) });
  using dataPlane = await givenDataPlane([backend.port], {
    limits: { sweepMs: 5, bufferedBytesMax: 10_000 },
    rule: (cluster) => aRule(cluster, { action: aForward(aBackend(cluster), { retry }) }),
  });
  using client = await aRawClient(dataPlane.port);
  client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n${'x'.repeat(15_000)}`);
  await eventually(() => dataPlane.records.length === 1);
  assert.equal(dataPlane.records[0]?.failure?.kind, 'ClientGone');
});

it('content that waits for the connection of a copy counts as held', async () => {
  await using backend = await aRawBackend(() => null);
  await using deaf = await aDeafEndpoint();
  using mirror = await givenDataPlane([deaf.port]);
  const mirrors = [{ cluster: mirror.cluster, share: 1 }];
  using dataPlane = await givenDataPlane([backend.port], {
    limits: { sweepMs: 5, bufferedBytesMax: 10_000 },
    rule: (cluster) => aRule(cluster, { action: aForward(aBackend(cluster, mirrors)) }),
  });
  using client = await aRawClient(dataPlane.port);
  client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n${'x'.repeat(15_000)}`);
  await eventually(() => dataPlane.records.length === 1);
  assert.equal(dataPlane.records[0]?.failure?.kind, 'ClientGone');
});
