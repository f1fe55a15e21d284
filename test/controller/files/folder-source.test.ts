import assert from 'node:assert/strict';
import { mkdtemp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { systemClock } from '#controller/clock.ts';
import { FilesError } from '#controller/files/files-error.ts';
import { FolderSource } from '#controller/files/folder-source.ts';
import { isRecord } from '#crds/record.ts';
import { kinds } from '#crds/kind.ts';
import { eventually } from '#test/given/eventually.ts';
import type { CheckObject } from '#controller/files/admission.ts';
import type { FolderReport } from '#controller/files/folder-source.ts';
import type { SourceObject } from '#controller/source.ts';
import type { TestContext } from 'node:test';

const route = (name: string, host: string) => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: ${name}
spec:
  hostnames:
    - ${host}
`;

/** Hosts must not have capitals: stands for the checks of the schemas. */
const check: CheckObject = (_kind, raw) => {
  const spec = isRecord(raw) && isRecord(raw['spec']) ? raw['spec'] : {};
  const hosts = Array.isArray(spec['hostnames']) ? spec['hostnames'] : [];
  const bad = hosts.findIndex((host) => /[A-Z]/.test(String(host)));
  return bad < 0
    ? { ok: true, unknownFields: [] }
    : { ok: false, problems: [{ path: `spec.hostnames[${bad}]`, message: 'must be in lower case' }] };
};

async function given(t: TestContext, files: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(path.join(tmpdir(), 'turnpike-files-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const write = async (file: string, text: string) => {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), text);
  };
  for (const [file, text] of Object.entries(files)) {
    await write(file, text);
  }
  const objects = new Map<string, SourceObject>();
  const listed = new Set<string>();
  const reports: FolderReport[] = [];
  const key = (kind: string, object: SourceObject) =>
    [kind, object.metadata.namespace ?? '', object.metadata.name].join('/');
  const source = new FolderSource({
    folders: [folder],
    kinds,
    check,
    clock: systemClock,
    report: (report) => reports.push(report),
    sink: {
      replaceAll(kind, all) {
        listed.add(kind);
        for (const object of all) objects.set(key(kind, object), object);
      },
      upsert: (kind, object) => objects.set(key(kind, object), object),
      delete: (kind, object) => objects.delete(key(kind, object)),
      progress: () => undefined,
      unserved: () => undefined,
    },
  });
  t.after(() => source.stop());
  return { folder, write, objects, listed, reports, source };
}

function hostOf(object: SourceObject | undefined): unknown {
  const spec = object?.['spec'];
  return isRecord(spec) && Array.isArray(spec['hostnames']) ? spec['hostnames'][0] : null;
}

test('all manifests below the folder are told, several documents a file, with what a server would add', async (t) => {
  const { objects, listed, source, reports } = await given(t, {
    'a.yaml': `${route('one', 'one.example')}---\n${route('two', 'two.example')}`,
    'deep/er/b.yml': route('three', 'three.example'),
    'c.json': JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata: { name: 's', namespace: 'x' } }),
    'readme.md': 'not: a manifest',
    '.hidden/d.yaml': route('hidden', 'hidden.example'),
    'deployment.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: other}\n',
  });
  await source.start();
  assert.deepEqual([...objects.keys()].sort(), [
    'HTTPRoute/default/one',
    'HTTPRoute/default/three',
    'HTTPRoute/default/two',
    'Namespace//default',
    'Namespace//x',
    'Service/x/s',
  ]);
  assert.equal(listed.size, Object.keys(kinds).length, 'every kind has its first list');
  const { metadata } = objects.get('HTTPRoute/default/one') ?? assert.fail();
  assert.equal(metadata.generation, 1);
  assert.match(metadata.resourceVersion ?? '', /^\d+$/);
  assert.deepEqual(reports[0]?.problems, []);
});

test('an edit takes effect within 100 ms and counts the generation up', async (t) => {
  const { objects, write, source } = await given(t, { 'a.yaml': route('one', 'one.example') });
  await source.start();
  const first = objects.get('HTTPRoute/default/one');
  const begun = performance.now();
  await write('a.yaml', route('one', 'other.example'));
  await eventually(() => assert.equal(hostOf(objects.get('HTTPRoute/default/one')), 'other.example'));
  const took = performance.now() - begun;
  const second = objects.get('HTTPRoute/default/one');
  assert.equal(second?.metadata.generation, 2);
  assert(BigInt(second.metadata.resourceVersion ?? '0') > BigInt(first?.metadata.resourceVersion ?? '0'));
  assert.equal(second.metadata.uid, first?.metadata.uid);
  assert(took < 100, `took ${took} ms`);
});

test('a file that does not parse keeps its objects, and one problem tells the line', async (t) => {
  const { objects, write, source, reports } = await given(t, {
    'a.yaml': route('one', 'one.example'),
    'b.yaml': route('two', 'two.example'),
  });
  await source.start();
  await write('a.yaml', `${route('one', 'new.example')}  bad: [1, 2\n`);
  await eventually(() => assert.equal(source.problems.length, 1));
  assert.equal(source.problems[0]?.file, 'a.yaml');
  assert(source.problems[0].line !== null && source.problems[0].line >= 8);
  assert.match(source.problems[0].remedy, /; until then the last good version of this file stays in force$/);
  assert.equal(hostOf(objects.get('HTTPRoute/default/one')), 'one.example');
  await write('a.yaml', route('one', 'new.example'));
  await eventually(() => assert.equal(hostOf(objects.get('HTTPRoute/default/one')), 'new.example'));
  await eventually(() => assert.deepEqual(reports.at(-1)?.problems, []));
});

test('of a file that never parsed nothing is in force, and its problem says so', async (t) => {
  const broken = `${route('one', 'one.example')}  bad: [1, 2\n`;
  const { objects, write, source } = await given(t, { 'a.yaml': broken });
  await source.start();
  assert.deepEqual(
    source.problems.map(({ remedy }) => remedy),
    ['correct the YAML; until then nothing of this file is in force'],
  );
  assert.equal(objects.has('HTTPRoute/default/one'), false);
  await write('b.yaml', broken);
  await eventually(() => assert.equal(source.problems.length, 2));
  assert.match(source.problems[1]?.remedy ?? '', /nothing of this file is in force$/);
});

test('an object that its schema refuses keeps its version before; the problem tells file, line and field', async (t) => {
  const { objects, write, source } = await given(t, { 'a.yaml': route('one', 'one.example') });
  await source.start();
  await write('a.yaml', `${route('zero', 'zero.example')}---\n${route('one', 'ONE.example')}`);
  await eventually(() => assert(objects.has('HTTPRoute/default/zero')));
  assert.equal(hostOf(objects.get('HTTPRoute/default/one')), 'one.example');
  const [problem] = source.problems;
  assert.deepEqual(
    { ...problem, remedy: '' },
    {
      file: 'a.yaml',
      line: 15,
      object: 'HTTPRoute default/one',
      field: 'spec.hostnames[0]',
      message: 'must be in lower case',
      remedy: '',
    },
  );
});

test('of two objects of one name the first counts and the second is told of', async (t) => {
  const { objects, source } = await given(t, {
    'a.yaml': route('one', 'one.example'),
    'b.yaml': route('one', 'two.example'),
  });
  await source.start();
  assert.equal(hostOf(objects.get('HTTPRoute/default/one')), 'one.example');
  assert.equal(source.problems[0]?.file, 'b.yaml');
  assert.match(source.problems[0].message, /a\.yaml/);
});

test('where an object stands is told as its file is now', async (t) => {
  const { write, source, objects } = await given(t, { 'a.yaml': route('one', 'one.example') });
  const lineOfHost = (): number | undefined =>
    source.admitted.find(({ kind }) => kind === 'HTTPRoute')?.lineOf('spec.hostnames');
  await source.start();
  const [line, object] = [lineOfHost() ?? 0, objects.get('HTTPRoute/default/one')];
  assert.ok(line > 0);
  await write('a.yaml', `# a word\n# and one more\n${route('one', 'one.example')}`);
  await eventually(() => assert.equal(lineOfHost(), line + 2));
  assert.equal(objects.get('HTTPRoute/default/one'), object, 'it is the object that it was');
});

test('an emptied file deletes its objects, but not while it is being saved', async (t) => {
  const { objects, write, source, reports } = await given(t, { 'a.yaml': route('one', 'one.example') });
  await source.start();
  await write('a.yaml', '');
  await write('a.yaml', route('one', 'new.example'));
  await eventually(() => assert.equal(hostOf(objects.get('HTTPRoute/default/one')), 'new.example'));
  assert.equal(
    reports.some(({ changes }) => changes.some(({ type }) => type === 'Removed')),
    false,
  );
  await write('a.yaml', '');
  await eventually(() => assert.equal(objects.has('HTTPRoute/default/one'), false));
});

test('new files, renamed files and removed files are noticed', async (t) => {
  const { folder, objects, write, source } = await given(t, { 'a.yaml': route('one', 'one.example') });
  await source.start();
  await write('sub/b.yaml', route('two', 'two.example'));
  await eventually(() => assert(objects.has('HTTPRoute/default/two')));
  await rename(path.join(folder, 'a.yaml'), path.join(folder, 'z.yaml'));
  await rm(path.join(folder, 'sub/b.yaml'));
  await eventually(() => assert.equal(objects.has('HTTPRoute/default/two'), false));
  assert(objects.has('HTTPRoute/default/one'));
});

test('a misspelt kind of ours is a problem, a kind of others is not', async (t) => {
  const { source } = await given(t, {
    'a.yaml': 'apiVersion: turnpike.dev/v1alpha1\nkind: AuthPolicyy\nmetadata: {name: a}\n',
    'b.yaml': 'hello: world\n',
    'c.yaml': 'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n',
  });
  await source.start();
  assert.deepEqual(
    source.problems.map(({ file, field }) => [file, field]),
    [
      ['a.yaml', 'kind'],
      ['b.yaml', 'kind'],
    ],
  );
});

test('texts of a Secret are encoded as an API server does', async (t) => {
  const { objects, source } = await given(t, {
    'a.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {url: hello}\n',
  });
  await source.start();
  assert.deepEqual(objects.get('Secret/default/a')?.['data'], { url: 'aGVsbG8=' });
  assert.equal(objects.get('Secret/default/a')?.['stringData'], undefined);
});

test('a folder that is not there is an error at the start', async (t) => {
  const { folder, source } = await given(t, {});
  await rm(folder, { recursive: true });
  await assert.rejects(source.start(), (error) => {
    assert(error instanceof FilesError);
    assert.equal(error.failure, 'NotFound');
    return true;
  });
});

test('an object that its schema refuses from the start is handed on, so that what it names can be closed', async (t) => {
  const { objects, write, source } = await given(t, { 'a.yaml': route('one', 'One.example') });
  await source.start();
  assert.equal(source.problems.length, 1);
  assert.equal(hostOf(objects.get('HTTPRoute/default/one')), 'One.example');
  await write('a.yaml', route('one', 'one.example'));
  await eventually(() => assert.equal(hostOf(objects.get('HTTPRoute/default/one')), 'one.example'));
  await eventually(() => assert.deepEqual(source.problems, []));
});
