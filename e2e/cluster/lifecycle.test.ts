/** A cluster comes up from whatever is left of it, and leaves nothing. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Cluster, findCluster } from './cluster.ts';
import { ClusterError } from './cluster-error.ts';
import { exitOf, outputOf } from './command.ts';
import { processesFile } from './control-group.ts';
import { pidOf } from './daemon.ts';
import { shimSockets } from './ground.ts';
import { down, helloImage, statusOf, up } from './lifecycle.ts';
import { siteOf } from './site.ts';

const name = 'lifecycle';
const site = siteOf(name);
const options = { gatewayApi: null };

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'hello', namespace: 'default' },
  spec: {
    containers: [{ name: 'hello', image: helloImage, imagePullPolicy: 'Never' }],
    terminationGracePeriodSeconds: 0,
  },
};

async function lines(file: string): Promise<readonly string[]> {
  return (await readFile(file, 'utf8')).split('\n').filter(Boolean);
}

async function commandLines(): Promise<readonly string[]> {
  const ids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  return Promise.all(ids.map(async (id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')));
}

/** All by which somebody could notice that the cluster was there. */
async function traces(): Promise<readonly string[]> {
  const logs = await readdir('/var/log/containers').catch(() => []);
  const targets = logs.map(async (log) => readlink(path.join('/var/log/containers', log)).catch(() => ''));
  const found = [
    ...(await lines('/proc/self/mountinfo')),
    ...(await Promise.all(targets)),
    ...(await readdir('/run/netns').catch(() => [])).map((network) => `/run/netns/${network}`),
    ...(await readdir('/var/lib/cni/results').catch(() => [])),
    ...(await commandLines()),
    ...(await outputOf('find', ['/sys/fs/cgroup', '-maxdepth', '2', '-name', site.controlGroup])).split('\n'),
    ...[site.folder, site.runFolder].filter((folder) => existsSync(folder)),
  ];
  const places = [site.folder, site.runFolder, site.network, site.controlGroup, `turnpike-e2e-${name}`];
  return found.filter((trace) => places.some((place) => trace.includes(place)));
}

describe('a cluster', () => {
  let cluster: Cluster;

  before(async () => {
    await down(name);
    await up(name, options);
    cluster = await findCluster(name);
    await cluster.node?.client(9);
    await cluster.apply([pod]);
    await cluster.waitFor({ for: 'condition=Ready', resource: ['pod/hello'] });
  });

  after(async () => down(name));

  async function podIdentity(): Promise<string> {
    return cluster.kubectl([
      'get',
      'pod/hello',
      '--output=jsonpath={.metadata.uid} {.status.containerStatuses[0].containerID}',
    ]);
  }

  it('is left as it is by a second `up`, which takes a moment', async () => {
    const before = await statusOf(name);
    const startedAt = performance.now();
    await up(name, options);
    assert.ok(performance.now() - startedAt < 5_000);
    assert.deepEqual(await statusOf(name), before);
  });

  it('is mended by `up` when its kubelet and its containerd were killed, and its pods have not noticed', async () => {
    const before = await podIdentity();
    for (const server of ['kubelet', 'containerd'] as const) await cluster.node?.kill(server);
    assert.equal((await statusOf(name)).servers.kubelet, null);
    await up(name, options);
    assert.ok(Object.values((await statusOf(name)).servers).every((pid) => pid !== null));
    assert.equal(await podIdentity(), before);
    await cluster.kubectl(['delete', 'pod/hello']);
    await cluster.apply([pod]);
    await cluster.waitFor({ for: 'condition=Ready', resource: ['pod/hello'] });
  });

  it('does not take a process for its own that got the number of one that was', async () => {
    await cluster.node?.kill('load-balancer');
    const stranger = spawn('sleep', ['600']);
    const ended = exitOf(stranger, 'sleep');
    const record = path.join(site.runFolder, 'servers', 'load-balancer.json');
    const before = JSON.parse(await readFile(record, 'utf8')) as object;
    await writeFile(record, JSON.stringify({ ...before, pid: stranger.pid }));
    assert.equal(await pidOf(site, 'load-balancer'), undefined);
    await cluster.node?.kill('load-balancer');
    await up(name, options);
    assert.equal(stranger.exitCode ?? stranger.signalCode, null);
    stranger.kill();
    await ended;
  });

  it('has the experimental Gateway API, and the other when it is asked for, there and back', async () => {
    const definitions = async () => {
      const channel = String.raw`{.metadata.annotations.gateway\.networking\.k8s\.io/channel}`;
      const paths = `jsonpath={range .items[*]}{.spec.names.kind} ${channel}{"\\n"}{end}`;
      const told = await cluster.kubectl(['get', 'customresourcedefinitions', `--output=${paths}`]);
      return told
        .trim()
        .split('\n')
        .filter((line) => line.includes(' '));
    };
    const before = await definitions();
    assert.ok(before.includes('XBackend experimental'), before.join());
    await up(name, { gatewayApi: 'standard' });
    const standard = before.filter((line) => !line.startsWith('X'));
    assert.deepEqual(
      await definitions(),
      standard.map((line) => line.replace('experimental', 'standard')),
    );
    await up(name, { gatewayApi: null });
    assert.ok((await definitions()).includes('Gateway standard'));
    await up(name, { gatewayApi: 'experimental' });
    assert.deepEqual(await definitions(), before);
  });

  it('has bundles of trusted certificates as a kind', async () => {
    const served = await cluster.kubectl([
      'api-resources',
      '--api-group=certificates.k8s.io',
      '--output=name',
    ]);
    assert.match(served, /^clustertrustbundles\./m);
  });

  it('is made anew by `up` when it was cut off half-way', async () => {
    await rm(path.join(site.folder, 'made'));
    assert.equal((await statusOf(name)).ground, 'remains');
    await up(name, options);
    const pods = await cluster.kubectl(['get', 'pods', '--output=name']);
    assert.equal(pods, '');
  });

  it('leaves no process, mount, network, control group or file behind when it goes down with pods and clients', async () => {
    await cluster.node?.client(9);
    await cluster.apply([pod]);
    await cluster.waitFor({ for: 'condition=Ready', resource: ['pod/hello'] });
    assert.ok((await lines(processesFile(site.controlGroup))).length > 0);
    assert.ok((await traces()).length > 0);
    const sockets = new Set((await shimSockets(site)).filter((socket) => existsSync(socket)));
    assert.equal(sockets.size, 2, 'one for each sandbox, which are this pod and DNS');
    await down(name);
    assert.deepEqual(await traces(), []);
    assert.deepEqual(
      [...sockets].filter((socket) => existsSync(socket)),
      [],
    );
    await assert.rejects(findCluster(name), (error) => {
      assert.ok(error instanceof ClusterError);
      assert.match(error.message, /npm run e2e:cluster -- up --name lifecycle/);
      return true;
    });
    await down(name);
  });

  it('has a name that is good for files and interfaces', () => {
    assert.throws(() => siteOf('../elsewhere'), ClusterError);
    assert.throws(() => siteOf('a'.repeat(25)), ClusterError);
  });
});
