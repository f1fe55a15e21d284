import { readFileSync } from 'node:fs';
import path from 'node:path';

export type Plane = 'controller' | 'dataplane';

/** What a plane's image starts. */
interface EntryPoint {
  readonly program: string;
  /** What Node is told before it. */
  readonly nodeOptions: readonly string[];
  /** What is set for all programs of the image. */
  readonly environment: Readonly<Record<string, string>>;
}

/** By the last stage of a plane in the Dockerfile. Throws when it has none that starts Node. */
export function entryPoint(plane: Plane): EntryPoint {
  const dockerfile = readFileSync(path.join(import.meta.dirname, '../../Dockerfile'), 'utf8');
  const [, words = '[]'] =
    new RegExp(`^ENTRYPOINT (.*"/app/${plane}/main\\.ts"\\])$`, 'm').exec(dockerfile) ?? [];
  const [node, ...rest] = JSON.parse(words) as readonly string[];
  if (node !== 'node') throw new Error(`the image of the ${plane} does not start Node: ${words}`);
  const [, settings = ''] = /^FROM \S+ AS base$[^]*?^ENV (.*)$/m.exec(dockerfile) ?? [];
  const environment = Object.fromEntries(settings.split(' ').map((setting) => setting.split('=', 2)));
  return { nodeOptions: rest.slice(0, -1), program: rest.at(-1) ?? '', environment };
}
