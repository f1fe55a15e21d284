import assert from 'node:assert/strict';
import { test } from 'node:test';
import { turnpike } from '#test/given/command.ts';
import build from '../../package.json' with { type: 'json' };

test('version tells the versions of Turnpike and Node', async () => {
  const { code, stdout } = await turnpike(['version']);
  assert.equal(stdout, `turnpike ${build.version} on node ${process.versions.node}\n`);
  assert.equal(code, 0);
});

test('without a command it tells the commands', async () => {
  const { code, stdout } = await turnpike([]);
  assert.match(stdout, /^usage: turnpike COMMAND/);
  for (const command of ['up', 'check', 'version']) assert.match(stdout, new RegExp(`^ +${command} `, 'm'));
  assert.equal(code, 0);
});

test('a command that does not exist is an error, and nothing is warned of', async () => {
  const { code, stdout, stderr } = await turnpike(['apply']);
  assert.match(stderr, /^turnpike: there is no command apply\n\nusage:/);
  assert.equal(stdout, '');
  assert.equal(code, 2);
});

test('it can be called from any folder', async () => {
  const { code, stderr } = await turnpike(['version'], { cwd: '/' });
  assert.equal(stderr, '');
  assert.equal(code, 0);
});
