// The long form of slowloris.test.ts, by command: so many slow clients of each kind in turn against a running `turnpike up` with
// its defaults, honest requests at a fixed rate meanwhile. Says a line of JSON a kind, and exits with 1 when one was not cut in
// time or the honest were hurt. On Linux with nginx and two processors: the gateway has one, all others share the other.
//   sh cli/runtime.sh test/hostile/slowloris-program.ts [CLIENTS [READERS]]     (10,000 and 500 without numbers)
// One kernel holds both ends here, so that a reader who reads nothing fills megabytes of its memory. For 10,000 of these too,
// give it packets as a network has them and sockets that hold less, where nobody else is (as root):
//   unshare --net sh -c 'ip link set lo mtu 9000 up; sysctl -w net.ipv4.tcp_rmem="4096 16384 65536" \
//     net.ipv4.tcp_wmem="4096 16384 65536"; sh cli/runtime.sh test/hostile/slowloris-program.ts 10000 10000'
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { projectFolder, startCommand } from '../given/command.ts';
import { eventually } from '../given/eventually.ts';
import { givenFolder } from '../given/folder.ts';
import { request } from '../given/http-client.ts';
import { edgeManifest, pathRouteManifest, serviceManifest } from '../given/manifests.ts';
import { aFreePort } from '../given/standalone.ts';
import { slownesses } from './slow-clients.ts';
import { startBackend } from './slowloris-backend.ts';
import type { Slowness } from './slow-clients.ts';

const slowClientsProgram = path.join(import.meta.dirname, 'slow-clients-program.ts');
const [clientsMax = 10_000, readersMax = 500] = process.argv.slice(2).map(Number);
const cutWithinMs = 10_000;
const honestP99MsMax = 25;
const honestPerSecond = 200;
const warmUpCount = 200;
/** An answer is a hundred packets, all of which this machine's kernel sends, and takes, itself. */
const comePerSecond = { Silent: 1000, Head: 1000, Body: 1000, Read: 250 } satisfies Record<Slowness, number>;

interface Finding {
  readonly slowness: Slowness;
  readonly clients: number;
  /** How long the one lived that lived longest; null when some were there after a minute. */
  readonly longestMs: number | null;
  /** The most that the process held beyond what it held before, for each. */
  readonly kibEach: number;
  readonly honest: { readonly failed: number; readonly p50Ms: number; readonly p99Ms: number };
}

interface Gateway {
  readonly port: number;
  readonly pid: number;
  /** Its access log so far. */
  readonly log: () => string;
}

async function look(slowness: Slowness, count: number, { port, pid, log }: Gateway): Promise<Finding> {
  const before = residentBytes(pid);
  const gone = readersGone(log);
  const perSecond = comePerSecond[slowness];
  const honest = honestLoad(port, Math.ceil(count / perSecond) + 15);
  await pause(1000);
  let bytes = 0;
  const watch = setInterval(() => (bytes = Math.max(bytes, residentBytes(pid) - before)), 250);
  const words = [slowClientsProgram, port, count, slowness, perSecond].map(String);
  await using slow = startCommand('nice', ['-n', '19', process.execPath, ...words]);
  const isOver = (): boolean =>
    slowness === 'Read' ? gone().length === count : faringOf(slow.stdout())?.open === 0;
  let cut = isOver();
  for (const endMs = performance.now() + 60_000; !cut && performance.now() < endMs; cut = isOver())
    await pause(1000);
  const { failed, p50, p99 } = await honest;
  clearInterval(watch);
  const faring = faringOf(slow.stdout());
  const longestMs = slowness === 'Read' ? Math.max(...gone()) : (faring?.longestMs ?? 0);
  return {
    slowness,
    clients: faring?.connected ?? 0,
    longestMs: cut ? Math.round(longestMs) : null,
    kibEach: Math.round(bytes / 1024 / count),
    honest: { failed, p50Ms: p50 / 1000, p99Ms: p99 / 1000 },
  };
}

interface Faring {
  readonly connected: number;
  readonly open: number;
  readonly longestMs: number;
}

/** How they fare by the last line that is whole; undefined before all have connected. */
function faringOf(said: string): Faring | undefined {
  const line = said.split('\n').at(-2);
  return line === undefined ? undefined : (JSON.parse(line) as Faring);
}

/**
 * Tells how long those lived from now on that read nothing, and so do not see that they were cut: the access log does. It
 * is read on from where it was read last: who measures has the same processor, and is not to wait.
 */
function readersGone(log: () => string): () => readonly number[] {
  let read = log().length;
  const lived: number[] = [];
  return () => {
    const text = log().slice(read);
    const end = text.lastIndexOf('\n') + 1;
    for (const line of text.slice(0, end).split('\n'))
      if (line.includes('"path":"/large"')) lived.push(Number(/"durationMs":([\d.]+)/.exec(line)?.[1]));
    read += end;
    return lived;
  };
}

interface Honest {
  readonly failed: number;
  readonly p50: number;
  readonly p99: number;
}

async function honestLoad(port: number, seconds: number): Promise<Honest> {
  const program = path.join(projectFolder, 'bench/loads/fixed-rate-program.ts');
  const words = [String(port), String(seconds), String(honestPerSecond)];
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...words]);
  return JSON.parse(stdout) as Honest;
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
}

await promisify(execFile)('taskset', ['--cpu-list', '--pid', '1', String(process.pid)]);
await using files = await givenFolder({});
await using backend = await startBackend(path.join(files.path, 'backend'));
const port = await aFreePort();
await using folder = await givenFolder({
  'edge.yaml': edgeManifest(port),
  'service.yaml': serviceManifest('shop', backend.port),
  'route.yaml': pathRouteManifest('shop', '/', 'shop'),
});
const words = ['cli/turnpike.sh', 'up', '--no-demo', '--access-log', '--folder', folder.path];
await using turnpike = startCommand('taskset', ['--cpu-list', '0', 'sh', ...words]);
await eventually(async () => (await request({ port, path: '/' })).status === 200, 30_000);
const gateway = { port, pid: turnpike.pid, log: (): string => turnpike.stdout() };
// a process that has just begun compiles what it meets for the first time, which would be taken for harm that is done
for (const slowness of slownesses) await look(slowness, warmUpCount, gateway);
let good = true;
for (const slowness of slownesses) {
  const finding = await look(slowness, slowness === 'Read' ? readersMax : clientsMax, gateway);
  process.stdout.write(`${JSON.stringify(finding)}\n`);
  const { longestMs, honest } = finding;
  good &&=
    longestMs !== null && longestMs <= cutWithinMs && honest.failed === 0 && honest.p99Ms <= honestP99MsMax;
}
process.exitCode = good ? 0 : 1;
