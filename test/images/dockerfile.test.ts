// What the Dockerfile copies and installs for each plane is what that plane's main.ts imports: found by following the
// imports, compared with the lines of the file. What a built image holds is checked by e2e/images.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { dockerfile, stage } from '#e2e/images/dockerfile.ts';
import { entryPoint } from '#e2e/images/entry-point.ts';
import { moduleGraph } from '#e2e/images/module-graph.ts';

const root = path.join(import.meta.dirname, '../..');
const { dependencies, optionalDependencies } = JSON.parse(
  readFileSync(path.join(root, 'package.json'), 'utf8'),
) as Readonly<Record<'dependencies' | 'optionalDependencies', Readonly<Record<string, string>>>>;

const sources = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '');

/** The files of this checkout that a stage copies from the build's context. */
function copied(name: string): readonly string[] {
  const folders = stage(name)
    .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
    .flatMap((line) => line.split(' ').slice(1, -1));
  return sources.filter((file) => folders.some((folder) => isIn(file, folder)) && reachesTheBuild(file));
}

const ignore = readFileSync(path.join(root, '.dockerignore'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

/** The last line of .dockerignore that tells of a file decides. */
function reachesTheBuild(file: string): boolean {
  const last = ignore.findLast((line) => line === '*' || isIn(file, line.replace('!', '')));
  return last?.startsWith('!') ?? true;
}

function isIn(file: string, folder: string): boolean {
  return file === folder || file.startsWith(`${folder}/`);
}

for (const plane of ['controller', 'dataplane'] as const) {
  describe(`the image of the ${plane}`, () => {
    test('has every file that its main.ts reaches', async () => {
      const has = new Set(copied(`${plane}-code`));
      const { files } = await moduleGraph(`${plane}/main.ts`);
      assert.ok(files.length > 100);
      assert.deepEqual(
        files.filter((file) => !has.has(file)),
        [],
      );
    });

    test('has no file that its main.ts does not reach, but the contract between the planes', async () => {
      const reached = new Set((await moduleGraph(`${plane}/main.ts`)).files);
      assert.deepEqual(
        copied(`${plane}-code`).filter(
          (file) => !reached.has(file) && !/^(?:snapshot\/|LICENSE$)/.test(file),
        ),
        [],
        'what no plane needs is named in .dockerignore',
      );
    });

    test('is rid of exactly the packages that it does not import', async () => {
      const { packages } = await moduleGraph(`${plane}/main.ts`);
      const uninstall = stage(`${plane}-packages`).find((line) => line.includes('npm uninstall')) ?? '';
      const words = (uninstall.split('&&')[0] ?? '').split(/\s+/);
      const removed = words.slice(words.indexOf('uninstall') + 1).filter((word) => !/^(?:--.*)?$/.test(word));
      assert.deepEqual(
        removed.toSorted(),
        Object.keys(dependencies)
          .filter((name) => !packages.includes(name))
          .toSorted(),
      );
      assert.deepEqual(
        packages.filter((name) => dependencies[name] === undefined),
        [],
        'a package that is imported is a dependency',
      );
    });

    test('starts its main.ts, whose code it has compiled with the same options of Node', () => {
      const { nodeOptions, program } = entryPoint(plane);
      assert.equal(program, `/app/${plane}/main.ts`);
      assert.ok(stage(plane).some((line) => line.startsWith('ENTRYPOINT ') && line.includes(program)));
      const compiling = ['node', ...nodeOptions, `${plane}/main.ts --help`].join(' ');
      const lines = stage(`${plane}-compiled`).map((line) => line.replaceAll(/ +/g, ' '));
      assert.ok(lines.some((line) => line.includes(`&& ${compiling} `)));
    });
  });
}

test('turnpike up has Node run the data plane as its image does', async () => {
  const { nodeOptions, environment } = entryPoint('dataplane');
  assert.ok(nodeOptions.length > 0);
  const script = readFileSync(path.join(root, 'cli/turnpike.sh'), 'utf8').replaceAll(/\\\n\s*/g, '');
  assert.ok(script.includes(`/runtime.sh" ${nodeOptions.join(' ')} cli/main.ts "$@"`), script);
  const arenas = environment['MALLOC_ARENA_MAX'];
  assert.ok(arenas);
  assert.ok(script.includes(`export MALLOC_ARENA_MAX="\${MALLOC_ARENA_MAX:-${arenas}}"`), script);
});

test('the images ship the Node that the tests run on', () => {
  const [, shipped] = /^ARG NODE_IMAGE=\S+:([\d.]+)-/m.exec(dockerfile) ?? [];
  assert.deepEqual(new Set(Object.values(optionalDependencies)), new Set([shipped]));
});

test('following imports sees all kinds of them', async () => {
  const { files, packages } = await moduleGraph('controller/main.ts');
  assert.ok(files.includes('package.json'));
  assert.ok(files.includes('snapshot/ids.ts'));
  assert.ok(packages.includes('@kubernetes/client-node'), 'imported by import() alone');
  assert.ok(!packages.includes('@types/node'));
});
