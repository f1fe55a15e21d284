import { readFileSync } from 'node:fs';
import path from 'node:path';

export type Plane = 'controller' | 'dataplane';

/** What a plane's image starts. */
interface EntryPoint {
  readonly program: string;
  /** What Node is told before it. */
  readonly nodeOptions: readonly string[];
  /** What the stage `base` sets for all programs. */
  readonly environment: Readonly<Record<string, string>>;
}

/** By the last stage of a plane in the Dockerfile. Throws when it has none that starts Node, or its base sets nothing. */
export function entryPoint(plane: Plane): EntryPoint {
  const dockerfile = readFileSync(path.join(import.meta.dirname, '../../Dockerfile'), 'utf8');
  const [, words = '[]'] =
    new RegExp(`^ENTRYPOINT (.*"/app/${plane}/main\\.ts"\\])$`, 'm').exec(dockerfile) ?? [];
  const [node, ...rest] = JSON.parse(words) as readonly string[];
  if (node !== 'node') throw new Error(`the image of the ${plane} does not start Node: ${words}`);
  return { nodeOptions: rest.slice(0, -1), program: rest.at(-1) ?? '', environment: environment(dockerfile) };
}

function environment(dockerfile: string): Readonly<Record<string, string>> {
  const base = dockerfile.split(/^(?=FROM )/m).find((stage) => /^FROM \S+ AS base\n/.test(stage)) ?? '';
  const [, settings] = /^ENV (.+)$/m.exec(base) ?? [];
  if (settings === undefined) throw new Error('the stage base of the Dockerfile sets nothing');
  return Object.fromEntries([...settings.matchAll(/(\w+)=(\S*)/g)].map(([, name, value]) => [name, value]));
}
