import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The Dockerfile of the planes. */
export const dockerfile = readFileSync(path.join(import.meta.dirname, '../../Dockerfile'), 'utf8');

/** The instructions of one of its stages, a line each. Throws when there is no such stage. */
export function stage(name: string): readonly string[] {
  const stages = dockerfile.replaceAll('\\\n', ' ').split(/^(?=FROM )/m);
  const found = stages.find((text) => text.split('\n')[0]?.endsWith(` AS ${name}`));
  if (found === undefined) throw new Error(`the Dockerfile has no stage ${name}`);
  return found.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}
