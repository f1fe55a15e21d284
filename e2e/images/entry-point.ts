import { stage } from './dockerfile.ts';

export type Plane = 'controller' | 'dataplane';

/** What a plane's image starts. */
interface EntryPoint {
  readonly program: string;
  /** What Node is told before it. */
  readonly nodeOptions: readonly string[];
  /** What the stage `base` sets for all programs. */
  readonly environment: Readonly<Record<string, string>>;
}

/** By the Dockerfile. Throws when the plane's stage does not start Node, or the stage `base` sets nothing. */
export function entryPoint(plane: Plane): EntryPoint {
  const words = argumentsOf('ENTRYPOINT', plane);
  const [node, ...rest] = JSON.parse(words) as readonly string[];
  if (node !== 'node') throw new Error(`the image of the ${plane} does not start Node: ${words}`);
  const settings = argumentsOf('ENV', 'base').matchAll(/(\w+)=(\S*)/g);
  return {
    nodeOptions: rest.slice(0, -1),
    program: rest.at(-1) ?? '',
    environment: Object.fromEntries([...settings].map(([, name, value]) => [name, value])),
  };
}

function argumentsOf(instruction: string, name: string): string {
  const found = stage(name).find((line) => line.startsWith(`${instruction} `));
  if (found === undefined) throw new Error(`the stage ${name} of the Dockerfile has no ${instruction}`);
  return found.slice(instruction.length + 1);
}
