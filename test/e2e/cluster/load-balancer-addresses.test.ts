import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assignments } from '#e2e/cluster/load-balancer-addresses.ts';
import type { LoadBalancerService } from '#e2e/cluster/load-balancer-addresses.ts';

function service(uid: string, rest: Partial<LoadBalancerService> = {}): LoadBalancerService {
  return { uid, requested: null, assigned: null, ...rest };
}

function given(...services: readonly LoadBalancerService[]): Readonly<Record<string, string | null>> {
  return Object.fromEntries(assignments(services));
}

describe('addresses of Services of type LoadBalancer', () => {
  it('are the lowest free ones, and stay what they are', () => {
    const services = [service('a'), service('b', { assigned: '10.89.1.1' }), service('c')];
    assert.deepEqual(given(...services), { a: '10.89.1.2', b: '10.89.1.1', c: '10.89.1.3' });
  });

  it('are what is asked for, within the automatic pool and the pool beside it', () => {
    const services = [service('a', { requested: '10.89.2.9' }), service('b', { requested: '10.89.1.200' })];
    assert.deepEqual(given(...services), { a: '10.89.2.9', b: '10.89.1.200' });
  });

  it('are never given unasked from the pool beside the automatic one', () => {
    const full = Array.from({ length: 254 }, (_, index) => service(`s${index}`));
    assert.equal(given(...full, service('late'))['late'], null);
  });

  it('are nothing for one that asks outside the pools, or for what is not an address', () => {
    for (const requested of ['192.0.2.1', '10.89.1.0', '10.89.1.255', '10.89.1.01', '10.89.10.1', 'fd00::1'])
      assert.deepEqual(given(service('a', { requested })), { a: null }, requested);
  });

  it('are given to one Service only: the one that has it, else the first that asks', () => {
    const wish = { requested: '10.89.1.1' };
    assert.deepEqual(given(service('a', wish), service('b', wish)), { a: '10.89.1.1', b: null });
    const holder = service('b', { assigned: '10.89.1.1' });
    assert.deepEqual(given(service('a', wish), holder), { a: null, b: '10.89.1.1' });
  });

  it('change when a Service asks for another one, and when what it has is not from a pool', () => {
    const moved = service('a', { assigned: '10.89.1.1', requested: '10.89.2.1' });
    assert.deepEqual(given(moved), { a: '10.89.2.1' });
    assert.deepEqual(given(service('a', { assigned: '192.0.2.1' })), { a: '10.89.1.1' });
    assert.deepEqual(given(service('a', { assigned: '10.89.2.1' })), { a: '10.89.1.1' });
  });
});
