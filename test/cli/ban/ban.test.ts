// turnpike ban over a folder: what it writes is what a data plane goes by.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { decodeManifest } from '#crds/kind.ts';
import { turnpike } from '#test/given/command.ts';
import { givenFolder } from '#test/given/folder.ts';
import { edgeManifest } from '#test/given/manifests.ts';

test('add writes a Ban, list tells it, add again changes it, and remove takes it away and lifts rules', async () => {
  await using folder = await givenFolder({});
  const ban = (...args: readonly string[]) => turnpike(['ban', ...args, '--folder', folder.path]);
  const added = await ban('add', '192.0.2.7', '2001:db8:0:7::9', '--for', '1h', '--reason', 'probing');
  assert.equal(added.code, 0, added.stderr);
  assert.match(added.stderr, /^turnpike: warning: there is no Gateway in namespace default/u);
  const file = path.join(folder.path, 'ban-192-0-2-7-32.yaml');
  const decoded = decodeManifest('Ban', parse(await readFile(file, 'utf8')));
  assert.ok(decoded.ok);
  const { addresses, action, reason, expires = '' } = decoded.object.spec;
  assert.deepEqual(
    { addresses, action, reason },
    { addresses: ['192.0.2.7/32'], action: 'Refuse', reason: 'probing' },
  );
  const leftMs = Date.parse(expires) - Date.now();
  assert.ok(leftMs > 3_500_000 && leftMs <= 3_600_000, expires);

  await folder.save({ 'edge.yaml': edgeManifest(8080) });
  assert.equal((await ban('add', '192.0.2.7/32')).stderr, '');
  const listed = (await ban('list')).stdout.trimEnd().split('\n');
  assert.deepEqual(
    listed.map((line) => line.split('  ').slice(0, 2)),
    [
      ['192.0.2.7/32', 'Refuse'],
      ['2001:db8:0:7::/64', 'Refuse'],
    ],
  );
  assert.match(listed[0] ?? '', /for ever {2}- {2}ban-192-0-2-7-32$/u);

  const removed = await ban('remove', '192.0.2.7');
  assert.equal(removed.code, 0, removed.stderr);
  assert.deepEqual((await readdir(folder.path)).sort(), [
    'ban-2001-db8-0-7---64.yaml',
    'edge.yaml',
    'lift-192-0-2-7-32.yaml',
  ]);
  const lift = parse(await readFile(path.join(folder.path, 'lift-192-0-2-7-32.yaml'), 'utf8')) as object;
  const decodedLift = decodeManifest('Ban', lift);
  assert.ok(decodedLift.ok && decodedLift.object.spec.action === 'Lift');
});

test('remove leaves what else stands in a file, and a Ban that names others too', async () => {
  const both = `apiVersion: turnpike.dev/v1alpha1
kind: Ban
metadata: { name: both }
spec: { addresses: [ 192.0.2.7/32, 192.0.2.8/32 ] }
`;
  const other = `# of the office
apiVersion: turnpike.dev/v1alpha1
kind: Ban
metadata: { name: other, namespace: shop }
spec: { addresses: [ 192.0.2.7/32 ] }
`;
  const alone = both.replace('both', 'alone').replace(', 192.0.2.8/32', '');
  await using folder = await givenFolder({ 'bans.yaml': [both, alone, other].join('---\n') });
  const { code, stdout, stderr } = await turnpike(['ban', 'remove', '192.0.2.7', '--folder', folder.path]);
  assert.equal(code, 1);
  assert.match(stdout, /^Ban default\/alone is gone$/mu);
  assert.match(stderr, /Ban default\/both names other addresses too/u);
  assert.equal(await readFile(path.join(folder.path, 'bans.yaml'), 'utf8'), [both, other].join('---\n'));
});

test('what is no address, no time or no command is refused, and nothing is written', async () => {
  await using folder = await givenFolder({});
  for (const [args, problem] of [
    [['add', 'mallory'], 'mallory is no address'],
    [['add', '192.0.2.7/24'], 'has an address with bits beyond its length'],
    [['add', '192.0.2.7', '--for', 'ever'], '--for ever: tell 30s, 10m, 12h or 90d'],
    [['add', '0.0.0.0/0'], '0.0.0.0/0 is everybody: name a narrower network'],
    [['add', '::/0'], '::/0 is everybody: name a narrower network'],
    [['add', '192.0.2.7', '64.0.0.0/7'], '64.0.0.0/7 is a large part of all clients'],
    [['add', '2000::/15'], 'or add --wide if that is meant'],
    [['remove', '192.0.2.7', '--wide'], '--wide is for add'],
    [['add'], 'name an address'],
    [['list', '192.0.2.7'], 'list takes no address'],
    [['lift', '192.0.2.7'], 'there is no command ban lift'],
    [['add', '192.0.2.7', '--context', 'other'], 'remove --kubeconfig and --context'],
  ] as const) {
    const { code, stderr } = await turnpike(['ban', ...args, '--folder', folder.path]);
    assert.equal(code, 2, args.join(' '));
    assert.ok(stderr.includes(problem), stderr);
  }
  assert.deepEqual(await readdir(folder.path), []);
});

test('everybody is banned by who says so, and networks of /8 and of /16 of IPv6 by anybody', async () => {
  await using folder = await givenFolder({});
  const ban = (...args: readonly string[]) => turnpike(['ban', ...args, '--folder', folder.path]);
  assert.equal((await ban('add', '10.0.0.0/8', '2001::/16')).code, 0);
  assert.match(
    (await ban('add', '0.0.0.0/0', '--wide', '--for', '1h')).stdout,
    /^0\.0\.0\.0\/0 is banned until/u,
  );
  assert.equal((await ban('remove', '0.0.0.0/0')).code, 0);
});
