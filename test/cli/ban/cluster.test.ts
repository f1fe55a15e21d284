// turnpike ban list over a cluster: what data planes tell of rules, beside the objects.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { turnpike } from '#test/given/command.ts';
import { givenFolder } from '#test/given/folder.ts';

/** Answers by path, without the query; 403 to all else. */
async function givenServer(answers: Readonly<Record<string, unknown>>) {
  const asked: string[] = [];
  const server = createServer(({ url = '' }, response) => {
    const [target = ''] = url.split('?');
    asked.push(url);
    const answer = answers[decodeURIComponent(target)];
    response.statusCode = answer === undefined ? 403 : 200;
    response.end(JSON.stringify(answer ?? { reason: 'Forbidden', message: `not for you: ${target}` }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const folder = await givenFolder({
    kubeconfig: `
apiVersion: v1
kind: Config
current-context: here
contexts: [{ name: here, context: { cluster: here, user: us, namespace: shop } }]
clusters: [{ name: here, cluster: { server: "http://127.0.0.1:${port}", insecure-skip-tls-verify: true } }]
users: [{ name: us, user: {} }]
`,
  });
  return {
    asked,
    ban: (...args: readonly string[]) =>
      turnpike(['ban', ...args, '--kubeconfig', path.join(folder.path, 'kubeconfig')]),
    async [Symbol.asyncDispose]() {
      server.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const bans = {
  items: [
    {
      metadata: { name: 'scanner', namespace: 'shop' },
      spec: { addresses: ['192.0.2.0/24'], reason: 'scans' },
    },
  ],
};

function page(until: string) {
  const ban = { address: '198.51.100.7', policy: 'shop/edge', rule: 'guesses', mode: 'Enforce', until };
  return { bans: { 'shop/edge/guesses 198.51.100.7': ban } };
}

const pod = (name: string) => ({ metadata: { name, namespace: 'shop' }, status: { phase: 'Running' } });

test('list tells the objects of the context, and each ban of the data planes once', async () => {
  const root = '/api/v1/namespaces/shop/pods';
  await using server = await givenServer({
    '/apis/turnpike.dev/v1alpha1/namespaces/shop/bans': bans,
    [root]: { items: ['edge-1', 'edge-2'].map(pod) },
    [`${root}/edge-1:9901/proxy/bans`]: page('2026-11-23T05:00:00.000Z'),
    [`${root}/edge-2:9901/proxy/bans`]: page('2026-11-23T05:00:01.000Z'),
  });
  const { code, stdout, stderr } = await server.ban('list');
  assert.equal(code, 0, stderr);
  assert.equal(
    stdout,
    '192.0.2.0/24  Refuse  for ever  scans  scanner\n' +
      '198.51.100.7  Refuse  until 2026-11-23T05:00:01.000Z  ProtectionPolicy shop/edge bans/guesses  -\n',
  );
  assert.ok(server.asked.some((url) => url.startsWith(`${root}?labelSelector=app.kubernetes.io`)));
});

test('who may not ask the data planes is told the objects, and that this is not all', async () => {
  await using server = await givenServer({ '/apis/turnpike.dev/v1alpha1/namespaces/shop/bans': bans });
  const { code, stdout, stderr } = await server.ban('list');
  assert.equal(code, 1);
  assert.match(stdout, /^192\.0\.2\.0\/24 /u);
  assert.match(
    stderr,
    /not all that rules have banned is told: the right to list pods in namespace shop is missing/u,
  );
});

test('add says that no Gateway is there, and nothing where that is not told', async () => {
  const written = { '/apis/turnpike.dev/v1alpha1/namespaces/shop/bans/ban-192-0-2-7-32': {} };
  const gateways = '/apis/gateway.networking.k8s.io/v1/namespaces/shop/gateways';
  await using none = await givenServer({ ...written, [gateways]: { items: [] } });
  const { code, stderr } = await none.ban('add', '192.0.2.7');
  assert.equal(code, 0);
  assert.match(stderr, /^turnpike: warning: there is no Gateway in namespace shop, /u);
  await using some = await givenServer({ ...written, [gateways]: { items: [{}] } });
  assert.equal((await some.ban('add', '192.0.2.7')).stderr, '');
  await using untold = await givenServer(written);
  const quiet = await untold.ban('add', '192.0.2.7');
  assert.deepEqual([quiet.code, quiet.stderr], [0, '']);
});

test('what others have written into objects and pages forges no line, and commands no terminal', async () => {
  const root = '/api/v1/namespaces/shop/pods';
  const [ban] = bans.items;
  const reason = 'scans\n10.0.0.0/8  Refuse  for ever\u001b[2J\u009b31m\u2028';
  const told = {
    address: '198.51.100.7\r\n',
    policy: 'shop/\u001b]0;x\u0007',
    rule: 'r',
    mode: 'Enforce',
    until: '2026',
  };
  await using server = await givenServer({
    '/apis/turnpike.dev/v1alpha1/namespaces/shop/bans': {
      ...bans,
      items: [{ ...ban, spec: { ...ban?.spec, reason } }],
    },
    [root]: { items: [pod('edge-1')] },
    [`${root}/edge-1:9901/proxy/bans`]: { bans: { one: told } },
  });
  const { stdout, stderr } = await server.ban('list');
  assert.equal(stderr, '');
  assert.equal(stdout.trimEnd().split('\n').length, 2, stdout);
  assert.doesNotMatch(stdout, /[^\P{C}\n]|\p{Zl}|\p{Zp}/u);
});
