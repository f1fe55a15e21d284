// A pick must cost the same whether a Service has one endpoint or thousands, also while half of them cannot be used.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EndpointChoice } from '#dataplane/upstream/balance/endpoint-choice.ts';
import { leastRequest } from '#dataplane/upstream/balance/least-request.ts';
import { maglev } from '#dataplane/upstream/balance/maglev.ts';
import { roundRobin } from '#dataplane/upstream/balance/round-robin.ts';
import { givenMembers, givenRandom } from './given-members.ts';
import type { Balancer } from '#dataplane/upstream/balance/balancer.ts';
import type { GivenMember } from './given-members.ts';

const picksARound = 20_000;
const rounds = 15;
/**
 * What is shown here is that no walk over the endpoints is left, which would be hundreds of times as much: beside
 * other tests, whatever does not lie in the processor's own memory takes its time. bench/ measures the exact ratio.
 */
const ratioMax = 8;

/** Rounds of picks, each with so many requests under way. */
function round(choice: EndpointChoice<GivenMember>): number {
  const underway: GivenMember[] = [];
  const begunMs = performance.now();
  for (let at = 0; at < picksARound; at += 1) {
    const picked = choice.pick(Math.imul(at, 0x9e37_79b1) >>> 0, nobody);
    if (picked === null) continue;
    picked.load += 1;
    const done = underway[at & 63];
    if (done !== undefined) done.load -= 1;
    underway[at & 63] = picked;
  }
  return performance.now() - begunMs;
}

const nobody: readonly GivenMember[] = [];

/** The least of many rounds at each choice, taken in turn so that what else runs here disturbs all alike. */
function leastMs(choices: readonly EndpointChoice<GivenMember>[]): readonly number[] {
  const least = choices.map(() => Number.POSITIVE_INFINITY);
  for (let turn = 0; turn < rounds; turn += 1) {
    for (const [at, choice] of choices.entries()) least[at] = Math.min(least[at] ?? 0, round(choice));
  }
  return least;
}

const balancers: Readonly<Record<string, () => Balancer<GivenMember>>> = {
  'round robin': () => roundRobin(givenRandom()),
  'least request': () => leastRequest(givenRandom()),
  maglev: () => maglev(({ name }) => name, givenRandom()),
};

/** How the half of the endpoints fares that does not fare well. */
const cases: Readonly<Record<string, (member: GivenMember) => void>> = {
  'all usable': () => {},
  'half of them ejected': (member) => {
    member.healthy = false;
  },
  'half of them young': (member) => {
    member.weight = 10;
  },
};

for (const [name, make] of Object.entries(balancers)) {
  describe(`a pick by ${name} costs the same among 2 and among 5,000 endpoints`, () => {
    for (const [state, spoil] of Object.entries(cases)) {
      it(`with ${state}`, () => {
        const choices = [2, 5_000].map((count) => {
          const choice = new EndpointChoice<GivenMember>(make(), { panicPercent: 50, prefer: (all) => all });
          choice.update(givenMembers(count, (member, at) => at % 2 === 1 && spoil(member)));
          return choice;
        });
        const [few = 0, many = 0] = leastMs(choices);
        assert.ok(
          many <= few * ratioMax,
          `${(few * 1e6) / picksARound} ns, then ${(many * 1e6) / picksARound} ns`,
        );
      });
    }

    it('with half of them ejected since the last sweep', () => {
      const members = givenMembers(5_000);
      const choices = [givenMembers(2), members].map((some) => {
        const choice = new EndpointChoice<GivenMember>(make(), { panicPercent: 50, prefer: (all) => all });
        choice.update(some);
        for (const [at, member] of some.entries()) member.healthy = at % 2 === 0;
        choice.changed();
        return choice;
      });
      const [few = 0, many = 0] = leastMs(choices);
      assert.ok(
        many <= few * ratioMax,
        `${(few * 1e6) / picksARound} ns, then ${(many * 1e6) / picksARound} ns`,
      );
    });
  });
}
