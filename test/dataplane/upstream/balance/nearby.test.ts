import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Nearby } from '#dataplane/upstream/balance/nearby.ts';
import { givenMembers } from './given-members.ts';
import type { GivenMember } from './given-members.ts';

/** Members that are for one zone each, as many as told. */
function forZones(counts: Readonly<Record<string, number>>): GivenMember[] {
  const zones = Object.entries(counts).flatMap(([zone, count]) => Array.from({ length: count }, () => zone));
  return givenMembers(zones.length, (member, at) => {
    member.forZones = [zones[at] ?? ''];
  });
}

function inZone(zone: string): Nearby<GivenMember> {
  return new Nearby({ place: { zone, node: null } });
}

describe('what is near', () => {
  it('is what is for the zone, however little that is beside the rest', () => {
    const members = forZones({ a: 1, b: 50, c: 50 });
    assert.deepEqual(inZone('a').prefer(members), members.slice(0, 1));
    assert.deepEqual(inZone('b').prefer(members), members.slice(1, 51));
  });

  it('is everybody where the zone has none, or is not known', () => {
    const members = forZones({ a: 1, b: 10 });
    assert.equal(inZone('d').prefer(members), members);
    assert.equal(new Nearby<GivenMember>({ place: { zone: null, node: null } }).prefer(members), members);
    assert.deepEqual(inZone('a').prefer([]), []);
  });

  it('is everybody unless every one has a hint', () => {
    const members = forZones({ a: 2, b: 2 });
    (members[3] ?? assert.fail()).forZones = [];
    assert.equal(inZone('a').prefer(members), members);
    (members[3] ?? assert.fail()).forZones = ['a', 'b'];
    assert.deepEqual(inZone('a').prefer(members), [members[0], members[1], members[3]]);
  });

  it('is the node before the zone, and the zone where the node has none', () => {
    const members = forZones({ a: 3, b: 1 });
    for (const [at, member] of members.entries()) member.forNodes = [`node-${at}`];
    const at = (node: string) => new Nearby<GivenMember>({ place: { zone: 'a', node } }).prefer(members);
    assert.deepEqual(at('node-1'), [members[1]]);
    assert.deepEqual(at('node-9'), members.slice(0, 3));
    (members[1] ?? assert.fail()).healthy = false;
    assert.deepEqual(at('node-1'), members, 'two of three are too few to carry the zone');
  });

  it('is everybody while too many of the near cannot be used, until clearly enough can', () => {
    const members = forZones({ a: 10, b: 10 });
    const view = inZone('a');
    const near = members.slice(0, 10);
    const down = (count: number): readonly GivenMember[] => {
      for (const [at, member] of near.entries()) {
        member.healthy = at >= count || at % 2 === 0;
        member.doubtful = at < count && at % 2 === 0;
      }
      return view.prefer(members);
    };
    assert.deepEqual(down(3), near);
    assert.equal(down(4), members);
    assert.equal(down(3), members);
    assert.deepEqual(down(2), near);
    assert.deepEqual(down(3), near);
  });

  it('is told anew where it is', () => {
    const members = forZones({ a: 1, b: 1 });
    const here: { place: { zone: string | null; node: null } } = { place: { zone: null, node: null } };
    const view = new Nearby<GivenMember>(here);
    assert.equal(view.prefer(members), members);
    here.place = { zone: 'b', node: null };
    assert.deepEqual(view.prefer(members), [members[1]]);
  });
});
