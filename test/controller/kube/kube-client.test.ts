import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { systemClock } from '#controller/clock.ts';
import { loadConnection } from '#controller/kube/connection.ts';
import { KubeClient } from '#controller/kube/kube-client.ts';
import { KubeError } from '#controller/kube/kube-error.ts';
import { refuse, startApiServer } from '#test/given/api-server.ts';
import { eventually } from '#test/given/eventually.ts';
import type { AddressInfo } from 'node:net';
import type { Connection } from '#controller/kube/connection.ts';
import type { TestContext } from 'node:test';

const routes = '/apis/gateway.networking.k8s.io/v1/httproutes';
const one = '/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes/a';

async function given(t: TestContext) {
  const server = await startApiServer(t, routes);
  const client = new KubeClient(server.connection, systemClock);
  t.after(() => client.close());
  return { server, client };
}

function failsAs(failure: KubeError['failure']) {
  return (error: unknown) => {
    assert(error instanceof KubeError, String(error));
    assert.equal(error.failure, failure);
    return true;
  };
}

for (const [code, failure] of [
  [400, 'BadRequest'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'NotFound'],
  [409, 'Conflict'],
  [410, 'Gone'],
  [413, 'TooLarge'],
  [422, 'Invalid'],
  [429, 'TooManyRequests'],
  [500, 'Server'],
  [503, 'Server'],
] as const) {
  test(`an answer of ${code} is the failure ${failure}`, async (t) => {
    const { server, client } = await given(t);
    server.faults.add((_request, response) => refuse(response, code, { 'retry-after': '7' }));
    await assert.rejects(client.request({ method: 'GET', path: one }), (error) => {
      failsAs(failure)(error);
      assert(error instanceof KubeError);
      assert.equal(error.status, code);
      assert.equal(error.retryAfterMs, 7_000);
      return true;
    });
  });
}

test('creating what exists is told from a lost race', async (t) => {
  const { server, client } = await given(t);
  server.put(routes, { metadata: { name: 'a', namespace: 'shop' } });
  const path = '/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes';
  const body = { metadata: { name: 'a' } };
  await assert.rejects(client.request({ method: 'POST', path, body }), failsAs('AlreadyExists'));
});

test('a server that does not answer is a timeout, one that resets the network, a signal aborts', async (t) => {
  const { server, client } = await given(t);
  server.faults.add(() => true);
  const call = { method: 'GET', path: one } as const;
  await assert.rejects(client.request({ ...call, deadlineMs: 20 }), failsAs('Timeout'));
  const signal = AbortSignal.timeout(20);
  await assert.rejects(client.request({ ...call, signal }), failsAs('Aborted'));
  server.faults.clear();
  server.faults.add((_request, response) => response.socket?.resetAndDestroy() !== undefined);
  await assert.rejects(client.request(call), failsAs('Network'));
});

test('an answer that is no JSON is malformed', async (t) => {
  const { server, client } = await given(t);
  server.faults.add((_request, response) => response.end('<html>') !== undefined);
  await assert.rejects(client.request({ method: 'GET', path: one }), failsAs('Malformed'));
});

test('many calls share a few connections', async (t) => {
  const { server, client } = await given(t);
  server.put(routes, { metadata: { name: 'a', namespace: 'shop' } });
  let connections = 0;
  const sockets = new Set<unknown>();
  server.faults.add((_request, response) => {
    if (!sockets.has(response.socket)) connections += 1;
    sockets.add(response.socket);
    return false;
  });
  for (let times = 0; times < 50; times += 1) await client.request({ method: 'GET', path: one });
  assert(connections <= 2, `${connections} connections`);
});

test('a stream whose head does not come is a timeout', async (t) => {
  const { server, client } = await given(t);
  server.faults.add(() => true);
  const { signal } = new AbortController();
  const call = { method: 'GET', path: one, signal, deadlineMs: 20 } as const;
  await assert.rejects(client.stream(call), failsAs('Timeout'));
});

test('calls find a connection, however many streams are open', async (t) => {
  const { server, client } = await given(t);
  server.put(routes, { metadata: { name: 'a', namespace: 'shop' } });
  server.faults.add((request, response) => {
    if (!request.query.has('watch')) return false;
    response.writeHead(200).flushHeaders();
    return true;
  });
  const { signal } = new AbortController();
  const watch = { method: 'GET', path: routes, query: { watch: 'true' }, signal } as const;
  await Promise.all(Array.from({ length: 100 }, () => client.stream(watch)));
  await client.request({ method: 'GET', path: one, deadlineMs: 2_000 });
});

test('credentials are asked for anew after a 401', async (t) => {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const token = request.headers.authorization ?? '';
    seen.push(token);
    response.writeHead(token === 'Bearer fresh' ? 200 : 401).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const connection: Connection = {
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}/prefix/`,
    namespace: null,
    credentials: (want) =>
      Promise.resolve({
        headers: { authorization: want === 'Fresh' ? 'Bearer fresh' : 'Bearer stale' },
        tls: {},
      }),
  };
  const client = new KubeClient(connection, systemClock);
  t.after(() => client.close());
  await assert.rejects(client.request({ method: 'GET', path: '/api' }), failsAs('Unauthorized'));
  await client.request({ method: 'GET', path: '/api' });
  assert.deepEqual(seen, ['Bearer stale', 'Bearer fresh']);
});

test('credentials that cannot be had fail the call and not the client', async (t) => {
  const { server } = await given(t);
  server.put(routes, { metadata: { name: 'a', namespace: 'shop' } });
  let times = 0;
  const connection: Connection = {
    ...server.connection,
    credentials() {
      times += 1;
      return times === 1
        ? Promise.reject(new KubeError('Unauthorized', 'no token'))
        : Promise.resolve({ headers: {}, tls: {} });
    },
  };
  const client = new KubeClient(connection, systemClock);
  t.after(() => client.close());
  await assert.rejects(client.request({ method: 'GET', path: one }), failsAs('Unauthorized'));
  await eventually(() => client.request({ method: 'GET', path: one }));
});

test('a kubeconfig tells server, namespace and credentials', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'turnpike-kubeconfig-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = path.join(folder, 'config');
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const cluster = { server: 'https://10.1.2.3:6443', 'certificate-authority-data': base64('authority') };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { token: 'abc', 'client-certificate-data': base64('certificate') } }],
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u', namespace: 'gateways' } }],
  };
  await writeFile(file, JSON.stringify(config));
  const connection = await loadConnection({ kind: 'File', file, context: null });
  assert.equal(connection.server, 'https://10.1.2.3:6443');
  assert.equal(connection.namespace, 'gateways');
  const { headers, tls } = await connection.credentials('Cached');
  assert.equal(headers['authorization'], 'Bearer abc');
  assert.equal(String(tls.ca), 'authority');
  assert.equal(String(tls.cert), 'certificate');
  await assert.rejects(
    loadConnection({ kind: 'File', file: `${file}.none`, context: null }),
    failsAs('Malformed'),
  );
});
