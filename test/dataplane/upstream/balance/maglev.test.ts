import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { hashText } from '#dataplane/upstream/balance/mixing.ts';
import { maglev } from '#dataplane/upstream/balance/maglev.ts';
import { noHash } from '#dataplane/upstream/balance/balancer.ts';
import { givenMembers, givenRandom, tally } from './given-members.ts';
import type { GivenMember } from './given-members.ts';

const keys = Array.from({ length: 20_000 }, (_, at) => hashText(`user-${at}`));

function choices(members: readonly GivenMember[], attempt = 0): (GivenMember | null)[] {
  const balancer = maglev<GivenMember>(({ name }) => name, givenRandom());
  balancer.update(members, members);
  return keys.map((key) => balancer.pick(key, attempt));
}

describe('maglev', () => {
  it('sends a hash to the same member in every data plane', () => {
    assert.deepEqual(choices(givenMembers(30)), choices(givenMembers(30)));
  });

  it('gives all members about the same', () => {
    const members = givenMembers(50);
    const chosen = choices(members);
    const counts = tally(members, chosen.length, (at) => chosen[at] ?? null);
    assert.ok(Math.min(...counts) > 320 && Math.max(...counts) < 480, String(counts));
  });

  it('moves few hashes when one of n goes: at most 2/n up to 50, and never 2 % beside its own', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 400 }), fc.nat(), (count, which) => {
        const members = givenMembers(count);
        const gone = members[which % count];
        const before = choices(members);
        const after = choices(members.filter((member) => member !== gone));
        const moved = before.filter((member, at) => member !== after[at]).length;
        const own = before.filter((member) => member === gone).length;
        assert.ok(moved - own <= keys.length * 0.02, `${moved} of ${keys.length} at ${count}`);
        if (count <= 50) assert.ok(moved <= (keys.length * 2) / count, `${moved} at ${count}`);
      }),
      { numRuns: 25 },
    );
  });

  it('spreads the hashes of one that cannot be used over the others, each always to the same', () => {
    const members = givenMembers(10);
    const first = choices(members);
    const second = choices(members, 1);
    const [lost] = members;
    const moved = second.filter((_, at) => first[at] === lost);
    const counts = tally(members, moved.length, (at) => moved[at] ?? null);
    assert.ok(
      counts.every((count) => count > moved.length * 0.05),
      String(counts),
    );
    assert.deepEqual(second, choices(members, 1));
  });

  it('lets one that starts slowly take ever more of the same hashes', () => {
    const members = givenMembers(10);
    const [young] = members;
    assert.ok(young);
    let before: ReadonlySet<number> = new Set<number>();
    for (const weight of [10, 40, 70, 100]) {
      young.weight = weight;
      const chosen = choices(members);
      const its: Set<number> = new Set(keys.filter((_, at) => chosen[at] === young));
      assert.ok(before.isSubsetOf(its));
      assert.ok(Math.abs(its.size - weight * 20) < 300, `${its.size} at ${weight}`);
      before = its;
    }
  });

  it('takes anybody for a request with nothing to hash', () => {
    const members = givenMembers(10);
    const balancer = maglev<GivenMember>(({ name }) => name, givenRandom());
    balancer.update(members, members);
    const counts = tally(members, 10_000, () => balancer.pick(noHash, 0));
    assert.ok(Math.min(...counts) > 700, String(counts));
  });

  it('is built for 5,000 members in a short time', () => {
    const members = givenMembers(5_000);
    const took = Array.from({ length: 5 }, () => {
      const balancer = maglev<GivenMember>(({ name }) => name, givenRandom());
      balancer.update(members, members);
      const begunMs = performance.now();
      balancer.pick(1, 0);
      return performance.now() - begunMs;
    });
    assert.ok(Math.min(...took) < 20, `${took.map((ms) => ms.toFixed(1)).join(' ')} ms`);
  });
});
