// A release from its first installation to its end, against a real API server: what is refused before anything is
// made, what may run, what an upgrade and a rollback change, and what is left.
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { startControlPlane } from '../cluster/control-plane.ts';
import { installGatewayApi } from '../cluster/gateway-api-crds.ts';
import { namespace as namespaceObject } from '../turnpike/objects.ts';
import { HelmCommand, chart } from './helm-command.ts';
import type { ControlPlane } from '../cluster/control-plane.ts';
import type { Values } from './helm-command.ts';

const namespace = 'turnpike-system';
const cases = path.join(import.meta.dirname, 'cases');

interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: unknown;
}

describe('a release of the chart', () => {
  let cluster: ControlPlane;
  let helm: HelmCommand;

  before(async () => {
    cluster = await startControlPlane();
    helm = await HelmCommand.prepare(cluster.kubeconfig);
    await apply(namespaceObject(namespace), namespaceObject('turnpike-canary'), namespaceObject('shop'));
    await cluster.kubectl(['label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted']);
  });
  after(async () => {
    await helm?.remove();
    await cluster?.stop();
  });

  async function apply(...objects: readonly object[]): Promise<void> {
    const input = objects.map((one) => JSON.stringify(one)).join('\n---\n');
    await cluster.kubectl(['apply', '--server-side', '--filename=-'], { input });
  }

  /** All objects of the cluster that the API server lists, but for what every cluster has by itself. */
  async function objects(): Promise<ReadonlySet<string>> {
    const kinds = (await cluster.kubectl(['api-resources', '--verbs=list', '--output=name']))
      .trim()
      .split('\n');
    const passing = new Set([
      'events',
      'events.events.k8s.io',
      'leases.coordination.k8s.io',
      'componentstatuses',
    ]);
    const wanted = kinds.filter((kind) => !passing.has(kind) && !kind.startsWith('apiservices'));
    const output = await cluster.kubectl([
      'get',
      wanted.join(','),
      '--all-namespaces',
      '--ignore-not-found',
      '--output=jsonpath={range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name}{"\\n"}{end}',
    ]);
    return new Set(output.trim().split('\n'));
  }

  function install(values: Values = {}, where = namespace): Promise<string> {
    return helm.run(['install', 'turnpike', chart, `--namespace=${where}`], values);
  }

  function upgrade(values: Values = {}): Promise<string> {
    return helm.run(['upgrade', 'turnpike', chart, `--namespace=${namespace}`], values);
  }

  async function field(object: string, jsonPath: string): Promise<string> {
    return cluster.kubectl(['get', object, `--namespace=${namespace}`, `--output=jsonpath=${jsonPath}`]);
  }

  /**
   * Lists first: of a kind whose objects nobody has asked for yet, an API server may say for minutes that its storage is
   * being initialised, and does not let go of it.
   */
  async function removeCrds(): Promise<void> {
    await cluster.kubectl(['get', ourKinds().join(','), '--all-namespaces']);
    await cluster.kubectl(['delete', '--filename', path.join(chart, 'crds')]);
  }

  it('is refused without the Gateway API, with the line that installs it', async () => {
    const message = await helm.refusal(['install', 'turnpike', chart, `--namespace=${namespace}`]);
    assert.match(message, /the Gateway API is not in this cluster; install it first:/);
    assert.match(
      message,
      /kubectl apply --server-side --filename https:\S+\/v1\.7\.0\/standard-install\.yaml/,
    );
    // helm makes missing CRDs before it asks the chart.
    await removeCrds();
    await installGatewayApi(cluster, 'standard');
  });

  it('is refused over older CRDs, with the line that renews them', async () => {
    const crds = path.join(chart, 'crds');
    await cluster.kubectl(['apply', '--server-side', '--filename', crds]);
    const crd = 'customresourcedefinition/authpolicies.turnpike.dev';
    await cluster.kubectl(['annotate', '--overwrite', crd, 'turnpike.dev/bundle-version=0.0.9']);
    const message = await helm.refusal(['install', 'turnpike', chart, `--namespace=${namespace}`]);
    assert.match(
      message,
      /the CRD authpolicies\.turnpike\.dev in this cluster is of version 0\.0\.9, this chart needs 0\./,
    );
    assert.match(message, /kubectl apply --server-side --force-conflicts --filename charts\/turnpike\/crds/);
    assert.match(
      message,
      /helm show crds CHART \| kubectl apply --server-side --force-conflicts --filename -$/,
    );
    const input = await helm.run(['show', 'crds', chart]);
    const renewed = await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '--filename=-'], {
      input,
    });
    assert.equal(renewed.trim().split('\n').length, globSync('*.yaml', { cwd: crds }).length);
    await helm.template({}, '--dry-run=server');
    await removeCrds();
  });

  it('makes objects that the API server takes as they stand, in each case', async (test) => {
    // The monitors belong to an operator that is not here.
    const names = globSync('*/values.yaml', { cwd: cases }).map((file) => path.dirname(file));
    await cluster.kubectl(['apply', '--server-side', '--filename', path.join(chart, 'crds')]);
    await apply(namespaceObject('bank'));
    for (const name of names.filter((one) => one !== 'monitors')) {
      await test.test(name, async () => {
        const values = parse(await readFile(path.join(cases, name, 'values.yaml'), 'utf8')) as Values | null;
        const input = await helm.template(values ?? {});
        const how = ['--server-side', '--dry-run=server', '--validate=strict', '--filename=-'];
        await cluster.kubectl(['apply', ...how], { input });
      });
    }
    await cluster.kubectl(['delete', 'namespace/bank', '--wait=false']);
    await removeCrds();
  });

  it('makes pods that are let into a namespace of the restricted Pod Security Standard', async () => {
    const rendered = parseAllDocuments(await helm.template());
    const deployment = rendered
      .map((one) => one.toJS() as KubernetesObject)
      .find(({ kind }) => kind === 'Deployment');
    assert.ok(deployment);
    const { template } = deployment.spec as { template: { spec: { serviceAccountName?: string } } };
    // There is no controller of ServiceAccounts here that would make this one's default.
    await apply({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'turnpike-controller', namespace },
    });
    const pod = { apiVersion: 'v1', kind: 'Pod', ...template, metadata: { name: 'probe', namespace } };
    const dryRun = ['create', '--dry-run=server', '--filename=-'];
    await cluster.kubectl(dryRun, { input: JSON.stringify(pod) });
    const loose = { ...pod, spec: { ...template.spec, securityContext: {} } };
    await assert.rejects(
      cluster.kubectl(dryRun, { input: JSON.stringify(loose) }),
      /violates PodSecurity "restricted/,
    );
    await cluster.kubectl(['delete', 'serviceaccount/turnpike-controller', `--namespace=${namespace}`]);
  });

  it('is installed, upgraded, rolled back and uninstalled, and leaves nothing but its CRDs', async () => {
    const found = await objects();

    assert.match(await install(), /Turnpike \S+ is in the namespace turnpike-system/);
    assert.equal(await field('gatewayclass/turnpike', '{.spec.parametersRef}'), '');

    await upgrade({ controller: { replicas: 3 }, redis: { secretRef: { name: 'redis' } } });
    assert.equal(await field('deployment/turnpike-controller', '{.spec.replicas}'), '3');
    assert.equal(await field('gatewayclass/turnpike', '{.spec.parametersRef.name}'), 'turnpike');
    assert.equal(
      await field('gatewayparameters/turnpike', '{.spec.rateLimitStore.redis.secretRef.key}'),
      'url',
    );

    await upgrade({ watchNamespaces: ['shop'] });
    assert.ok((await objects()).has('Role shop/turnpike-controller-turnpike-system'));

    await helm.run(['rollback', 'turnpike', '1', `--namespace=${namespace}`]);
    assert.equal(await field('deployment/turnpike-controller', '{.spec.replicas}'), '2');
    assert.equal(await field('gatewayclass/turnpike', '{.spec.parametersRef}'), '');
    assert.ok(!(await objects()).has('Role shop/turnpike-controller-turnpike-system'));

    await helm.run(['uninstall', 'turnpike', `--namespace=${namespace}`]);
    const left = [...(await objects())].filter((one) => !found.has(one));
    assert.deepEqual(
      left.sort(),
      ourKinds().map((kind) => `CustomResourceDefinition /${kind}`),
    );
  });

  it('goes on with what an earlier release left', async () => {
    assert.match(await install(), /STATUS: deployed/);
  });

  it('lets a second installation in with names of its own, and says what it lacks without them', async () => {
    const where = '--namespace=turnpike-canary';
    const same = await helm.refusal(['install', 'turnpike', chart, where], {
      gatewayClass: { name: 'canary' },
    });
    assert.match(
      same,
      /the installation in the namespace turnpike-system has the controllerName turnpike\.dev\/gateway-controller already \(its GatewayClass is turnpike\); give this one another controllerName/,
    );
    const values = { controllerName: 'example.com/canary', gatewayClass: { name: 'canary' } };
    await install(values, 'turnpike-canary');
    await helm.run(['uninstall', 'turnpike', where]);
    assert.equal(await field('gatewayclass/turnpike', '{.metadata.name}'), 'turnpike');
  });

  it('is not upgraded over a CRD that somebody deleted', async () => {
    await cluster.kubectl(['delete', 'customresourcedefinition/ratelimitpolicies.turnpike.dev']);
    const message = await helm.refusal(['upgrade', 'turnpike', chart, `--namespace=${namespace}`]);
    assert.match(message, /the CRD ratelimitpolicies\.turnpike\.dev is not in this cluster/);
  });

  it('gives the ServiceAccount of data planes no rights beyond those of everybody', async () => {
    const account = {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'edge-turnpike', namespace: 'shop' },
    };
    await apply(account, { ...account, metadata: { name: 'nobody', namespace: 'shop' } });
    const rights = (name: string) =>
      cluster.kubectl([
        'auth',
        'can-i',
        '--list',
        '--namespace=shop',
        `--as=system:serviceaccount:shop:${name}`,
      ]);
    assert.equal(await rights('edge-turnpike'), await rights('nobody'));
  });
});

/** `PLURAL.turnpike.dev`, in order. */
function ourKinds(): string[] {
  const files = globSync('*.yaml', { cwd: path.join(chart, 'crds') });
  return files.map((file) => path.basename(file, '.yaml').split('_').reverse().join('.')).sort();
}
