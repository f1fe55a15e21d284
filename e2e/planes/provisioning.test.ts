// What Turnpike makes of a Gateway in its namespace, against a real API server: there are no nodes, so nothing runs,
// but all that is made is admitted as a cluster would, and what Kubernetes' own controllers do of it is done.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { eventually } from '../cluster/eventually.ts';
import { startKubernetesControllers } from '../turnpike/kubernetes-controllers.ts';
import { gateway, kindsMade, parameters, parametersRef, Shop } from '../turnpike/shop.ts';
import { Turnpike } from '../turnpike/turnpike.ts';
import type { TestContext } from 'node:test';
import type { ServerProcess } from '../cluster/server-process.ts';
import type { Deployment, KubernetesObject, Service } from '../turnpike/shop.ts';

const made = `${kindsMade},replicaset,pod`;
const name = 'edge-turnpike';

const namespace = `
apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { pod-security.kubernetes.io/enforce: restricted } }
`;

const gatewayClass = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: turnpike }
spec:
  controllerName: turnpike.dev/gateway-controller
  parametersRef: { group: turnpike.dev, kind: GatewayParameters, name: platform, namespace: turnpike-system }
---
apiVersion: turnpike.dev/v1alpha1
kind: GatewayParameters
metadata: { name: platform, namespace: turnpike-system }
spec:
  service: { annotations: { example.com/load-balancer: internal } }
  podTemplatePatch:
    metadata: { annotations: { example.com/scrape: 'true' } }
    spec: { tolerations: [{ key: edge, operator: Exists }] }
