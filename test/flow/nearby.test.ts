// Endpoints that are for those near to them: trafficDistribution of a Service, as the data plane's process has it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Endpoints } from '#snapshot/cluster.ts';
import type { Fleet } from '#snapshot/fleet.ts';
import { resourceId } from '#snapshot/ids.ts';
import { aDataPlaneProcess } from '../given/data-plane-process.ts';
import { givenBackend } from '../given/backend.ts';
import { anUnusedPort } from '../given/data-plane.ts';

/** Endpoints on loopback, each for the zone and node told. */
function hinted(...endpoints: readonly (readonly [port: number, zone: string, node: string])[]): Endpoints {
  return {
    kind: 'Endpoints',
    id: resourceId('Endpoints', 'shop', 'backend', '80'),
    endpoints: endpoints.map(([port, zone, node]) => ({
      address: '127.0.0.1',
      port,
      state: 'Ready',
      forZones: [zone],
      forNodes: node === '' ? [] : [node],
    })),
  };
}

const fleet: Fleet = {
  kind: 'Fleet',
  id: resourceId('Fleet', 'fleet'),
  replicas: 2,
  members: [
    { instance: 'edge-1', zone: 'a', node: 'node-1' },
    { instance: 'edge-2', zone: 'b', node: 'node-2' },
  ],
};

/** Which of the services answered so many requests to a data plane of this name. */
async function answering(instance: string, endpoints: Endpoints): Promise<ReadonlySet<string>> {
  await using dataPlane = await aDataPlaneProcess(1, [`--instance=${instance}`], [endpoints, fleet]);
  const services = new Set<string>();
  for (let count = 0; count < 6; count += 1) {
    const answer = await fetch(`http://127.0.0.1:${dataPlane.port}/`);
    assert.equal(answer.status, 200);
    services.add(((await answer.json()) as { service: string }).service);
  }
  return services;
}

describe('a data plane that knows where it runs', () => {
  it('sends requests to the endpoints of its zone, and another of the Gateway to those of its own', async () => {
    await using a = await givenBackend('a');
    await using b = await givenBackend('b');
    const endpoints = hinted([a.port, 'a', ''], [b.port, 'b', '']);
    assert.deepEqual(await answering('edge-1', endpoints), new Set(['a']));
    assert.deepEqual(await answering('edge-2', endpoints), new Set(['b']));
    assert.deepEqual(await answering('edge-3', endpoints), new Set(['a', 'b']), 'nobody knows where it is');
  });

  it('prefers the endpoints of its node to others of its zone', async () => {
    await using other = await givenBackend('other');
    await using own = await givenBackend('own');
    const endpoints = hinted([other.port, 'b', 'node-3'], [own.port, 'b', 'node-2']);
    assert.deepEqual(await answering('edge-2', endpoints), new Set(['own']));
    assert.deepEqual(await answering('edge-1', endpoints), new Set(['other', 'own']));
  });

  it('leaves its zone when nobody there takes a connection, without a failure', async () => {
    await using far = await givenBackend('far');
    const endpoints = hinted([await anUnusedPort(), 'a', ''], [far.port, 'b', '']);
    assert.deepEqual(await answering('edge-1', endpoints), new Set(['far']));
  });
});
