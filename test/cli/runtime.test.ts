// cli/runtime.sh chooses the Node that npm installed, and says in one line what to do when it cannot run. Each case is
// a tree of its own with a Node that fails in its own way.
import assert from 'node:assert/strict';
import { chmod, copyFile, mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { projectFolder, startCommand } from '#test/given/command.ts';
import type { Ended } from '#test/given/command.ts';
import { givenFolder } from '#test/given/folder.ts';

/** Runs `sh cli/turnpike.sh version` in a tree whose node_modules/.bin/node is this shell script; null for none. */
async function withNode(
  script: string | null,
  env: Record<string, string> = {},
): Promise<Ended & { root: string }> {
  await using folder = await givenFolder(
    script === null ? {} : { 'node_modules/.bin/node': `#!/bin/sh\n${script}\n` },
  );
  await mkdir(path.join(folder.path, 'cli'));
  for (const file of ['turnpike.sh', 'runtime.sh']) {
    await copyFile(path.join(projectFolder, 'cli', file), path.join(folder.path, 'cli', file));
  }
  if (script !== null) await chmod(path.join(folder.path, 'node_modules/.bin/node'), 0o755);
  await using running = startCommand('sh', ['cli/turnpike.sh', 'version'], { cwd: folder.path, env });
  return { ...(await running.ended), root: folder.path };
}

test('a system without libatomic is told the line that installs it, not the words of the loader', async () => {
  const { code, stderr, stdout } = await withNode(
    'echo "node: error while loading shared libraries: libatomic.so.1: cannot open shared object file: No such file or directory" >&2; exit 127',
  );
  assert.equal(
    stderr,
    'turnpike: Node needs the library libatomic.so.1, which this system lacks.\n' +
      'turnpike: install it with: apt-get install -y libatomic1   (Fedora: dnf install libatomic, Alpine: apk add libatomic)\n',
  );
  assert.equal(stdout, '');
  assert.equal(code, 1);
});

test('a Node that is too old is told which one is needed, and how to get it', async () => {
  const { code, stderr, root } = await withNode('echo v20.19.2');
  assert.equal(
    stderr,
    `turnpike: Node 26 or newer is needed and ${root}/node_modules/.bin/node is v20.19.2. Run 'npm ci' in ${root}: it brings the right one.\n`,
  );
  assert.equal(code, 1);
});

test('without npm ci and without a Node it says to run npm ci', async () => {
  await using folder = await givenFolder();
  for (const program of ['sh', 'dirname', 'readlink']) {
    await symlink(`/usr/bin/${program}`, path.join(folder.path, program));
  }
  const { code, stderr, root } = await withNode(null, { PATH: folder.path });
  assert.match(stderr, /^turnpike: cannot run Node \(node\): /);
  assert.ok(stderr.endsWith(`turnpike: run 'npm ci' in ${root} first.\n`), stderr);
  assert.equal(code, 1);
});

test('without npm ci a Node that is too old for it says to run npm ci too', async () => {
  await using folder = await givenFolder({ node: '#!/bin/sh\necho v18.19.0\n' });
  await chmod(path.join(folder.path, 'node'), 0o755);
  const { code, stderr } = await withNode(null, { PATH: `${folder.path}:${process.env['PATH'] ?? ''}` });
  assert.match(stderr, /^turnpike: Node 26 or newer is needed and node is v18\.19\.0\. Run 'npm ci' in /);
  assert.equal(code, 1);
});

test('the command works through a link, as npm makes one for its bin', async () => {
  await using folder = await givenFolder();
  await symlink(path.join(projectFolder, 'cli/turnpike.sh'), path.join(folder.path, 'turnpike'));
  await using running = startCommand(path.join(folder.path, 'turnpike'), ['version']);
  const { code, stdout } = await running.ended;
  assert.match(stdout, /^turnpike /);
  assert.equal(code, 0);
});
