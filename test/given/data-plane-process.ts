// A data plane as a process of its own, as its image starts it. No controller is needed: it serves the snapshot
// that lies in its state folder, as after a restart while all controllers are down.
import { clusterDefaults, endpointDefaults } from '#snapshot/cluster-defaults.ts';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { entryPoint } from '#e2e/images/entry-point.ts';
import { LastGood } from '#dataplane/subscribe/last-good.ts';
import type { Cluster, Endpoints } from '#snapshot/cluster.ts';
import { encodeResource } from '#snapshot/encode.ts';
import { gatewayKey, resourceId } from '#snapshot/ids.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import type { HttpListener } from '#snapshot/listener.ts';
import type { Resource } from '#snapshot/snapshot.ts';
import { anUnusedPort } from './data-plane.ts';
import { eventually } from './eventually.ts';
import { forwardToNothing, givenRoute, givenRule, listenerId } from './route.ts';

const program = path.join(import.meta.dirname, '../../dataplane/main.ts');

export interface DataPlaneProcess extends AsyncDisposable {
  /** Of its listener, on 127.0.0.1; all that comes there goes to the backend. */
  readonly port: number;
  /** Whether GET /readyz is answered by 200; false too when nobody answers. */
  isReady(): Promise<boolean>;
  terminate(): void;
  /** SIGKILL. */
  kill(): void;
  /** How it ended, when it has. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/**
 * Starts one before the backend on `backendPort` of loopback; settles when it is ready. `others`: resources of its
 * snapshot that come in place of those of the same id.
 */
export async function aDataPlaneProcess(
  backendPort: number,
  options: readonly string[] = [],
  others: readonly Resource[] = [],
): Promise<DataPlaneProcess> {
  const folder = await mkdtemp(path.join(tmpdir(), 'turnpike-process-'));
  const port = await anUnusedPort();
  const file = path.join(folder, 'file');
  await writeFile(file, 'nobody looks at it');
  await saveSnapshot(folder, port, backendPort, others);
  const child = spawn(
    process.execPath,
    [
      ...entryPoint('dataplane').nodeOptions,
      program,
      '--gateway=infra/edge',
      '--controller=https://127.0.0.1:1',
      `--ca-file=${file}`,
      `--token-file=${file}`,
      `--state-folder=${folder}`,
      '--address=127.0.0.1',
      '--admin-address=127.0.0.1:0',
      '--access-log=off',
      ...options,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const ended = endOf(child);
  const admin = await adminAddressOf(child);
  const isReady = async (): Promise<boolean> =>
    fetch(`http://${admin}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    );
  await eventually(isReady);
  return {
    port,
    isReady,
    ended,
    terminate: () => void child.kill('SIGTERM'),
    kill: () => void child.kill('SIGKILL'),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

async function endOf(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return { code, signal };
}

/** Where its log says that health is told. */
async function adminAddressOf(child: ChildProcess): Promise<string> {
  const told = Promise.withResolvers<string>();
  const lines: string[] = [];
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line);
      const [, address] = /"event":"Started".*"admin":"([^"]+)"/.exec(line) ?? [];
      if (address !== undefined) told.resolve(address);
    });
  }
  child.once('exit', () => told.reject(new Error(`it did not start: ${lines.join('\n')}`)));
  return told.promise;
}

/** Writes to the state folder `dir` that Gateway infra/edge sends all that comes to `port` to `backendPort` of loopback. */
export async function saveSnapshot(
  dir: string,
  port: number,
  backendPort: number,
  others: readonly Resource[] = [],
): Promise<void> {
  const listener: HttpListener = {
    kind: 'Listener',
    createdMs: 0,
    id: listenerId('http'),
    name: 'http',
    port,
    hostname: '',
    protocol: 'HTTP',
    filters: [],
  };
  const endpoints: Endpoints = {
    kind: 'Endpoints',
    id: resourceId('Endpoints', 'shop', 'backend', '80'),
    endpoints: [{ address: '127.0.0.1', port: backendPort, state: 'Ready', ...endpointDefaults }],
  };
  const cluster: Cluster = {
    kind: 'Cluster',
    id: resourceId('Cluster', 'shop', 'backend', '80'),
    name: 'shop/backend:80',
    endpoints: endpoints.id,
    ...clusterDefaults,
  };
  const backends = [{ cluster: cluster.id, weight: 1, filters: [], mirrors: [] }];
  const route = givenRoute('all', { rules: [givenRule({ action: { ...forwardToNothing, backends } })] });
  const lastGood = new LastGood({
    dir,
    gateway: gatewayKey('infra', 'edge'),
    now: Date.now,
    onProblem: ({ reason }) => {
      throw new Error(reason);
    },
  });
  const order = { lineage: 'cluster', kinds: { HTTPRoute: { seen: '1', state: 'at-1' } } };
  const all = [listener, endpoints, cluster, route, ...others].map((one) => [one.id, one] as const);
  await lastGood.write(order, [...new Map<ResourceId, Resource>(all).values()].map(encodeResource));
}
