// Runs the fast suite: every *.test.ts below test/, on Node's own runner. Arguments go on to it.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import path from 'node:path';
import { ownRedisMissing } from './given/redis.ts';

const root = path.join(import.meta.dirname, '..');
const flags = process.argv.slice(2).filter((argument) => argument.startsWith('-'));
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const found = globSync('test/**/*.test.ts', { cwd: root }).sort();
const files = found.filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)));

if (files.length === 0) {
  console.error(`no test file matches ${wanted.join(', ') || 'test/**/*.test.ts'}`);
  process.exit(1);
}

const runner = spawn(
  process.execPath,
  [
    '--disable-warning=ExperimentalWarning',
    '--test',
    '--test-timeout=120000',
    '--test-concurrency=3',
    ...flags,
    ...files,
  ],
  { cwd: root, stdio: 'inherit' },
);
runner.on('exit', (code, signal) => {
  const missing = ownRedisMissing();
  if (missing !== false) console.error(`\nTESTS WITH REDIS WERE SKIPPED: ${missing}\n`);
  // A build server sets this: what it does not run, it must not pass.
  const mustRunAll = process.env['TURNPIKE_TEST_NO_SKIP'] !== undefined;
  const passed = signal === null && code === 0 && !(mustRunAll && missing !== false);
  process.exit(passed ? 0 : 1);
});
