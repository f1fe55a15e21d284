import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { loadConnection } from '#controller/kube/connection.ts';

async function givenServiceAccount(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'turnpike-account-'));
  t.after(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
  return folder;
}

const account = { token: 'first\n', 'ca.crt': 'authority', namespace: 'turnpike-system\n' };

test('a pod knows its API server, its namespace and itself', async (t) => {
  const folder = await givenServiceAccount(t, account);
  const connection = await loadConnection({ kind: 'Pod', host: '10.96.0.1', port: '443', folder });
  assert.equal(new URL(connection.server).href, 'https://10.96.0.1/');
  assert.equal(connection.namespace, 'turnpike-system');
  assert.deepEqual(await connection.credentials('Cached'), {
    headers: { authorization: 'Bearer first' },
    tls: { ca: 'authority' },
  });
});

test('the API server of a pod may have an address of IPv6', async (t) => {
  const folder = await givenServiceAccount(t, account);
  const connection = await loadConnection({ kind: 'Pod', host: 'fd00::1', port: '6443', folder });
  assert.equal(connection.server, 'https://[fd00::1]:6443');
});

test('a token that was rotated is shown next', async (t) => {
  const folder = await givenServiceAccount(t, account);
  const connection = await loadConnection({ kind: 'Pod', host: '10.96.0.1', port: '443', folder });
  await connection.credentials('Cached');
  await writeFile(path.join(folder, 'token'), 'second');
  const { headers } = await connection.credentials('Cached');
  assert.equal(headers['authorization'], 'Bearer second');
});

test('a pod whose token is not mounted is told so by each call, and no pod at all at once', async (t) => {
  const folder = await givenServiceAccount(t, {});
  const connection = await loadConnection({ kind: 'Pod', host: '10.96.0.1', port: '443', folder });
  assert.equal(connection.namespace, null);
  await assert.rejects(connection.credentials('Cached'), { failure: 'Unauthorized' });
  await assert.rejects(loadConnection({ kind: 'Pod', host: '', port: '', folder }), {
    failure: 'Malformed',
    message: /name a kubeconfig/,
  });
});
