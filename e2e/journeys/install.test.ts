// An installation from its first hour to its end, beside the one that all journeys share: as docs/guides/install.md
// tells, by the commands that the chart itself prints.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { outputOf } from '../cluster/command.ts';
import { eventually } from '../cluster/eventually.ts';
import { podCommands } from '../turnpike/guide.ts';
import { hasty } from './gateway.ts';
import { helm, imageValues } from './helm.ts';
import type { Release } from './helm.ts';
import { Journey } from './journey.ts';

const chart = path.join(import.meta.dirname, '../../charts/turnpike');
const tenant = 'install-tenant';
const release = { namespace: 'install', release: 'turnpike' };
const gatewayClass = 'install';

/** What the controller keeps for itself; docs/guides/install.md names it as what stays. */
const documented = new Set([
  'configmap/turnpike-ca',
  'configmap/turnpike-keys',
  'lease.coordination.k8s.io/turnpike-controller',
  'secret/turnpike-ca',
]);
/** What every namespace has, and what goes by itself. */
const ofEveryNamespace =
  /^(?:configmap\/kube-root-ca\.crt|serviceaccount\/default|event(?:\.events\.k8s\.io)?\/.*)$/;

describe('an installation of the chart', () => {
  let journey: Journey;
  let own: Release;
  let values: object;

  before(async () => {
    journey = await Journey.begin(release.namespace);
    await journey.addNamespace(tenant);
    own = { cluster: journey.site.cluster, ...release };
    values = {
      ...imageValues(journey.site.images),
      controllerName: 'example.com/install',
      gatewayClass: { name: gatewayClass, parameters: hasty },
      watchNamespaces: [tenant],
    };
  });
  afterEach((test) => journey.tellFailure(test as TestContext));
  after(async () => {
    await journey?.end();
  });

  /** Runs commands as a user does who has pasted them. */
  async function shell(commands: string): Promise<string> {
    const [first, ...entry] = own.cluster.entry;
    return outputOf(first, [...entry, 'sh', '-euc', commands], {
      env: own.cluster.env,
      deadlineMs: 300_000,
    });
  }

  function withValues(...args: readonly string[]): Promise<string> {
    const where = ['--wait', '--timeout=120s', `--namespace=${release.namespace}`, '--values=-'];
    return own.cluster.helm([...args, ...where], { deadlineMs: 180_000, input: JSON.stringify(values) });
  }

  async function readyReplicas(): Promise<string> {
    const output = '--output=jsonpath={.status.readyReplicas}/{.spec.replicas}';
    return journey.kubectl('get', 'deployment/turnpike-controller', output);
  }

  /** All objects in a namespace, but for what every namespace has. */
  async function objectsIn(namespace: string): Promise<readonly string[]> {
    const kinds = await journey.kubectl('api-resources', '--namespaced', '--verbs=list', '--output=name');
    // Metrics and the like are no objects.
    const wanted = kinds.split('\n').filter((kind) => kind !== '' && !kind.includes('metrics.k8s.io'));
    const get = ['get', wanted.join(','), '--ignore-not-found', '--output=name', `--namespace=${namespace}`];
    const names = (await journey.kubectl(...get)).split('\n').filter((name) => name !== '');
    return names.filter((name) => !ofEveryNamespace.test(name)).sort();
  }

  it('runs under the restricted Pod Security Standard, and its own notes lead to a Gateway that answers', async () => {
    const notes = await withValues('install', release.release, chart);
    assert.equal(await readyReplicas(), '2/2');
    const commands = notes.slice(notes.indexOf('NOTES:') + 'NOTES:'.length);
    assert.match(await shell(commands), /HTTP\/1\.1 404/);
  });

  it('passes the steps of the guide that need pods', async () => {
    const commands = await podCommands('install.md');
    assert.ok(commands.length > 0);
    for (const text of commands) {
      const here = text
        .replaceAll('turnpike-system', release.namespace)
        .replaceAll('gatewayclass/turnpike', `gatewayclass/${gatewayClass}`);
      assert.notEqual(here, text);
      await shell(here);
    }
  });

  it('reads only the namespaces that it was told', async () => {
    const as = `--as=system:serviceaccount:${release.namespace}:turnpike-controller`;
    const may = async (namespace: string) =>
      (await shell(`kubectl auth can-i list secrets --namespace ${namespace} ${as} || true`)).trim();
    assert.deepEqual([await may(tenant), await may('default')], ['yes', 'no']);
  });

  it('is upgraded, and rolled back', async () => {
    await withValues('upgrade', release.release, chart, '--set=controller.replicas=3');
    assert.equal(await readyReplicas(), '3/3');
    await helm(own, 'rollback', release.release, '1', '--wait', '--timeout=120s');
    assert.equal(await readyReplicas(), '2/2');
    await shell(`kubectl wait gatewayclass/${gatewayClass} --for condition=Accepted --timeout 1m`);
  });

  it('ends, and leaves nothing that the guide does not name', async () => {
    await journey.kubectl('delete', 'gateway/edge', `--namespace=${tenant}`);
    await eventually(
      'all that was made for the Gateway is gone',
      async () => ((await objectsIn(tenant)).every((name) => name.includes('rbac')) ? true : undefined),
      { deadlineMs: 90_000, intervalMs: 1_000 },
    );
    await helm(own, 'uninstall', release.release, '--wait', '--timeout=120s');
    const left = await eventually(
      'nothing is left but what the guide names',
      async () => {
        const names = await objectsIn(release.namespace);
        return names.every((name) => documented.has(name)) ? names : undefined;
      },
      { deadlineMs: 90_000, intervalMs: 1_000 },
    );
    assert.ok(left.includes('secret/turnpike-ca'), left.join(' '));
    assert.deepEqual(await objectsIn(tenant), []);
    const ofCluster = await journey.kubectl(
      'get',
      'clusterroles,clusterrolebindings,gatewayclasses',
      '--output=name',
    );
    const ours = [
      `turnpike-controller-${release.namespace}`,
      `gatewayclass.gateway.networking.k8s.io/${gatewayClass}`,
    ];
    assert.ok(!ours.some((name) => ofCluster.includes(name)), ofCluster);
  });
});
