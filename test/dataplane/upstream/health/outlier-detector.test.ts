import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { clusterDefaults } from '#snapshot/cluster-defaults.ts';
import { EndpointHealth } from '#dataplane/upstream/health/endpoint-health.ts';
import { OutlierDetector } from '#dataplane/upstream/health/outlier-detector.ts';
import type { Outcome } from '#dataplane/upstream/health/endpoint-health.ts';
import type { OutlierDetection } from '#snapshot/cluster-health.ts';

const terms: OutlierDetection = clusterDefaults.outlier ?? assert.fail();

interface Given {
  readonly detector: OutlierDetector;
  readonly members: readonly EndpointHealth[];
  /** Requests end at a member. */
  readonly settle: (at: number, outcome: Outcome, times: number, nowMs?: number) => void;
  readonly healthy: () => readonly boolean[];
}

function given(count: number, changes: Partial<OutlierDetection> = {}): Given {
  const all = { ...terms, ...changes };
  const detector = new OutlierDetector(all, 0, { ejections: 0 });
  const members = Array.from({ length: count }, () => new EndpointHealth(null));
  for (const member of members) detector.admit(member);
  return {
    detector,
    members,
    settle(at, outcome, times, nowMs = 0) {
      const member = members[at] ?? assert.fail();
      for (let time = 0; time < times; time += 1) detector.settled(member, outcome, nowMs);
    },
    healthy: () => members.map(({ healthy }) => healthy),
  };
}

describe('an outlier', () => {
  for (const outcome of ['ConnectFailed', 'Broken', 'TimedOut'] as const) {
    it(`is ejected after five failures in a row (${outcome})`, () => {
      const { settle, healthy, detector, members } = given(4);
      settle(1, outcome, 4);
      settle(1, 'Answered', 1);
      settle(1, outcome, 4);
      assert.deepEqual(healthy(), [true, true, true, true]);
      assert.equal(detector.settled(members[1] ?? assert.fail(), outcome, 0), true);
      assert.deepEqual(healthy(), [true, false, true, true]);
    });
  }

  it('is not ejected for what its application answers, unless that is asked for', () => {
    const without = given(4);
    without.settle(0, 'ServerError', 100);
    assert.deepEqual(without.healthy(), [true, true, true, true]);
    const asked = given(4, { consecutiveErrors: 3 });
    asked.settle(0, 'ServerError', 2);
    asked.settle(0, 'Broken', 1);
    assert.deepEqual(asked.healthy(), [false, true, true, true]);
  });

  it('comes back when its time is over, and stays away longer each time in a row', () => {
    const { settle, detector, healthy } = given(2);
    let nowMs = 0;
    for (const times of [1, 2, 3]) {
      settle(0, 'Broken', 5, nowMs);
      assert.equal(detector.sweep(nowMs + terms.ejectionMs * times - 1), false);
      assert.deepEqual(healthy(), [false, true]);
      nowMs += terms.ejectionMs * times;
      assert.equal(detector.sweep(nowMs), true);
      assert.deepEqual(healthy(), [true, true]);
    }
  });

  it('is forgiven, an ejection an interval, once it fares well', () => {
    const { settle, detector, members } = given(2);
    settle(0, 'Broken', 5);
    for (let nowMs = 0; nowMs <= terms.ejectionMs + 3 * terms.intervalMs; nowMs += 1_000)
      detector.sweep(nowMs);
    assert.equal(members[0]?.ejections, 0);
  });

  it('is told by its share of success where there were enough requests, the worst first', () => {
    const { settle, detector, healthy } = given(5, {
      successRatePercentMin: 90,
      requestsMin: 10,
      ejectedPercentMax: 20,
    });
    for (let at = 0; at < 5; at += 1) settle(at, 'Answered', 100);
    settle(1, 'ServerError', 20);
    settle(2, 'ServerError', 90);
    settle(3, 'ServerError', 5);
    assert.equal(detector.sweep(terms.intervalMs - 1), false);
    assert.equal(detector.sweep(terms.intervalMs), true);
    assert.deepEqual(healthy(), [true, true, false, true, true]);
    const few = given(5, { successRatePercentMin: 90, requestsMin: 10 });
    few.settle(0, 'ServerError', 9);
    few.detector.sweep(terms.intervalMs);
    assert.deepEqual(few.healthy(), [true, true, true, true, true]);
  });

  it('is one of never more than its terms say, but one at least where they say any', () => {
    const counts = [1, 2, 3, 4, 10].map((count) => {
      const { settle, detector } = given(count);
      for (let at = 0; at < count; at += 1) settle(at, 'Broken', 10);
      return detector.ejected;
    });
    assert.deepEqual(counts, [1, 1, 1, 2, 5]);
    const none = given(3, { ejectedPercentMax: 0 });
    none.settle(0, 'Broken', 10);
    assert.equal(none.detector.ejected, 0);
  });

  it('returns early when the others have left', () => {
    const { settle, detector, members } = given(4);
    settle(0, 'Broken', 5, 0);
    settle(1, 'Broken', 5, 1);
    for (const member of members.slice(2)) detector.dismiss(member);
    assert.equal(detector.releaseTooMany(), true);
    assert.deepEqual(
      members.map(({ healthy }) => healthy),
      [true, false, true, true],
    );
  });
});

describe('ejections', () => {
  it('never exceed the maximum, and are what the endpoints say, whatever happens', () => {
    const outcomes = fc.constantFrom<Outcome>(
      'Answered',
      'ServerError',
      'ConnectFailed',
      'Broken',
      'TimedOut',
    );
    const step = fc.oneof(
      fc.record({ at: fc.nat(11), outcome: outcomes, times: fc.integer({ min: 1, max: 8 }) }),
      fc.record({ passedMs: fc.nat(60_000) }),
      fc.record({ members: fc.integer({ min: 1, max: 12 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 0, max: 100 }), (steps, percent) => {
        const all = {
          ...terms,
          ejectedPercentMax: percent,
          consecutiveErrors: 4,
          successRatePercentMin: 60,
          requestsMin: 5,
        };
        const { detector, members, settle } = given(12, all);
        let nowMs = 0;
        let present: readonly EndpointHealth[] = members;
        for (const one of steps) {
          if ('outcome' in one) {
            settle(one.at, one.outcome, one.times, nowMs);
          } else if ('passedMs' in one) {
            nowMs += one.passedMs;
            detector.sweep(nowMs);
          } else {
            present = members.slice(0, one.members);
            for (const member of members) {
              if (present.includes(member)) detector.admit(member);
              else detector.dismiss(member);
            }
            detector.releaseTooMany();
          }
          const ejected = present.filter(({ healthy }) => !healthy).length;
          assert.equal(detector.ejected, ejected);
          const most = percent === 0 ? 0 : Math.max(1, Math.floor((present.length * percent) / 100));
          assert.ok(ejected <= most, `${ejected} of ${present.length}`);
        }
      }),
    );
  });
});
