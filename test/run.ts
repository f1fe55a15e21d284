// Runs the fast suite: every *.test.ts below test/, on Node's own runner. Arguments go on to it.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import path from 'node:path';

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
  ['--disable-warning=ExperimentalWarning', '--test', '--test-timeout=120000', '--test-concurrency=3', ...flags, ...files],
  { cwd: root, stdio: 'inherit' },
);
runner.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
