// The quickstart is one set of routes and policies in two worlds, and holds in both.
import assert from 'node:assert/strict';
import { cp, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { projectFolder, startCommand, turnpike } from '#test/given/command.ts';
import { eventually } from '#test/given/eventually.ts';
import { givenFolder } from '#test/given/folder.ts';
import { request } from '#test/given/http-client.ts';

const quickstart = path.join(projectFolder, 'examples/quickstart');

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly ports?: readonly { readonly name: string; readonly port: number }[] };
}

async function manifestsIn(file: string): Promise<readonly Manifest[]> {
  const text = await readFile(path.join(quickstart, file), 'utf8');
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

async function servicesIn(file: string): Promise<Record<string, unknown>> {
  const services = (await manifestsIn(file)).filter(({ kind }) => kind === 'Service');
  const shapes = services.map(({ metadata, spec }) => [
    metadata.name,
    spec.ports?.map(({ name, port }) => ({ name, port })),
  ]);
  return Object.fromEntries(shapes) as Record<string, unknown>;
}

test('in both worlds the routes and policies find what they name', async () => {
  const file = 'gateway-class.yaml';
  const gatewayClass = await readFile(path.join(quickstart, 'standalone', file), 'utf8');
  await using chart = await givenFolder({ [file]: gatewayClass });
  for (const world of ['standalone', 'cluster']) {
    const folders = ['shared', world].map((part) => `examples/quickstart/${part}`);
    // In a cluster the chart makes it.
    if (world === 'cluster') folders.push(chart.path);
    const { code, stdout } = await turnpike(['check', ...folders]);
    assert.match(stdout, /^\d+ objects checked, no problems\n$/m);
    assert.equal(code, 0);
  }
});

test('the example of an Ingress finds what it names', async () => {
  const { code, stdout } = await turnpike(['check', 'examples/ingress']);
  assert.match(stdout, /^\d+ objects checked, no problems\n$/m);
  assert.equal(code, 0);
});

test('both worlds have the same Services', async () => {
  assert.deepEqual(await servicesIn('cluster/services.yaml'), await servicesIn('standalone/services.yaml'));
});

test('the kustomization names files that are there, and the ConfigMap that the pods mount', async () => {
  const [kustomization] = (await manifestsIn('kustomization.yaml')) as unknown as readonly {
    resources: readonly string[];
    configMapGenerator: readonly { name: string; files: readonly string[] }[];
  }[];
  const [generated] = kustomization?.configMapGenerator ?? [];
  const files = [...(kustomization?.resources ?? []), ...(generated?.files ?? [])];
  assert.ok(files.length >= 7);
  for (const file of files) await readFile(path.join(quickstart, file), 'utf8');
  const pods = await readFile(path.join(quickstart, 'cluster/services.yaml'), 'utf8');
  const mounted = [...pods.matchAll(/configMap: \{ name: ([a-z-]+) \}/g)].map((match) => match[1]);
  assert.deepEqual(new Set(mounted), new Set([generated?.name]));
});

test('nothing of the chart is in the kustomization: deleting the quickstart must not delete the class', async () => {
  const [kustomization] = (await manifestsIn('kustomization.yaml')) as unknown as readonly {
    resources: readonly string[];
  }[];
  const manifests = await Promise.all((kustomization?.resources ?? []).map(manifestsIn));
  const kinds = new Set(manifests.flat().map(({ kind }) => kind));
  assert.ok(kinds.has('Gateway'));
  assert.ok(!kinds.has('GatewayClass'));
});

test('the demo programs run on nothing but Node, from wherever they are mounted', async () => {
  await using folder = await givenFolder();
  await cp(path.join(quickstart, 'demo'), folder.path, { recursive: true });
  const cases = [
    { words: ['hello', 'hello-v1'], path: '/x', answer: /"service":"hello-v1","path":"\/x"/ },
    { words: ['issuer'], path: '/jwks.json', answer: /"kid":"demo"/ },
    { words: ['issuer'], path: '/token?user=bob', answer: /^[\w-]+\.[\w-]+\.[\w-]+$/ },
  ];
  for (const { words, path: target, answer } of cases) {
    const port = await aPort();
    await using running = startCommand(process.execPath, ['main.ts', ...words, String(port)], {
      cwd: folder.path,
    });
    await running.until('listening');
    await eventually(async () => assert.match((await request({ port, path: target })).body, answer));
    const { code } = await running.end('SIGTERM');
    assert.equal(code, 0);
  }
});

async function aPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
