/**
 * Gets what the machine lacks from Debian, when this is root on Debian, and otherwise says what to type.
 * Services of what it installs do not start: the tests run servers of their own.
 */
import { existsSync } from 'node:fs';
import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ClusterError } from './cluster-error.ts';
import { outputOf } from './command.ts';

/** A program (or the path of a file) that is needed, and the package that has it. */
type Need = readonly [what: string, debianPackage: string];

const policyFile = '/usr/sbin/policy-rc.d';
// A user's PATH often lacks the places of administrators' programs.
const programFolders = new Set([...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin']);

/** Resolves when all that is needed is there. Rejects with a ClusterError `missing` that holds the line to type. */
export async function needPackages(needs: readonly Need[]): Promise<void> {
  const packages = [...new Set(needs.filter(([what]) => !isThere(what)).map(([, name]) => name))];
  if (packages.length === 0) return;
  const line = `apt-get install --no-install-recommends ${packages.join(' ')}`;
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) {
    throw new ClusterError('missing', `The cluster needs more programs. As root on Debian: ${line}`);
  }
  const startedAt = performance.now();
  console.log(line);
  await withoutServices(async () => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const options = { env, deadlineMs: 600_000 };
    await outputOf('apt-get', ['update', '-qq'], options);
    await outputOf('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options);
  });
  console.log(`installed in ${Math.round((performance.now() - startedAt) / 1000)} s`);
}

function isThere(what: string): boolean {
  if (path.isAbsolute(what)) return existsSync(what);
  return [...programFolders].some((folder) => existsSync(path.join(folder, what)));
}

async function withoutServices(install: () => Promise<void>): Promise<void> {
  const kept = `${policyFile}.turnpike-e2e`;
  const before = await readFile(policyFile, 'utf8').catch(() => undefined);
  if (before !== undefined) await rename(policyFile, kept);
  await writeFile(policyFile, '#!/bin/sh\nexit 101\n');
  await chmod(policyFile, 0o755);
  try {
    await install();
  } finally {
    await (before === undefined ? rm(policyFile) : rename(kept, policyFile));
  }
}