`;

describe('what is made of a Gateway', () => {
  let turnpike: Turnpike;
  let shop: Shop;
  let kubernetes: ServerProcess | undefined;

  before(async () => {
    turnpike = await Turnpike.install({
      controllerArgs: ['--dataplane-image=registry.example.com/turnpike/dataplane:1.2.3'],
    });
    shop = new Shop(turnpike);
    kubernetes = await startKubernetesControllers(turnpike.cluster, [
      'garbage-collector-controller',
      'deployment-controller',
      'replicaset-controller',
    ]);
    await turnpike.apply(namespace, gatewayClass);
  });
  afterEach((test) => turnpike.tellFailure(test as TestContext));
  after(async () => {
    await kubernetes?.stop();
    await turnpike?.stop();
  });

  function get<T extends KubernetesObject>(kind: string, of = name): Promise<T> {
    return shop.get<T>(`${kind}/${of}`);
  }

  const basic = ['ConfigMap', 'Deployment', 'PodDisruptionBudget', 'Service', 'ServiceAccount'];
  const basicObjects = basic.map((kind) => `${kind}/${name}`);

  it('is there soon after it, with its labels and annotations, and belongs to it', async () => {
    await turnpike.apply(gateway('edge'));
    await shop.untilAll('all is made', kindsMade, basicObjects);
    const { metadata } = (await turnpike.get('gateway/edge', 'shop')) as KubernetesObject;
    for (const kind of basic) {
      const object = await get(kind.toLowerCase());
      assert.equal(object.metadata.labels?.['team'], 'shop', kind);
      assert.equal(object.metadata.annotations?.['contact'], 'shop', kind);
      assert.deepEqual(
        object.metadata.ownerReferences?.map(({ uid }) => uid),
        [metadata.uid],
        kind,
      );
    }
    const service = await get<Service>('service');
    assert.equal(service.spec.type, 'LoadBalancer');
    assert.equal(service.spec.externalTrafficPolicy, 'Local');
    assert.equal(service.metadata.annotations?.['example.com/load-balancer'], 'internal');
    assert.deepEqual(
      service.spec.ports.map(({ name, port, targetPort }) => [name, port, targetPort]),
      [
        ['tcp-80', 80, 80],
        ['tcp-9901', 9901, 61001],
      ],
    );
    const { data } = await get('configmap');
    assert.match((data as Record<string, string>)['ca.crt'] ?? '', /BEGIN CERTIFICATE/);
    const { replicas, template } = (await get<Deployment>('deployment')).spec;
    assert.equal(replicas, 2);
    assert.equal(template.spec.containers[0]?.image, 'registry.example.com/turnpike/dataplane:1.2.3');
    assert.equal(template.metadata.labels['team'], 'shop');
    assert.equal(template.metadata.annotations['example.com/scrape'], 'true');
    assert.deepEqual(template.spec.tolerations, [{ key: 'edge', operator: 'Exists' }]);
  });

  it('has pods that the restricted Pod Security lets in', async () => {
    const pods = await eventually('there are two pods', async () => {
      const found = await shop.all('pod', 'edge');
      return found.length === 2 ? found : undefined;
    });
    assert.ok(pods.every((pod) => pod.startsWith(`Pod/${name}-`)));
  });

  it('waits for the address of its Service, and tells it', async () => {
    await turnpike.until('gateway/edge', 'Programmed', 'AddressNotAssigned', 'shop');
    const status = { status: { loadBalancer: { ingress: [{ ip: '192.0.2.7' }] } } };
    await shop.patch(`service/${name}`, status, '--subresource=status');
    await eventually('the Gateway has the address', async () => {
      const { status } = (await turnpike.get('gateway/edge', 'shop')) as {
        readonly status: { readonly addresses?: unknown };
      };
      assert.deepEqual(status.addresses, [{ type: 'IPAddress', value: '192.0.2.7', routability: '' }]);
      return true;
    });
    await turnpike.until('gateway/edge', 'Programmed', 'Pending', 'shop');
  });

  it('is put back when somebody changes a field of ours, and left alone where it is not ours', async () => {
    await shop.patch(`deployment/${name}`, {
      metadata: { annotations: { mine: 'kept' }, labels: { team: 'other' } },
      spec: { minReadySeconds: 3, template: { spec: { serviceAccountName: 'default' } } },
    });
    // To a server-side apply a port of another number is another port.
    const ports = [{ name: 'tcp-80', port: 8080, targetPort: 80 }];
    await shop.patch(`service/${name}`, {
      spec: { externalTrafficPolicy: 'Cluster', sessionAffinity: 'ClientIP', ports },
    });
    await shop.patch(`configmap/${name}`, { data: { 'ca.crt': 'none', more: 'kept' } });
    await turnpike.kubectl('delete', `poddisruptionbudget/${name}`, '--namespace=shop');
    await eventually('all is put back', async () => {
      const deployment = await get<Deployment & { spec: { minReadySeconds: number } }>('deployment');
      const { spec } = deployment.spec.template as unknown as { spec: { serviceAccountName: string } };
      assert.equal(spec.serviceAccountName, name);
      assert.equal(deployment.metadata.labels?.['team'], 'shop');
      const service = await get<Service & { spec: { sessionAffinity: string } }>('service');
      assert.equal(service.spec.externalTrafficPolicy, 'Local');
      assert.deepEqual(
        service.spec.ports.map(({ name, port }) => `${name} ${port}`),
        ['tcp-80 80', 'tcp-9901 9901'],
      );
      const { data } = (await get('configmap')) as unknown as { data: Record<string, string> };
      assert.match(data['ca.crt'] ?? '', /BEGIN/);
      await get('poddisruptionbudget');
      assert.equal(deployment.metadata.annotations?.['mine'], 'kept');
      assert.equal(deployment.spec.minReadySeconds, 3);
      assert.equal(service.spec.sessionAffinity, 'ClientIP');
      assert.equal(data['more'], 'kept');
      return true;
    });
  });

  it('has as many replicas as somebody scales it to, until the parameters say a number', async () => {
    const replicasAre = (count: number) =>
      eventually(`there are ${count} replicas`, async () =>
        (await get<Deployment>('deployment')).spec.replicas === count ? true : undefined,
      );
    await turnpike.kubectl('scale', `deployment/${name}`, '--namespace=shop', '--replicas=5');
    await turnpike.apply(
      parameters({ resources: { requests: { cpu: '300m' } } }),
      gateway('edge', { parametersRef }),
    );
    await eventually('the new resources are there', async () => {
      const { containers } = (await get<Deployment>('deployment')).spec.template.spec;
      return JSON.stringify(containers[0]?.resources).includes('300m') ? true : undefined;
    });
    await replicasAre(5);
    await turnpike.apply(parameters({ replicas: 3 }));
    await replicasAre(3);
    await turnpike.apply(parameters({ drain: { accept: '1s', deadline: '20s' } }));
    await eventually('the drain is shorter', async () => {
      const { spec } = (await get<Deployment>('deployment')).spec.template;
      return spec.terminationGracePeriodSeconds === 25 ? true : undefined;
    });
    await replicasAre(3);
    await turnpike.kubectl('scale', `deployment/${name}`, '--namespace=shop', '--replicas=4');
    await replicasAre(4);
  });

  it('changes with the parameters, and what they no longer ask for goes', async () => {
    await turnpike.apply(
      parameters({
        autoscaling: { maxReplicas: 10 },
        podDisruptionBudget: { type: 'Unlimited' },
        service: { type: 'ClusterIP' },
      }),
    );
    const withoutBudget = basicObjects.filter((one) => !one.startsWith('PodDisruptionBudget'));
    await shop.untilAll('there is an autoscaler and no budget', kindsMade, [
      ...withoutBudget,
      `HorizontalPodAutoscaler/${name}`,
    ]);
    await eventually('the Service is inside the cluster', async () =>
      (await get<Service>('service')).spec.type === 'ClusterIP' ? true : undefined,
    );
    await turnpike.apply(parameters({ drain: { accept: '10s' } }));
    await shop.untilAll('it is as it was', kindsMade, basicObjects);
  });

  it('is run by a DaemonSet when that is asked for: the Deployment goes when a pod of it is ready', async () => {
    await turnpike.apply(parameters({ workload: { type: 'DaemonSet' } }));
    const withoutBudget = basicObjects.filter((one) => !one.startsWith('PodDisruptionBudget'));
    await shop.untilAll('both are there', 'deployment,daemonset', [
      `DaemonSet/${name}`,
      `Deployment/${name}`,
    ]);
    const { metadata } = await get('daemonset');
    const status = {
      status: { numberReady: 1, currentNumberScheduled: 1, numberMisscheduled: 0, desiredNumberScheduled: 1 },
    };
    assert.ok(metadata.uid);
    await shop.patch(`daemonset/${name}`, status, '--subresource=status');
    await shop.untilAll('the DaemonSet is alone', kindsMade, [
      ...withoutBudget.filter((one) => !one.startsWith('Deployment')),
      `DaemonSet/${name}`,
    ]);
  });

  it('is told where the API server refuses it, and made when it no longer does', async () => {
    await turnpike.apply(gateway('other', { parametersRef: { ...parametersRef, name: 'bad' } }));
    await turnpike.until('gateway/other', 'Accepted', 'InvalidParameters', 'shop');
    const bad = {
      ...parameters({ podTemplatePatch: { spec: { tolerations: [{ operator: 'Sometimes' }] } } }),
    };
    await turnpike.apply({ ...bad, metadata: { name: 'bad', namespace: 'shop' } });
    await turnpike.until('gateway/other', 'Accepted', 'True', 'shop');
    const refused = await turnpike.until('gateway/other', 'turnpike.dev/Provisioned', 'Invalid', 'shop');
    assert.match(refused.message, /^Deployment shop\/other-turnpike is refused: .*Sometimes/);
    await turnpike.until('gateway/other', 'Programmed', 'Invalid', 'shop');
    const good = {
      ...parameters({ drain: { accept: '10s' } }),
      metadata: { name: 'bad', namespace: 'shop' },
    };
    await turnpike.apply(good);
    await eventually('the Deployment is there', () => get('deployment', 'other-turnpike'));
    const events = await turnpike.kubectl(
      'get',
      'events',
      '--namespace=shop',
      '--field-selector=reason=NotProvisioned',
    );
    assert.match(events, /other-turnpike/);
  });

  it('is not taken from anybody: an object of the same name that is not ours is named', async () => {
    await turnpike.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'third-turnpike', namespace: 'shop' },
      spec: { ports: [{ port: 81 }] },
    });
    await turnpike.apply(gateway('third'));
    const told = await turnpike.until('gateway/third', 'turnpike.dev/Provisioned', 'ObjectExists', 'shop');
    assert.match(told.message, /^Service shop\/third-turnpike is there already/);
    assert.equal((await get<Service>('service', 'third-turnpike')).spec.ports[0]?.port, 81);
    await turnpike.kubectl('delete', 'service/third-turnpike', '--namespace=shop');
    await eventually('it is ours', async () =>
      (await get<Service>('service', 'third-turnpike')).spec.ports[0]?.port === 80 ? true : undefined,
    );
  });

  it('waits for a permission that is missing: one line, a condition, and it goes on by itself', async () => {
    const role = JSON.parse(
      await turnpike.kubectl('get', 'clusterrole/turnpike-controller-turnpike-system', '--output=json'),
    ) as { rules: { resources: readonly string[] }[]; metadata: Record<string, unknown> };
    const rules = role.rules.filter(({ resources }) => !resources.includes('deployments'));
    const setRules = (value: unknown) =>
      turnpike.kubectl(
        'patch',
        'clusterrole/turnpike-controller-turnpike-system',
        '--type=json',
        `--patch=${JSON.stringify([{ op: 'replace', path: '/rules', value }])}`,
      );
    await setRules(rules);
    await turnpike.apply(gateway('fourth'));
    const told = await turnpike.until('gateway/fourth', 'turnpike.dev/Provisioned', 'Forbidden', 'shop');
    assert.match(told.message, /deployments.apps "fourth-turnpike" is forbidden/);
    assert.deepEqual(await shop.all('service', 'fourth'), ['Service/fourth-turnpike']);
    await setRules(role.rules);
    await eventually('the Deployment is there', () => get('deployment', 'fourth-turnpike'), {
      deadlineMs: 45_000,
    });
    await eventually('the condition is gone', async () => {
      const conditions = await turnpike.conditions('gateway/fourth', 'shop');
      return conditions.some(({ type }) => type === 'turnpike.dev/Provisioned') ? undefined : true;
    });
  });

  it('has names that fit where the name of the Gateway does not', async () => {
    const long = 'g'.repeat(253);
    await turnpike.apply(gateway(long));
    const service = await eventually('its Service is there', async () => {
      const found = await turnpike.kubectl('get', 'service', '--namespace=shop', '--output=name');
      return found.split('\n').find((one) => one.startsWith('service/ggg'));
    });
    assert.equal(service.replace('service/', '').length, 63);
    await turnpike.kubectl('delete', 'gateway', long, '--namespace=shop');
  });

  it('goes to whom the Gateway is given', async () => {
    await turnpike.apply(`
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: elsewhere }
spec: { controllerName: example.com/other }
`);
    assert.notDeepEqual(await shop.all(kindsMade, 'third'), []);
    await shop.patch('gateway/third', { spec: { gatewayClassName: 'elsewhere' } });
    await eventually('nothing of ours is left', async () =>
      (await shop.all(kindsMade, 'third')).length === 0 ? true : undefined,
    );
  });

  it('is the same after another replica has taken the lead', async () => {
    const before = await get('deployment', 'other-turnpike');
    const leader = await turnpike.replaceLeader();
    await shop.patch('deployment/other-turnpike', { metadata: { labels: { team: 'other' } } });
    await eventually('it puts things back', async () =>
      (await get('deployment', 'other-turnpike')).metadata.labels?.['team'] === 'shop' ? true : undefined,
    );
    assert.equal((await get('deployment', 'other-turnpike')).metadata.uid, before.metadata.uid);
    await leader.start();
  });

  it('goes with the Gateway', async () => {
    assert.notDeepEqual(await shop.all(made, 'other'), []);
    await turnpike.kubectl('delete', 'gateway/other', '--namespace=shop');
    await eventually(
      'nothing is left',
      async () => ((await shop.all(made, 'other')).length === 0 ? true : undefined),
      {
        deadlineMs: 60_000,
      },
    );
  });
});
