// A clusterIP that a Gateway asks for, which only the API server can give.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { refuse, type ApiServer } from '#test/given/api-server.ts';
import { eventually } from '#test/given/eventually.ts';
import { given, name, quiet, serviceType, services, wanted } from '#test/given/provisioner.ts';

function clusterIPOf(server: ApiServer): unknown {
  const { clusterIP } = (server.get(services, 'shop', name)?.['spec'] ?? {}) as {
    readonly clusterIP?: unknown;
  };
  return clusterIP;
}

describe('a clusterIP that is asked for', () => {
  test('makes the Service without a clusterIP that is refused, and asks again when the Service is made anew', async (t) => {
    const { server, start, problems, written, isDone } = await given(t);
    let isTaken = true;
    server.faults.add(({ method, path, body }, response) => {
      const isAsked =
        method === 'PATCH' && path.includes('/services/') && JSON.stringify(body).includes('10.96.0.7');
      return isAsked && isTaken && refuse(response, 422);
    });
    start({ ...wanted(), clusterIP: '10.96.0.7' });
    await eventually(() => isDone());
    assert.deepEqual([...new Set(problems)], [null]);
    assert.equal(clusterIPOf(server), undefined);
    assert.equal(serviceType(server), 'LoadBalancer');
    isTaken = false;
    await quiet(written);
    server.delete(services, 'shop', name);
    await eventually(() => clusterIPOf(server) === '10.96.0.7');
  });

  test('leaves a Service the clusterIP that it has, and changes the rest of it', async (t) => {
    const { server, start, put, written, isDone } = await given(t);
    start(wanted());
    await eventually(() => isDone());
    await quiet(written);
    const service = server.get(services, 'shop', name);
    assert.ok(service);
    server.put(services, { ...service, spec: { ...(service['spec'] as object), clusterIP: '10.96.0.8' } });
    await quiet(written);
    put({ ...wanted({ service: { type: 'ClusterIP' } }), clusterIP: '10.96.0.7' });
    await eventually(() => serviceType(server) === 'ClusterIP');
    assert.equal(clusterIPOf(server), '10.96.0.8');
  });
});
