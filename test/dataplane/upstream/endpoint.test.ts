import assert from 'node:assert/strict';
import { it } from 'node:test';
import { UpstreamEndpoint } from '#dataplane/upstream/endpoint.ts';
import type { EndpointOwner } from '#dataplane/upstream/endpoint.ts';
import { endpointDefaults } from '#snapshot/cluster-defaults.ts';

/** An endpoint whose transports do nothing but tell what becomes of them. */
function given() {
  const made: string[] = [];
  const owner = {
    outsideHost: () => null,
    transportTo() {
      const at = made.push('Kept') - 1;
      return { open: 2, idle: 1, sweep: () => {}, retire: () => (made[at] = 'Retired') };
    },
  } as unknown as EndpointOwner;
  const told = { address: '10.0.0.1', port: 80, state: 'Ready', ...endpointDefaults } as const;
  return { endpoint: new UpstreamEndpoint(told, owner), made };
}

it('an endpoint that nobody asks has no transport, whatever becomes of it', () => {
  const { endpoint, made } = given();
  endpoint.sweep();
  endpoint.reachAnew();
  assert.deepEqual([endpoint.open, endpoint.idle], [0, 0]);
  endpoint.retire();
  assert.deepEqual(made, []);
});

it('a request that is sent to an endpoint that has left meanwhile finds a transport that keeps nothing', () => {
  const { endpoint, made } = given();
  endpoint.retire();
  assert.equal(endpoint.transport, endpoint.transport);
  assert.deepEqual(made, ['Retired']);
});

it('an endpoint that is reached anew lets go of its transport, and has another one when it is asked', () => {
  const { endpoint, made } = given();
  const { transport } = endpoint;
  endpoint.reachAnew();
  assert.notEqual(endpoint.transport, transport);
  assert.deepEqual(made, ['Retired', 'Kept']);
  assert.deepEqual([endpoint.open, endpoint.idle], [2, 1]);
});
