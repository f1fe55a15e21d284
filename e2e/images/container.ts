/**
 * A container as restrictive as a pod of the profile `restricted`, and more: the image's own user, a root that cannot
 * be written, no capability, no way to get one. It has the network of the test, nothing else of the machine.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { type Exit, exitOf } from '../cluster/command.ts';
import { needPackages } from '../cluster/debian.ts';
import { eventually } from '../cluster/eventually.ts';
import type { Buildah } from '../cluster/buildah.ts';

/** What the image says about how it is run. */
export interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly WorkingDir: string;
  readonly Labels: Readonly<Record<string, string>>;
}

/** An image as files: its root is mounted at `folder` until `remove` is called. */
export interface UnpackedImage {
  readonly folder: string;
  readonly config: ImageConfig;
  readonly architecture: string;
  remove(): Promise<void>;
}

export interface Container {
  /** What it printed so far, by line, on both streams. */
  readonly lines: readonly string[];
  readonly ended: Promise<Exit>;
  /** Resolves with the first line that has `words` in it. */
  line(words: string, deadlineMs?: number): Promise<string>;
  kill(signal: NodeJS.Signals): void;
  /** The time of processors that its first process has used, in milliseconds. */
  cpuMs(): number;
}

/** Mounts what the archive holds. */
export async function unpack(buildah: Buildah, archive: string): Promise<UnpackedImage> {
  const container =
    (await buildah.run('from', '--quiet', `docker-archive:${archive}`)).trim().split('\n').at(-1) ?? '';
  const folder = (await buildah.run('mount', container)).trim();
  const { OCIv1 } = JSON.parse(await buildah.run('inspect', container)) as {
    readonly OCIv1: { readonly architecture: string; readonly config: ImageConfig };
  };
  return {
    folder,
    config: OCIv1.config,
    architecture: OCIv1.architecture,
    async remove() {
      await buildah.run('rm', container);
    },
  };
}

export interface RunOptions {
  /** In place of the image's own. */
  readonly entrypoint?: readonly string[];
  readonly args?: readonly string[];
  /** Folders of this machine to be seen by the container, read-only, at the same path. */
  readonly folders?: readonly string[];
}

/** Starts it with runc. */
export async function startContainer(image: UnpackedImage, options: RunOptions = {}): Promise<Container> {
  await needPackages([['runc', 'runc']]);
  const bundle = await mkdtemp(path.join(os.tmpdir(), 'turnpike-container-'));
  await mkdir(path.join(bundle, 'state'));
  await writeFile(path.join(bundle, 'config.json'), JSON.stringify(runtimeConfig(image, options)));
  const id = path.basename(bundle);
  const [state, pidFile] = [path.join(bundle, 'state'), path.join(bundle, 'pid')];
  const run = ['--root', state, 'run', '--bundle', bundle, '--pid-file', pidFile, id];
  const child = spawn('runc', run, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = exitOf(child, 'runc').finally(() => rmSync(bundle, { recursive: true, force: true }));
  return watched(child, ended, pidFile);
}

function watched(child: ChildProcess, ended: Promise<Exit>, pidFile: string): Container {
  const lines: string[] = [];
  const firstProcess = () => Number(readFileSync(pidFile, 'utf8'));
  const told = [child.stdout, child.stderr].map(async (stream) => {
    if (stream === null) return;
    const reader = createInterface({ input: stream }).on('line', (line) => lines.push(line));
    await once(reader, 'close');
  });
  return {
    lines,
    // with all that it said
    ended: Promise.all(told).then(async () => ended),
    line: async (words, deadlineMs = 10_000) => {
      const found = () => {
        if (child.exitCode !== null) throw new Error(`it ended (${child.exitCode}): ${lines.join('\n')}`);
        return lines.find((line) => line.includes(words));
      };
      return eventually(`a line with ${words}`, found, { deadlineMs, intervalMs: 10 });
    },
    kill(signal) {
      // runc passes signals on, but the one that it cannot hear itself: its container would outlive it.
      if (signal !== 'SIGKILL') child.kill(signal);
      else if (existsSync(pidFile)) process.kill(firstProcess(), signal);
    },
    cpuMs() {
      const stat = readFileSync(`/proc/${firstProcess()}/stat`, 'utf8');
      // Behind the name, which may hold anything: fields 14 and 15 of proc(5), in hundredths of a second.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return (Number(fields[11]) + Number(fields[12])) * 10;
    },
  };
}

function runtimeConfig({ folder, config }: UnpackedImage, options: RunOptions): object {
  const [uid = 0, gid = 0] = config.User.split(':').map(Number);
  const none: readonly string[] = [];
  const file = (destination: string, type: string, more: readonly string[] = none) => ({
    destination,
    type,
    source: type,
    options: ['nosuid', 'noexec', 'nodev', ...more],
  });
  return {
    ociVersion: '1.0.2',
    root: { path: folder, readonly: true },
    process: {
      user: { uid, gid },
      cwd: config.WorkingDir,
      env: config.Env,
      args: [...(options.entrypoint ?? config.Entrypoint), ...(options.args ?? [])],
      capabilities: { bounding: none, effective: none, permitted: none, inheritable: none, ambient: none },
      noNewPrivileges: true,
    },
    mounts: [
      file('/proc', 'proc'),
      { ...file('/dev', 'tmpfs', ['mode=755', 'size=64k']), options: ['nosuid', 'mode=755', 'size=64k'] },
      ...(options.folders ?? []).map((source) => ({
        destination: source,
        type: 'bind',
        source,
        options: ['bind', 'ro', 'nosuid', 'nodev'],
      })),
    ],
    linux: {
      namespaces: ['pid', 'ipc', 'uts', 'mount'].map((type) => ({ type })),
    },
  };
}
