import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { decodeManifest } from '#crds/kind.ts';
import { isKeyLine, readKeyLine } from '#crds/key-line.ts';
import { turnpike } from '#test/given/command.ts';
import { givenFolder } from '#test/given/folder.ts';

const shape = /tp_[0-9A-Za-z]{8}_[0-9A-Za-z]{32}/;
const keyIn = (text: string): string => shape.exec(text)?.[0] ?? '';

test('create tells a key once, and a Consumer that knows its hash alone', async () => {
  const options = ['--group', 'partners', '--group', 'eu', '--plan', 'gold', '--expires', '2099-06-30'];
  const { code, stdout, stderr } = await turnpike(['key', 'create', '--consumer', 'acme', ...options]);
  assert.equal(code, 0);
  const key = keyIn(stderr);
  assert.match(key, shape);
  assert.ok(!stdout.includes(key));
  const decoded = decodeManifest('Consumer', parse(stdout));
  assert.ok(decoded.ok);
  const { metadata, spec } = decoded.object;
  assert.deepEqual([metadata.namespace, metadata.name], ['default', 'acme']);
  const sha256 = hash('sha256', key, 'hex');
  const apiKey = { prefix: key.slice(0, 11), sha256, expires: '2099-06-30T00:00:00Z' };
  assert.deepEqual(spec, {
    groups: ['partners', 'eu'],
    plan: 'gold',
    credentials: [{ name: `key-${sha256.slice(0, 8)}`, type: 'APIKey', apiKey }],
  });
});

test('no two keys are alike', async () => {
  const runs = await Promise.all(
    ['a', 'b', 'c'].map((consumer) => turnpike(['key', 'create', '--consumer', consumer])),
  );
  assert.equal(new Set(runs.map(({ stderr }) => keyIn(stderr))).size, 3);
});

test('a line for a Secret says the same', async () => {
  const { stdout, stderr } = await turnpike([
    'key',
    'create',
    '--consumer',
    'acme',
    '--line',
    '--plan',
    'gold',
  ]);
  assert.ok(isKeyLine(stdout));
  const read = readKeyLine(stdout.trim());
  assert.ok(read.ok);
  assert.equal(read.line.sha256, hash('sha256', keyIn(stderr), 'hex'));
  assert.deepEqual([read.line.consumer, read.line.plan], ['acme', 'gold']);
});

test('two keys live in one file, until one is revoked; what else is there stays', async () => {
  await using folder = await givenFolder({
    'acme.yaml':
      '# who calls\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: other }\ndata: { a: b } # kept\n',
  });
  const file = path.join(folder.path, 'acme.yaml');
  const create = () =>
    turnpike(['key', 'create', '--consumer', 'acme', '--namespace', 'shop', '--file', file]);
  const first = keyIn((await create()).stdout);
  const second = keyIn((await create()).stdout);
  const listed = await turnpike(['key', 'list', folder.path]);
  assert.deepEqual(
    listed.stdout
      .trim()
      .split('\n')
      .map((line) => line.split('  ').slice(0, 6)),
    [first, second].map((key) => [key.slice(0, 11), 'acme', '-', '-', 'never', 'Consumer shop/acme']),
  );
  const revoked = await turnpike(['key', 'revoke', first.slice(0, 11), folder.path]);
  assert.equal(revoked.code, 0);
  const text = await readFile(file, 'utf8');
  assert.ok(text.includes('# who calls') && text.includes('# kept'));
  assert.ok(!text.includes(hash('sha256', first, 'hex')));
  assert.ok(text.includes(hash('sha256', second, 'hex')));
  assert.ok(!text.includes(first) && !text.includes(second));
  const again = await turnpike(['key', 'revoke', first.slice(0, 11), folder.path]);
  assert.equal(again.code, 1);
});

test('a key of a Secret is revoked, encoded or not, and its neighbours stay', async () => {
  const line = (digit: string) =>
    `sha256:${digit.repeat(64)};prefix=tp_${digit.repeat(8)};consumer=c${digit}`;
  const text = `# partners\n${line('a')}\n${line('b')}\n`;
  const secret = (name: string, field: string, value: string) =>
    JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, [field]: { keys: value } });
  await using folder = await givenFolder({
    'plain.json': secret('plain', 'stringData', text),
    'encoded.json': secret('encoded', 'data', Buffer.from(text).toString('base64')),
  });
  const { code } = await turnpike(['key', 'revoke', 'tp_aaaaaaaa', folder.path]);
  assert.equal(code, 0);
  const read = async (name: string) =>
    parse(await readFile(path.join(folder.path, name), 'utf8')) as Record<string, Record<string, string>>;
  const kept = `# partners\n${line('b')}\n`;
  assert.equal((await read('plain.json'))['stringData']?.['keys'], kept);
  assert.equal(
    Buffer.from((await read('encoded.json'))['data']?.['keys'] ?? '', 'base64').toString('utf8'),
    kept,
  );
});

test('wrong options make nothing and tell why', async () => {
  for (const [args, why] of [
    [['create'], /say whose key it is/],
    [['create', '--consumer', 'A B'], /--consumer must be lower-case/],
    [['create', '--consumer', 'a', '--group', 'a,b'], /spec.groups\[0\]/],
    [['create', '--consumer', 'a', '--line', '--plan', 'a;b'], /none of prefix|not well formed/],
    [['create', '--consumer', 'a', '--expires', 'soon'], /tell a day/],
    [['create', '--consumer', 'a', '--expires', '2020-01-01'], /over already/],
    [['revoke', 'tp_aaaaaaaa'], /and a folder/],
    [['list'], /name a folder/],
    [['make'], /no command key make/],
  ] as const) {
    const { code, stdout, stderr } = await turnpike(['key', ...args]);
    assert.equal(code, 2, args.join(' '));
    assert.equal(stdout, '');
    assert.match(stderr, why);
  }
});
