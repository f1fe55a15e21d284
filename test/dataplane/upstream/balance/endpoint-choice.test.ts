import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { EndpointChoice } from '#dataplane/upstream/balance/endpoint-choice.ts';
import { leastRequest } from '#dataplane/upstream/balance/least-request.ts';
import { maglev } from '#dataplane/upstream/balance/maglev.ts';
import { roundRobin } from '#dataplane/upstream/balance/round-robin.ts';
import { givenMembers, givenRandom, tally } from './given-members.ts';
import type { Balancer } from '#dataplane/upstream/balance/balancer.ts';
import type { GivenMember } from './given-members.ts';

const balancers: Readonly<Record<string, () => Balancer<GivenMember>>> = {
  'round robin': () => roundRobin(givenRandom()),
  'least request': () => leastRequest(givenRandom()),
  maglev: () => maglev(({ name }) => name, givenRandom()),
};

function choiceOf(
  members: readonly GivenMember[],
  { make = () => roundRobin<GivenMember>(givenRandom()), panicPercent = 50 }: Choices = {},
): EndpointChoice<GivenMember> {
  const choice = new EndpointChoice<GivenMember>(make(), { panicPercent, prefer: (all) => all });
  choice.update(members);
  return choice;
}

interface Choices {
  readonly make?: () => Balancer<GivenMember>;
  readonly panicPercent?: number;
}

/** Any state of endpoints: [healthy, doubtful, tried]. */
const states = fc.array(fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()), { minLength: 1, maxLength: 8 });

for (const [name, make] of Object.entries(balancers)) {
  describe(`a choice by ${name}`, () => {
    it('falls on one that is healthy, not in doubt and not tried, whenever there is one', () => {
      fc.assert(
        fc.property(states, fc.boolean(), fc.nat(), (all, isTold, hash) => {
          const members = givenMembers(all.length);
          const choice = choiceOf(members, { make, panicPercent: 0 });
          for (const [at, [healthy, doubtful]] of all.entries())
            Object.assign(members[at] ?? {}, { healthy, doubtful });
          choice.changed();
          if (isTold) choice.sweep();
          const tried = members.filter((_, at) => all[at]?.[2] === true);
          const picked = choice.pick(hash, tried);
          assert.ok(picked);
          const untried = members.filter((member) => !tried.includes(member));
          const good = (member: GivenMember): boolean => member.healthy && !member.doubtful;
          if (untried.some(good)) assert.ok(good(picked) && untried.includes(picked));
          else if (untried.some(({ healthy }) => healthy))
            assert.ok(picked.healthy && untried.includes(picked));
          else if (members.some(good)) assert.ok(good(picked));
          else if (untried.length > 0) assert.ok(untried.includes(picked));
        }),
        { numRuns: 300 },
      );
    });

    it('is null only without endpoints', () => {
      assert.equal(choiceOf([], { make }).pick(1, []), null);
      const [only] = givenMembers(1);
      assert.ok(only);
      assert.equal(choiceOf([only], { make }).pick(1, [only]), only);
    });

    it('spreads over the healthy half of 100 as over all', () => {
      const members = givenMembers(100, (member, at) => {
        member.healthy = at % 2 === 0;
      });
      const choice = choiceOf(members, { make });
      const counts = tally(members, 50_000, (at) => choice.pick(Math.imul(at, 0x9e37_79b1) >>> 0, []));
      const [good, bad] = [0, 1].map((rest) => counts.filter((_, at) => at % 2 === rest));
      assert.ok(Math.max(...(bad ?? [])) === 0);
      assert.ok(Math.min(...(good ?? [])) > 700 && Math.max(...(good ?? [])) < 1_400, String(good));
    });
  });
}

describe('a choice', () => {
  it('looks at health no more when too few are healthy, but still at doubt', () => {
    const members = givenMembers(10, (member, at) => {
      member.healthy = at < 4;
      member.doubtful = at === 9;
    });
    const choice = choiceOf(members);
    assert.equal(choice.panics, true);
    const counts = tally(members, 900, () => choice.pick(0, []));
    assert.deepEqual(counts, [100, 100, 100, 100, 100, 100, 100, 100, 100, 0]);
    const last = members[4];
    assert.ok(last);
    last.healthy = true;
    choice.changed();
    choice.sweep();
    assert.equal(choice.panics, false);
    assert.deepEqual(
      tally(members, 50, () => choice.pick(0, [])),
      [10, 10, 10, 10, 10, 0, 0, 0, 0, 0],
    );
  });

  it('does not panic for doubts: two of three that take no connection leave the third', () => {
    const members = givenMembers(3, (member, at) => {
      member.doubtful = at > 0;
    });
    assert.deepEqual(
      tally(members, 30, () => choiceOf(members).pick(0, [])),
      [30, 0, 0],
    );
  });

  it('takes one that comes back after the next sweep', () => {
    const members = givenMembers(2);
    const [first] = members;
    assert.ok(first);
    first.healthy = false;
    const choice = choiceOf(members);
    assert.deepEqual(
      tally(members, 10, () => choice.pick(0, [])),
      [0, 10],
    );
    first.healthy = true;
    choice.changed();
    choice.sweep();
    assert.deepEqual(
      tally(members, 10, () => choice.pick(0, [])),
      [5, 5],
    );
  });

  it('asks who is preferred of all that there are', () => {
    const members = givenMembers(6);
    const choice = new EndpointChoice<GivenMember>(roundRobin(givenRandom()), {
      panicPercent: 50,
      prefer: (all) => all.slice(0, 2),
    });
    choice.update(members);
    assert.deepEqual(
      tally(members, 10, () => choice.pick(0, [])),
      [5, 5, 0, 0, 0, 0],
    );
    assert.equal(choice.pick(0, members.slice(0, 2))?.healthy, true);
  });
});

describe('a choice among many', () => {
  it('goes through all of them once a sweep, however often some change, and never falls on one that has left', () => {
    let walks = 0;
    let present: readonly GivenMember[] = givenMembers(5_000);
    const offered = {
      *[Symbol.iterator]() {
        walks += 1;
        yield* present;
      },
    };
    const choice = new EndpointChoice<GivenMember>(leastRequest(givenRandom()), {
      panicPercent: 50,
      prefer: (all) => all,
    });
    choice.update(offered);
    for (let change = 0; change < 10; change += 1) {
      const leaves = (at: number): boolean => at % 25 === change;
      for (const [at, one] of present.entries()) one.offered = !leaves(at);
      present = [...present.filter((_, at) => !leaves(at)), ...givenMembers(200)];
      choice.update(offered);
      for (let pick = 0; pick < 500; pick += 1) assert.equal(choice.pick(pick, [])?.offered, true);
    }
    assert.equal(walks, 1);
    choice.sweep();
    assert.equal(walks, 2);
    const picked = tally(present, 5_000, (at) => choice.pick(at, []));
    assert.ok(Math.min(...picked) > 0, 'those that came get requests');
  });

  it('falls on those that came as soon as all others have left', () => {
    const members = givenMembers(5_000);
    const choice = choiceOf(members);
    for (const member of members) member.offered = false;
    const [only = assert.fail()] = givenMembers(1);
    choice.update([only]);
    assert.equal(choice.pick(0, []), only);
  });
});
