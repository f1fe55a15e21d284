/**
 * What a program of ours is made of, read from its sources: the files that it reaches by import and the packages that
 * these name. The images hold that and no more (test/images/dockerfile.test.ts).
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';

export interface ModuleGraph {
  /** Files of ours, relative to the checkout, sorted. Files that only types come from are among them. */
  readonly files: readonly string[];
  /** Names of packages, sorted; those that only types come from are not among them. */
  readonly packages: readonly string[];
}

const checkout = path.join(import.meta.dirname, '../..');

/** Follows every import, lazy ones too, from `entry`, a path relative to `root` (this checkout). */
export async function moduleGraph(entry: string, root = checkout): Promise<ModuleGraph> {
  const files = new Set([entry]);
  const packages = new Set<string>();
  // A set that grows while it is walked is walked to its new end.
  for (const file of files) {
    if (!file.endsWith('.ts')) continue;
    for (const found of importsIn(await readFile(path.join(root, file), 'utf8'))) {
      const target = fileOf(file, found.name);
      if (target !== null) files.add(target);
      else if (!found.isType && !found.name.startsWith('node:')) packages.add(packageOf(found.name));
    }
  }
  return { files: [...files].toSorted(), packages: [...packages].toSorted() };
}

interface Import {
  readonly name: string;
  readonly isType: boolean;
}

function importsIn(source: string): readonly Import[] {
  const statement =
    /^\s*(?:import|export)\s+(type\s)?[^'"`;]*?from\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]/gm;
  return [...source.matchAll(statement)].map(([, type, from, lazy, bare]) => ({
    name: from ?? lazy ?? bare ?? '',
    isType: type !== undefined,
  }));
}

/** The file of ours that `name` means in `importer`; null when it means none. */
function fileOf(importer: string, name: string): string | null {
  if (name.startsWith('#')) return name.slice(1);
  return name.startsWith('.') ? path.posix.join(path.posix.dirname(importer), name) : null;
}

function packageOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}
