import path from 'node:path';
import { type Binaries, type Build, binaries, built } from './binaries.ts';
import { helm } from './helm.ts';

const coredns: Build = {
  name: 'coredns',
  module: 'github.com/coredns/coredns',
  command: 'main.go',
  goAtLeast: '1.26',
  linkerFlags: () => '',
};

function own(name: string): Build {
  return { name, module: null, command: 'main.go', goAtLeast: '1.24', linkerFlags: () => '' };
}

/** The path of each program of a cluster with a node: `pause`, `coredns` and `hello` run in its pods. */
export type ClusterPrograms = Binaries & Readonly<Record<'helm' | 'coredns' | 'pause' | 'hello', string>>;

/** All of them, built one after the other when the cache does not have them, as each build takes every core there is. */
export async function clusterPrograms(): Promise<ClusterPrograms> {
  const paths = [];
  for (const build of [own('pause'), own('hello'), coredns])
    paths.push([build.name, path.join(await built(build), build.name)]);
  const rest = { helm: await helm(), ...(await binaries()) };
  return Object.freeze({ ...Object.fromEntries(paths), ...rest }) as ClusterPrograms;
}
