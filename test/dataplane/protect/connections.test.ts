// How many connections an address opens, and has open.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { connectionFloods, givenProtecting } from '#test/given/protection.ts';
import type { PortGuard } from '#dataplane/runtime.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

const ten = { count: 10, windowMs: 1000, burst: 3 };

/** How many of `count` connections are let in. */
function admitted(guard: PortGuard, address: string, count: number): number {
  return Array.from({ length: count }, () => guard.admit(address)).filter((pass) => pass !== null).length;
}

describe('connections of one address', () => {
  it('are let in up to the burst at once, and then as the rate allows', () => {
    const { guard, clock } = givenProtecting();
    const port = guard({ connections: connectionFloods({ opened: ten }) });
    assert.equal(admitted(port, '192.0.2.1', 10), 3);
    assert.equal(admitted(port, '192.0.2.2', 10), 3, 'another address has its own');
    clock.ms += 100;
    assert.equal(admitted(port, '192.0.2.1', 10), 1);
    clock.ms += 10_000;
    assert.equal(admitted(port, '192.0.2.1', 10), 3);
  });

  it('are never more in any time than burst and rate make', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(gaps, (waits) => {
        const { guard, clock } = givenProtecting();
        const port = guard({ connections: connectionFloods({ opened: ten }) });
        const beganMs = clock.ms;
        let level = 0;
        for (const wait of waits) {
          clock.ms += wait;
          // a bucket that fills with each connection and leaks evenly
          level = Math.max(0, level - wait / 100);
          const isIn = guard !== null && port.admit('192.0.2.1') !== null;
          assert.equal(isIn, level + 1 <= 3 + 1e-6, `${clock.ms - beganMs}`);
          if (isIn) level += 1;
        }
      }),
    );
  });

  it('are counted until they are gone, whatever guard let them in', () => {
    const { guard } = givenProtecting();
    const two = { connections: connectionFloods({ openMax: 2 }) };
    const first = guard(two);
    const passes = [first.admit('192.0.2.1'), first.admit('192.0.2.1')];
    assert.equal(first.admit('192.0.2.1'), null);
    const next = guard(two);
    assert.equal(next.admit('192.0.2.1'), null, 'the counts are those of the policy');
    assert.ok(next.admit('192.0.2.2'));
    passes[0]?.leave();
    assert.ok(next.admit('192.0.2.1'));
    assert.equal(next.admit('192.0.2.1'), null);
  });

  it('are counted on where their policy was gone for a while', async () => {
    const { guard, protecting } = givenProtecting();
    const two = { connections: connectionFloods({ openMax: 2 }) };
    const passes = [guard(two).admit('192.0.2.1'), guard(two).admit('192.0.2.1')];
    await nextTurn();
    collect();
    const again = guard(two);
    assert.equal(again.admit('192.0.2.1'), null, 'both are open still');
    for (const pass of passes) pass?.leave();
    assert.ok(again.admit('192.0.2.1'));
    assert.equal(protecting.figures().length, 1);
  });

  it('are those of a network, as wide as is told', () => {
    const { guard } = givenProtecting();
    const port = guard({
      connections: connectionFloods({ opened: ten, prefixes: { ipv4Prefix: 24, ipv6Prefix: 56 } }),
    });
    assert.equal(admitted(port, '192.0.2.1', 2) + admitted(port, '192.0.2.200', 2), 3);
    assert.equal(admitted(port, '192.0.3.1', 5), 3);
    assert.equal(admitted(port, '2001:db8:0:ff::1', 2) + admitted(port, '2001:db8:0:1::1', 2), 3);
    assert.equal(admitted(port, '2001:db8:0:100::1', 5), 3);
  });

  it('are not limited for networks that are exempt', () => {
    const { guard, protecting } = givenProtecting();
    const port = guard({
      connections: connectionFloods({ opened: ten, openMax: 1 }),
      exempt: ['192.0.2.0/24', '2001:db8::/32'],
    });
    assert.equal(admitted(port, '192.0.2.1', 20), 20);
    assert.equal(admitted(port, '2001:db8::1', 20), 20);
    assert.equal(admitted(port, '198.51.100.1', 20), 1);
    assert.equal(protecting.figures().length, 1);
  });

  it('are let in whatever they are in Shadow, and counted', () => {
    const { guard, protecting } = givenProtecting();
    const port = guard({ connections: connectionFloods({ opened: ten, mode: 'Shadow' }) });
    assert.equal(admitted(port, '192.0.2.1', 10), 10);
    assert.deepEqual(protecting.figures(), [
      { policy: 'default/edge', reason: 'ConnectionRate', mode: 'Shadow', count: 7 },
    ]);
  });

  it('are told of once a minute, however many are refused', () => {
    const { guard, told, clock } = givenProtecting();
    const port = guard({ connections: connectionFloods({ openMax: 1 }) });
    admitted(port, '192.0.2.1', 101);
    assert.deepEqual(told, [
      { policy: 'default/edge', reason: 'OpenConnections', mode: 'Enforce', client: '192.0.2.1', count: 1 },
    ]);
    clock.ms += 59_999;
    admitted(port, '192.0.2.1', 1);
    assert.equal(told.length, 1);
    clock.ms += 1;
    admitted(port, '192.0.2.2', 2);
    assert.deepEqual(told[1], { ...told[0], client: '192.0.2.2', count: 101 });
  });

  it('of very many addresses take no more memory than there is, and who is forgotten gains one burst', () => {
    const { guard, clock } = givenProtecting(4096);
    const port = guard({
      connections: connectionFloods({ opened: { count: 3, windowMs: 3_600_000, burst: 3 } }),
    });
    let most = 0;
    assert.equal(admitted(port, '192.0.2.1', 4), 3);
    for (let round = 0; round < 20; round += 1) {
      clock.ms += 1;
      for (let n = 0; n < 5000; n += 1) admitted(port, `10.${round}.${n >> 8}.${n & 255}`, 3);
      most = Math.max(most, admitted(port, '192.0.2.1', 100));
    }
    assert.equal(most, 3, 'it was forgotten, and had its burst again');
  });
});
