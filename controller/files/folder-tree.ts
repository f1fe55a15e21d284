import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { FilesError } from './files-error.ts';

/** Equal as long as a file has not been written to. */
export type FileStamp = string;

const depthMax = 16;
const filesMax = 10_000;
const manifestName = /\.(?:ya?ml|json)$/;

/**
 * The manifests below `folder` (relative paths, sorted) and their stamps. Names that begin with a dot are
 * passed over, links are followed.
 */
export async function manifestFiles(folder: string): Promise<ReadonlyMap<string, FileStamp>> {
  const found: [string, FileStamp][] = [];
  await walk({ folder, found }, '', 0);
  return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

interface Walk {
  readonly folder: string;
  readonly found: [string, FileStamp][];
}

async function walk(state: Walk, below: string, depth: number): Promise<void> {
  for (const name of await namesIn(state.folder, below)) {
    if (name.startsWith('.') || name === 'node_modules' || state.found.length >= filesMax) {
      continue;
    }
    const relative = path.join(below, name);
    const info = await stat(path.join(state.folder, relative), { bigint: true }).catch(() => null);
    if (info?.isDirectory() === true && depth < depthMax) {
      await walk(state, relative, depth + 1);
    } else if (info?.isFile() === true && manifestName.test(name)) {
      state.found.push([relative, `${info.ino}:${info.size}:${info.mtimeNs}`]);
    }
  }
}

async function namesIn(folder: string, below: string): Promise<readonly string[]> {
  try {
    return await readdir(path.join(folder, below));
  } catch (error) {
    if (below !== '') {
      // Gone since its parent was read.
      return [];
    }
    throw new FilesError(failureOf(error), folder, error);
  }
}

function failureOf(error: unknown): FilesError['failure'] {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'ENOENT') {
    return 'NotFound';
  }
  return code === 'ENOTDIR' ? 'NotAFolder' : 'Unreadable';
}
