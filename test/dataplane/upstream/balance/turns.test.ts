import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { leastRequest } from '#dataplane/upstream/balance/least-request.ts';
import { roundRobin } from '#dataplane/upstream/balance/round-robin.ts';
import { SlowStart } from '#dataplane/upstream/balance/slow-start.ts';
import { givenMembers, givenRandom, tally } from './given-members.ts';
import type { Balancer } from '#dataplane/upstream/balance/balancer.ts';
import type { GivenMember } from './given-members.ts';

const weights = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 40 });

function pickIn(balancer: Balancer<GivenMember>, members: readonly GivenMember[]): () => GivenMember | null {
  balancer.update(members, members);
  return () => balancer.pick(0, 0);
}

for (const [name, make] of [
  ['round robin', roundRobin],
  ['least request, while nothing is under way,', leastRequest],
] as const) {
  describe(name, () => {
    it('goes strictly in turn', () => {
      const members = givenMembers(7);
      const pick = pickIn(make<GivenMember>(givenRandom()), members);
      const first = members.indexOf(pick() ?? members[0] ?? assert.fail());
      for (let turn = 1; turn < 30; turn += 1) assert.equal(pick(), members[(first + turn) % 7]);
    });

    it('gives each the part of its weight, within 5 % over 100,000 picks', () => {
      fc.assert(
        fc.property(weights, fc.integer(), (parts, seed) => {
          const members = givenMembers(parts.length, (member, at) => {
            member.weight = parts[at] ?? 0;
          });
          const counts = tally(members, 100_000, pickIn(make<GivenMember>(givenRandom(seed)), members));
          const all = parts.reduce((sum, part) => sum + part, 0);
          for (const [at, part] of parts.entries()) {
            const expected = (100_000 * part) / all;
            const off = Math.abs((counts[at] ?? 0) - expected);
            // what chance alone may do to few picks: five standard deviations
            assert.ok(
              off <= Math.max(expected * 0.05, 5 * Math.sqrt(expected)),
              `${counts[at]} of ${expected}`,
            );
          }
        }),
        { numRuns: 20 },
      );
    });

    it('goes on where it was when members come and go', () => {
      const members = givenMembers(5);
      const balancer = make<GivenMember>(givenRandom());
      const pick = pickIn(balancer, members);
      const before = members.indexOf(pick() ?? assert.fail());
      balancer.update(members, members);
      assert.equal(pick(), members[(before + 1) % 5]);
    });

    it('has nobody where there is nobody', () => {
      assert.equal(pickIn(make<GivenMember>(givenRandom()), [])(), null);
    });
  });
}

describe('least request', () => {
  it('never takes the busier of its two choices', () => {
    const members = givenMembers(2, (member, at) => {
      member.load = at === 0 ? 5 : 4;
    });
    const counts = tally(members, 1_000, pickIn(leastRequest<GivenMember>(givenRandom()), members));
    // the busy one only when it was drawn twice: every other turn, half of them
    assert.ok(Math.abs((counts[0] ?? 0) - 250) < 60, String(counts));
  });

  it('prefers the idle: one slow endpoint of ten ends with far less than its turn', () => {
    const members = givenMembers(10);
    const pick = pickIn(leastRequest<GivenMember>(givenRandom()), members);
    const served = members.map(() => 0);
    const underway: { readonly at: number; readonly until: number }[] = [];
    for (let now = 0; now < 20_000; now += 1) {
      while (underway[0] !== undefined && underway[0].until <= now) {
        const done = members[underway.shift()?.at ?? 0];
        if (done !== undefined) done.load -= 1;
      }
      const at = members.indexOf(pick() ?? assert.fail());
      const member = members[at] ?? assert.fail();
      member.load += 1;
      served[at] = (served[at] ?? 0) + 1;
      underway.push({ at, until: now + (at === 3 ? 400 : 20) });
      underway.sort((a, b) => a.until - b.until);
    }
    assert.ok((served[3] ?? 0) < 700, `the slow one had ${served[3]} of 20,000`);
    assert.ok(Math.min(...served.filter((_, at) => at !== 3)) > 1_800, String(served));
  });

  it('counts what is under way by weight', () => {
    const members = givenMembers(2, (member, at) => {
      member.weight = at === 0 ? 10 : 100;
      member.load = at === 0 ? 1 : 9;
    });
    const counts = tally(members, 10_000, pickIn(leastRequest<GivenMember>(givenRandom()), members));
    assert.ok((counts[0] ?? 0) < 200, String(counts));
  });
});

describe('a slow start', () => {
  it('never takes weight back, begins above nothing and ends whole', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3_600_000 }),
        fc.nat(4_000_000),
        fc.nat(4_000_000),
        (windowMs, a, b) => {
          const start = new SlowStart(windowMs);
          const [earlier, later] = [Math.min(a, b), Math.max(a, b)];
          assert.ok(start.weightAt(0, earlier) >= 10);
          assert.ok(start.weightAt(0, earlier) <= start.weightAt(0, later));
          assert.equal(start.weightAt(0, windowMs), 100);
        },
      ),
    );
    assert.equal(new SlowStart(0).weightAt(5, 5), 100);
    assert.equal(new SlowStart(1_000).weightAt(0, 500), 50);
  });
});
