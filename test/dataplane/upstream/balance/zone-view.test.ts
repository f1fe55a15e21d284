import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ZoneView } from '#dataplane/upstream/balance/zone-view.ts';
import { givenMembers } from './given-members.ts';
import type { GivenMember } from './given-members.ts';

/** Members in zones, as many of each as told. */
function inZones(counts: Readonly<Record<string, number>>): GivenMember[] {
  const zones = Object.entries(counts).flatMap(([zone, count]) => Array.from({ length: count }, () => zone));
  return givenMembers(zones.length, (member, at) => {
    member.zone = zones[at] ?? null;
  });
}

describe('a view from a zone', () => {
  it('prefers the members of the zone', () => {
    const members = inZones({ a: 5, b: 5, c: 5 });
    assert.deepEqual(new ZoneView<GivenMember>('b').prefer(members), members.slice(5, 10));
  });

  it('takes all where the zone has none, too few, or is not known', () => {
    const members = inZones({ a: 1, b: 10, c: 10 });
    assert.equal(new ZoneView<GivenMember>('d').prefer(members), members);
    assert.equal(new ZoneView<GivenMember>('a').prefer(members), members);
    assert.equal(new ZoneView<GivenMember>(null).prefer(members), members);
    assert.deepEqual(new ZoneView<GivenMember>('a').prefer([]), []);
  });

  it('leaves the zone when too many there cannot be used, and returns when clearly enough can', () => {
    const members = inZones({ a: 10, b: 10 });
    const view = new ZoneView<GivenMember>('a');
    const near = members.slice(0, 10);
    const down = (count: number): void => {
      for (const [at, member] of near.entries()) member.healthy = at >= count;
    };
    down(4);
    assert.deepEqual(view.prefer(members), near);
    down(5);
    assert.equal(view.prefer(members), members);
    down(4);
    assert.equal(view.prefer(members), members);
    down(2);
    assert.deepEqual(view.prefer(members), near);
  });

  it('goes by hints where every member has one', () => {
    const hinted = (zones: readonly (readonly string[])[]): GivenMember[] =>
      givenMembers(zones.length).map((member, at) => ({ ...member, zone: 'b', forZones: zones[at] ?? [] }));
    const all = hinted([['a'], ['b'], ['a', 'b'], ['b']]);
    assert.deepEqual(new ZoneView<GivenMember>('a').prefer(all), [all[0], all[2]]);
    const some = hinted([['a'], [], ['a'], []]);
    assert.equal(new ZoneView<GivenMember>('a').prefer(some), some);
  });
});
