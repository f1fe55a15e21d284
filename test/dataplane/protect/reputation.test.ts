// Who is kept out for a list that its address stands in.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addressLines, packed } from '#controller/translate/policies/address-lines.ts';
import { resourceId } from '#snapshot/ids.ts';
import { connectionFloods, givenProtecting } from '#test/given/protection.ts';
import type { AddressList } from '#snapshot/address-list.ts';
import type { Reputation } from '#snapshot/protection.ts';

function list(name: string, text: string): AddressList {
  const id = resourceId('AddressList', 'default', name);
  return { kind: 'AddressList', id, ...packed([addressLines(text)]) };
}

function rule(name: string, lists: readonly string[], parts: Partial<Reputation> = {}): Reputation {
  return {
    policy: 'default/edge',
    name,
    lists: lists.map((one) => resourceId('AddressList', 'default', one)),
    mode: 'Enforce',
    ...parts,
  };
}

describe('a client in a list', () => {
  it('is kept out, in whichever of its ConfigMaps it stands, and counted by the list', async () => {
    const { guard, protecting, told } = givenProtecting();
    await protecting.useLists([list('one', '192.0.2.0/24'), list('two', '2001:db8::/32')]);
    const port = guard({ reputation: [rule('scanners', ['one', 'two', 'gone'])] });
    assert.equal(port.admit('192.0.2.7'), null);
    assert.equal(port.admit('2001:db8::1'), null);
    assert.ok(port.admit('192.0.3.1'));
    assert.deepEqual(port.judge('192.0.2.7', '192.0.2.7'), { kind: 'Banned', detail: 'listed' });
    assert.equal(port.judge('192.0.3.1', '192.0.3.1'), null);
    const cause = { policy: 'default/edge', reason: 'Reputation', mode: 'Enforce', list: 'scanners' };
    assert.deepEqual(protecting.figures(), [{ ...cause, count: 3 }]);
    assert.deepEqual(told, [{ ...cause, client: '192.0.2.7', count: 1 }]);
  });

  it('comes in again as soon as the list lets it, with the same guard, and is kept out when one begins to name it', async () => {
    const { guard, protecting } = givenProtecting();
    await protecting.useLists([list('one', '192.0.2.7')]);
    const port = guard({ reputation: [rule('scanners', ['one'])] });
    assert.equal(port.admit('192.0.2.7'), null);
    assert.ok(port.admit('192.0.2.8'));
    await protecting.useLists([list('one', '192.0.2.8')]);
    assert.ok(port.admit('192.0.2.7'));
    assert.equal(port.admit('192.0.2.8'), null);
    await protecting.useLists([]);
    assert.ok(port.admit('192.0.2.8'));
  });

  it('comes in in Shadow, counted, unless another list keeps it out', async () => {
    const { guard, protecting } = givenProtecting();
    await protecting.useLists([list('one', '192.0.2.0/24'), list('two', '192.0.2.7')]);
    const port = guard({
      reputation: [rule('tried', ['one'], { mode: 'Shadow' }), rule('known', ['two'])],
    });
    assert.ok(port.admit('192.0.2.8'));
    assert.equal(port.admit('192.0.2.7'), null);
    assert.deepEqual(
      protecting.figures().map(({ list, mode, count }) => [list, mode, count]),
      [
        ['tried', 'Shadow', 2],
        ['known', 'Enforce', 1],
      ],
    );
  });

  it('comes in from a network that is exempt', async () => {
    const { guard, protecting } = givenProtecting();
    await protecting.useLists([list('one', '0.0.0.0/0')]);
    const port = guard({ reputation: [rule('all', ['one'])], exempt: ['192.0.2.0/24'] });
    assert.ok(port.admit('192.0.2.7'));
    assert.equal(port.judge('192.0.2.7', '192.0.2.7'), null);
    assert.equal(port.admit('192.0.3.7'), null);
  });

  it('does not use up what others of its network may open', async () => {
    const { guard, protecting } = givenProtecting();
    await protecting.useLists([list('one', '192.0.2.7')]);
    const opened = { count: 1, windowMs: 60_000, burst: 1 };
    const port = guard({
      connections: connectionFloods({ opened, prefixes: { ipv4Prefix: 24, ipv6Prefix: 64 } }),
      reputation: [rule('scanners', ['one'])],
    });
    for (let n = 0; n < 5; n += 1) assert.equal(port.admit('192.0.2.7'), null);
    assert.ok(port.admit('192.0.2.8'));
  });
});

it('a list that cannot be read leaves what it was before, and is told', async () => {
  const { guard, protecting } = givenProtecting();
  const good = list('one', '192.0.2.7');
  await protecting.useLists([good]);
  const port = guard({ reputation: [rule('scanners', ['one'])] });
  assert.deepEqual(await protecting.useLists([{ ...good, ipv4: 'AAAAAAAA' }]), [
    { id: good.id, reason: 'the networks are not sorted' },
  ]);
  assert.equal(port.admit('192.0.2.7'), null);
});
