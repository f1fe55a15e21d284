/** The ground that installed tests stand on: pods, names and addresses are real. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Client } from './client.ts';
import { type Cluster, type ClusterNode, startCluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { down, helloImage } from './lifecycle.ts';

const namespace = 'services-test';

function hello(name: string, replicas: number): object {
  const labels = { app: name };
  const container = {
    name: 'hello',
    image: helloImage,
    imagePullPolicy: 'Never',
    ports: [{ containerPort: 8080 }],
    readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 },
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [container], terminationGracePeriodSeconds: 0 },
      },
    },
  };
}

function service(name: string, app: string, spec: object = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { selector: { app }, ports: [{ port: 80, targetPort: 8080 }], ...spec },
  };
}

function loadBalancer(name: string, spec: object = {}): object {
  return service(name, 'hello', { type: 'LoadBalancer', ...spec });
}

describe('a cluster with a node', () => {
  let cluster: Cluster;
  let node: ClusterNode;
  let client: Client;

  before(async () => {
    cluster = await startCluster({ name: 'harness' });
    assert.ok(cluster.node, 'this is a test of the harness, not of the cluster that E2E_KUBECONFIG names');
    node = cluster.node;
    client = await node.client(1);
    await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }]);
    await cluster.apply([hello('hello', 2), service('hello', 'hello')]);
    await cluster.waitFor({ for: 'condition=Available', resource: ['deployment/hello'], namespace });
  });

  after(async () => down('harness'));

  async function ingressOf(name: string): Promise<string> {
    const path = '--output=jsonpath={.status.loadBalancer.ingress[0].ip}';
    return cluster.kubectl(['get', 'service', name, '--namespace', namespace, path]);
  }

  async function addressOf(name: string): Promise<string> {
    return eventually(`${name} has an address`, async () => (await ingressOf(name)) || undefined);
  }

  async function answer(from: Client, address: string): Promise<{ pod: string; client: string }> {
    return eventually(`${address} answers`, async () => {
      const { status, body } = await from.get(`http://${address}/`);
      return status === 200 ? (JSON.parse(body) as { pod: string; client: string }) : undefined;
    });
  }

  it('runs pods that answer through a Service, each in its turn', async () => {
    const address = await cluster.kubectl([
      'get',
      'service',
      'hello',
      '--namespace',
      namespace,
      '--output=jsonpath={.spec.clusterIP}',
    ]);
    const pods = new Set<string>();
    await eventually('both pods have answered', async () => {
      pods.add((await answer(client, address)).pod);
      return pods.size === 2 ? true : undefined;
    });
  });

  it('resolves the name of a Service inside a pod, and knows no name outside the cluster', async () => {
    await cluster.apply([loadBalancer('names')]);
    const address = await addressOf('names');
    await answer(client, address);
    const found = await client.get(`http://${address}/lookup?name=hello.${namespace}.svc.cluster.local`);
    assert.match(found.body, /"10\.96\.\d+\.\d+"/);
    const reached = await client.get(`http://${address}/get?url=http://hello`);
    assert.equal((JSON.parse(reached.body) as { status: number }).status, 200);
    const outside = await client.get(`http://${address}/lookup?name=example.com`);
    assert.equal(outside.status, 502);
    assert.match(outside.body, /no such host/);
  });

  it('gives a Service of type LoadBalancer an address that answers', async () => {
    await cluster.apply([loadBalancer('balanced')]);
    const address = await addressOf('balanced');
    assert.match(address, /^10\.89\.1\.\d+$/);
    assert.match((await answer(client, address)).pod, /^hello-/);
  });

  it('brings datagrams to a Service of type LoadBalancer, at a port that it has for connections, too', async () => {
    const ports = ['TCP', 'UDP'].map((protocol) => ({
      name: protocol.toLowerCase(),
      protocol,
      port: 300,
      targetPort: 8080,
    }));
    await cluster.apply([loadBalancer('datagrams', { ports })]);
    const address = await addressOf('datagrams');
    const answered = await eventually('a datagram is answered', async () =>
      client.datagram(address, 300, 'hi'),
    );
    assert.equal((JSON.parse(answered) as { asked: string }).asked, 'hi');
    assert.match((await answer(client, `${address}:300`)).pod, /^hello-/);
  });

  it('gives the address that is asked for, and leaves a Service pending that asks for one it does not have', async () => {
    await cluster.apply([
      loadBalancer('unusable', { loadBalancerIP: '192.0.2.1' }),
      loadBalancer('on-request', { loadBalancerIP: '10.89.2.7' }),
    ]);
    assert.equal(await addressOf('on-request'), '10.89.2.7');
    assert.match((await answer(client, '10.89.2.7')).pod, /^hello-/);
    assert.equal(await ingressOf('unusable'), '');
  });

  it('tells clients apart by their addresses with externalTrafficPolicy Local', async () => {
    await cluster.apply([loadBalancer('local', { externalTrafficPolicy: 'Local' })]);
    const address = await addressOf('local');
    const seen = await Promise.all(
      [1, 2].map(async (host) => (await answer(await node.client(host), address)).client),
    );
    assert.deepEqual(seen, ['10.89.3.1', '10.89.3.2']);
  });

  it('keeps answering while the API server is away, and knows everything when it is back', async () => {
    await cluster.apply([loadBalancer('steady')]);
    const address = await addressOf('steady');
    await answer(client, address);
    await node.kill('kube-apiserver');
    await assert.rejects(cluster.kubectl(['get', 'pods']), /refused/);
    assert.equal((await client.get(`http://${address}/`)).status, 200);
    await node.start('kube-apiserver');
    await cluster.apply([loadBalancer('after')]);
    assert.match((await answer(client, await addressOf('after'))).pod, /^hello-/);
  });

  it('runs helm as it runs kubectl', async () => {
    assert.match(await cluster.helm(['version', '--short']), /^v3\.22\.0/);
    assert.equal((await cluster.helm(['list', '--namespace', namespace, '--output=json'])).trim(), '[]');
  });
});
