// The end: whatever Turnpike made is gone with it, nothing hangs on a finalizer, and what stays is what the docs name.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { eventually } from '../cluster/eventually.ts';
import { gateway, hasty, shopRoute } from './gateway.ts';
import { helm } from './helm.ts';
import { Journey } from './journey.ts';
import { echo } from './workloads.ts';

/** The kinds, which `helm uninstall` leaves for the objects' sake, and what the API server makes of them. */
const isOfKinds = /^(?:CustomResourceDefinition|APIService) <none> [\w.]+\.turnpike\.dev$/;

describe('the end of an installation', () => {
  let journey: Journey;

  before(async () => {
    journey = await Journey.begin('uninstall');
    await journey.apply(
      ...echo(journey.site.images.echo, 'shop', { stops: 'AtOnce' }),
      ...gateway({ parameters: { ...hasty, replicas: 2 } }),
      shopRoute,
    );
    await journey.rolledOut('shop');
    await journey.edge();
    await journey.othersGone();
  });
  afterEach((test) => journey.tellFailure(test as TestContext));
  after(() => journey.end());

  /** All objects of all kinds that can be deleted and belong to Turnpike, by label or by name. */
  async function ours(): Promise<readonly string[]> {
    const resources = ['api-resources', '--verbs=list,delete', '--output=name'];
    const kinds = (await journey.kubectl(...resources)).trim().split('\n');
    const read = kinds.filter((kind) => !/^events|^pods\.metrics|^componentstatuses/.test(kind));
    const columns =
      '--output=custom-columns=KIND:.kind,NAMESPACE:.metadata.namespace,NAME:.metadata.name,LABELS:.metadata.labels';
    const listed = await journey.kubectl(
      'get',
      read.join(','),
      '--all-namespaces',
      '--no-headers',
      columns,
      '--ignore-not-found',
    );
    return listed
      .split('\n')
      .filter((line) => /turnpike/.test(line) && !line.startsWith('Namespace '))
      .map((line) => line.trim().split(/ +/).slice(0, 3).join(' '))
      .toSorted();
  }

  it('deletes a Gateway, its data planes and its Service at once: there is no finalizer to wait for', async () => {
    const finalizers = '--output=jsonpath={.metadata.finalizers}';
    assert.equal(await journey.kubectl('get', 'gateway/edge', finalizers), '');
    assert.equal(await journey.kubectl('get', 'httproute/shop', finalizers), '');
    await journey.kubectl('delete', 'gateway/edge', '--wait', '--timeout=10s');
    await eventually('no pod is left', async () => (await journey.dataPlanes()).length === 0 || undefined);
  });

  it('leaves by helm uninstall only what the docs name', async (test) => {
    const { namespace, release } = journey.site;
    await helm(journey.site, 'uninstall', release, '--wait', '--timeout=120s');
    await journey.kubectl('delete', 'namespace', namespace, '--wait', '--timeout=90s');
    let left: readonly string[] = [];
    await eventually('only kinds are left', async () => {
      left = (await ours()).filter((line) => !isOfKinds.test(line));
      return left.length === 0 || undefined;
    }).catch(() => assert.deepEqual(left, []));
    test.diagnostic((await ours()).join(', '));
  });

  it('lets namespaces with its objects go without it', async () => {
    await journey.kubectl('delete', 'namespace', journey.namespace, '--wait', '--timeout=60s');
  });
});
