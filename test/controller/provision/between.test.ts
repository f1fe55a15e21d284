// What others do between the look at an object and the write of it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ApiServer } from '#test/given/api-server.ts';
import { eventually } from '#test/given/eventually.ts';
import { deployments, given, name, quiet, services, wanted } from '#test/given/provisioner.ts';

/** Does it once, before the write of that number, from 1, of an object whose path has this part. */
function beforeWrite(server: ApiServer, part: string, number: number, act: () => void): void {
  let writes = 0;
  server.faults.add(({ method, path }) => {
    if (method !== 'PATCH' || !path.includes(part)) return false;
    writes += 1;
    if (writes === number) act();
    return false;
  });
}

const specOf = (server: ApiServer, path: string) =>
  (server.get(path, 'shop', name)?.['spec'] ?? {}) as Readonly<Record<string, unknown>>;

describe('between look and write', () => {
  test('a Service that goes is made anew with the clusterIP that is asked for', async (t) => {
    const { server, start, put, written, isDone } = await given(t);
    start({ ...wanted(), clusterIP: '10.96.0.7' });
    await eventually(() => isDone());
    await quiet(written);
    beforeWrite(server, '/services/', 1, () => server.delete(services, 'shop', name));
    put({ ...wanted(), clusterIP: '10.96.0.8' });
    await eventually(() => specOf(server, services)['clusterIP'] === '10.96.0.8');
  });

  test('a Deployment that goes is made anew with the replicas that it begins with', async (t) => {
    const { server, start, isDone } = await given(t);
    beforeWrite(server, '/deployments/', 2, () => server.delete(deployments, 'shop', name));
    start(wanted());
    await eventually(() => isDone());
    assert.equal(specOf(server, deployments)['replicas'], 2);
  });

  test('an object that somebody else makes is left alone, and is what the Gateway is told', async (t) => {
    const { server, start, put, problems, written, isDone } = await given(t);
    start(wanted());
    await eventually(() => isDone());
    await quiet(written);
    const foreign = { metadata: { name, namespace: 'shop' }, spec: { type: 'ExternalName' } };
    beforeWrite(server, '/services/', 1, () => {
      server.delete(services, 'shop', name);
      server.put(services, foreign);
    });
    put(wanted({ service: { type: 'ClusterIP' } }));
    await eventually(() => problems.at(-1)?.reason === 'ObjectExists');
    assert.deepEqual(
      problems.filter((problem) => problem !== null && problem.reason !== 'ObjectExists'),
      [],
    );
    assert.deepEqual(specOf(server, services), foreign.spec);
  });
});
