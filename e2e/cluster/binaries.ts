/**
 * The programs of a cluster, compiled from their published Go modules: no image, no download page, only the module proxy.
 * It knows how to build and where to keep; what the programs are started with stands in control-plane.ts.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { cached } from './cache-folder.ts';
import { ClusterError } from './cluster-error.ts';
import { exitOf } from './command.ts';
import { findGo } from './go.ts';

const kubernetesPrograms = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'kubelet',
  'kubectl',
] as const;

export type Program = (typeof kubernetesPrograms)[number] | 'etcd';

/** The path of each program. */
export type Binaries = Readonly<Record<Program, string>>;

/** One program to build, from the go.mod and go.sum in the folder `name` beside this file. */
export type Build = {
  readonly name: string;
  /** The module whose version it has; null when main.go is all there is. */
  readonly module: string | null;
  /** What to compile: the folder's own main.go, or a command of the module as it is. */
  readonly command: 'main.go' | { readonly package: string };
  readonly goAtLeast: string;
  readonly linkerFlags: (version: string) => string;
};

const kubernetes: Build = {
  name: 'kubernetes',
  module: 'k8s.io/kubernetes',
  command: 'main.go',
  goAtLeast: '1.24',
  // Without its version, kubectl and the CEL feature checks take the API server for an ancient one.
  linkerFlags: (version) => {
    const [major, minor] = version.slice(1).split('.');
    const variable = 'k8s.io/component-base/version';
    const values = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
    return Object.entries(values)
      .map(([name, value]) => `-X ${variable}.${name}=${value}`)
      .join(' ');
  },
};

const etcd: Build = {
  name: 'etcd',
  module: 'go.etcd.io/etcd/server/v3',
  command: 'main.go',
  goAtLeast: '1.24',
  linkerFlags: () => '',
};

/** All programs, built when the cache does not have them: about ten minutes on two cores, once, and told line by line. */
export async function binaries(): Promise<Binaries> {
  const etcdFolder = await built(etcd);
  const kubernetesFolder = await built(kubernetes);
  const paths = kubernetesPrograms.map((program) => [program, path.join(kubernetesFolder, program)]);
  return Object.freeze({ ...Object.fromEntries(paths), etcd: path.join(etcdFolder, 'etcd') }) as Binaries;
}

/** The folder in the cache that holds the program `build.name`, compiled when it is not there yet. */
export async function built(build: Build): Promise<string> {
  const source = path.join(import.meta.dirname, build.name);
  const names = ['go.mod', 'go.sum', ...(build.command === 'main.go' ? ['main.go'] : [])];
  const files = await Promise.all(names.map((file) => readFile(path.join(source, file), 'utf8')));
  const version = build.module === null ? 'own' : requiredVersion(files[0] ?? '', build.module);
  const flags = `-s -w ${build.linkerFlags(version)}`;
  const digest = createHash('sha256')
    .update(JSON.stringify([files, flags]))
    .digest('hex')
    .slice(0, 12);
  const name = `${build.name}-${version}-${os.platform()}-${os.arch()}-${digest}`;
  return cached(name, async (folder) => {
    await compile({
      label: `${build.name} ${version}`,
      source,
      flags,
      output: path.join(folder, build.name),
      what: build.command === 'main.go' ? '.' : build.command.package,
      goAtLeast: build.goAtLeast,
    });
    if (build === kubernetes) {
      await Promise.all(kubernetesPrograms.map((program) => symlink(build.name, path.join(folder, program))));
    }
  });
}

function requiredVersion(goMod: string, module: string): string {
  const words = goMod.split('\n').map((line) =>
    line
      .trim()
      .replace(/^require /, '')
      .split(' '),
  );
  const version = words.find(([name, version]) => name === module && version?.startsWith('v'))?.[1];
  if (version === undefined) throw new Error(`go.mod does not require ${module}`);
  return version;
}

type Compilation = {
  readonly label: string;
  readonly source: string;
  readonly flags: string;
  readonly output: string;
  readonly what: string;
  readonly goAtLeast: string;
};

async function compile({ label, source, flags, output, what, goAtLeast }: Compilation): Promise<void> {
  const go = await findGo(goAtLeast);
  console.log(`${label}: compiling with Go ${go.version}`);
  const startedAt = performance.now();
  const seconds = () => Math.round((performance.now() - startedAt) / 1000);
  const args = [
    'build',
    '-v',
    '-mod=readonly',
    '-buildvcs=false',
    '-trimpath',
    `-ldflags=${flags}`,
    '-o',
    output,
    what,
  ];
  const child = spawn(go.program, args, { cwd: source, env: go.env, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = exitOf(child, go.program);
  // The compilation takes every core for minutes; whoever works on this machine goes first.
  if (child.pid !== undefined) os.setPriority(child.pid, os.constants.priority.PRIORITY_BELOW_NORMAL);
  const lines: string[] = [];
  const packages = () => lines.filter((line) => !line.startsWith('go: ')).length;
  const progress = setInterval(
    () => console.log(`${label}: ${packages()} packages so far, ${seconds()} s`),
    20_000,
  );
  try {
    for await (const line of createInterface({ input: child.stderr })) lines.push(line);
    const { code } = await ended;
    if (code !== 0)
      throw new ClusterError('command', `go build failed for ${label}:\n${lines.slice(-30).join('\n')}`);
  } finally {
    clearInterval(progress);
  }
  console.log(`${label}: built in ${seconds()} s (${packages()} packages compiled)`);
}
