/**
 * A network of the tests' own: a fresh network, process and mount namespace around one command. Nothing in it reaches
 * the world, no port in it collides with another's, and whatever it started or mounted is gone when it ends,
 * however it ends. Needs util-linux and iproute2, and root or the right to make user namespaces.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { cacheFolder } from './cache-folder.ts';
import { ClusterError } from './cluster-error.ts';
import { exitOf, outputOf } from './command.ts';

/** The address of the machine itself in the namespace: the API server's, and the one clients come from. */
export const nodeAddress = '10.89.0.1';

const networks = { dataPlane: 1, backend: 2, client: 3, controller: 4 } as const;

/**
 * An address that a test may bind, `host` from 1 to 254. All of 10.89.0.0/16 is this machine: nothing needs to be
 * configured before, and where nobody listens a connection is refused at once.
 */
export function addressIn(network: keyof typeof networks, host: number): string {
  return `10.89.${networks[network]}.${host}`;
}

/** Whether this process runs in the namespace. */
export function isInNamespace(): boolean {
  return Object.values(os.networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === nodeAddress),
  );
}

const interruptGraceMs = 3_000;

// The veth pair is there for its interface only (not every kernel has dummy devices), and the default route for
// addresses that are somebody else's to answer, such as those of Services. Temporary files live in memory.
const setUp = `set -e
ip link set lo up
ip link add node0 type veth peer name node1
ip link set node0 up
ip link set node1 up
ip address add ${nodeAddress}/24 dev node0
ip route add default dev node0 src ${nodeAddress}
ip route add local 10.89.0.0/16 dev lo src ${nodeAddress}
mount -t tmpfs -o mode=1777 turnpike "$TMPDIR"
exec "$@"`;

/**
 * Runs the command in a namespace of its own and resolves with its exit code (128 + n for signal n, as shells have it).
 * When this process is ended, so is everything in the namespace. Rejects with a ClusterError that names the remedy
 * when the machine does not allow it. What it prints goes to `output`, a file descriptor, or to ours without one.
 */
export async function runInNamespace(
  command: readonly string[],
  output: number | 'inherit' = 'inherit',
): Promise<number> {
  const temporary = path.join(cacheFolder(), 'tmp');
  await mkdir(temporary, { recursive: true });
  const env = { ...process.env, TMPDIR: temporary };
  const entry = await entryThatWorks(env);
  const child = spawn('setpriv', [...entry, ...command], { env, stdio: ['inherit', output, output] });
  const { code, signal } = await passingSignals(child, exitOf(child, 'setpriv'));
  return code ?? 128 + (signal === null ? 0 : os.constants.signals[signal]);
}

/**
 * Ends the child, and by that everything in its namespace, when this process is told to end. Ctrl-C reaches the command
 * by the terminal too, so for SIGINT it is given a moment to take its leave.
 */
async function passingSignals<T>(child: ChildProcess, ended: Promise<T>): Promise<T> {
  const end = () => child.kill('SIGKILL');
  const endSoon = () => setTimeout(end, interruptGraceMs).unref();
  process.on('SIGINT', endSoon).on('SIGTERM', end).on('SIGHUP', end);
  try {
    return await ended;
  } finally {
    process.off('SIGINT', endSoon).off('SIGTERM', end).off('SIGHUP', end);
  }
}

/** The words for setpriv that bring the command after them into a namespace here: as root, or as root of a user namespace. */
async function entryThatWorks(env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  await needTools();
  const refusals: string[] = [];
  for (const privilege of process.getuid?.() === 0 ? [[], ['--map-root-user']] : [['--map-root-user']]) {
    const entry = entryWith(privilege);
    const refusal = await outputOf('setpriv', [...entry, 'true'], { env }).then(
      () => undefined,
      (error: unknown) => String(error).split(' failed ').at(-1),
    );
    if (refusal === undefined) return entry;
    refusals.push(refusal);
  }
  throw new ClusterError(
    'not-permitted',
    `A network namespace is needed and not permitted here. Run as root (in a container: with --privileged), ` +
      `or allow user namespaces: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0. It said: ${refusals.join(' / ')}`,
  );
}

function entryWith(privilege: readonly string[]): readonly string[] {
  const unshare = ['unshare', ...privilege, '--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
  return ['--pdeathsig', 'KILL', ...unshare, 'sh', '-c', setUp, 'sh'];
}

async function needTools(): Promise<void> {
  for (const [tool, debianPackage] of [
    ['unshare', 'util-linux'],
    ['setpriv', 'util-linux'],
    ['ip', 'iproute2'],
  ] as const) {
    await outputOf(tool, ['-V']).catch((cause: unknown) => {
      const remedy = `apt-get install ${debianPackage}`;
      throw new ClusterError('missing', `The program "${tool}" is needed and not there: ${remedy}`, {
        cause,
      });
    });
  }
}
