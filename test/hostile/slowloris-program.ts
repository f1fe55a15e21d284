// The long form of slowloris.test.ts, by command: so many slow clients of each kind in turn against a running `turnpike up` with
// its defaults, honest requests at a fixed rate meanwhile. Says a line of JSON a kind, and exits with 1 when one was not cut in
// time or the honest were hurt.
//   sh cli/runtime.sh test/hostile/slowloris-program.ts [CLIENTS]     (10,000 without a number; needs `ulimit -n 20000`)
import { execFile } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { projectFolder, startCommand } from '../given/command.ts';
import { eventually } from '../given/eventually.ts';
import { givenFolder } from '../given/folder.ts';
import { request } from '../given/http-client.ts';
import { edgeManifest, pathRouteManifest, serviceManifest } from '../given/manifests.ts';
import { aFreePort } from '../given/standalone.ts';
import { slowClients, slownesses } from './slow-clients.ts';
import type { Slowness } from './slow-clients.ts';

const count = Number(process.argv[2] ?? 10_000);
const cutWithinMs = 10_000;
const honestP99MsMax = 25;
const honestPerSecond = 200;
/** Each reader that reads nothing fills some megabytes of the kernel's memory, which is not what is asked here. */
const readersMax = 500;

interface Finding {
  readonly slowness: Slowness;
  readonly clients: number;
  /** When the last had been cut, counted from when all had come; null when some were there after a minute. */
  readonly cutAfterMs: number | null;
  /** The most that the process held beyond what it held before, for each. */
  readonly kibEach: number;
  readonly honest: { readonly failed: number; readonly p50Ms: number; readonly p99Ms: number };
}

async function look(slowness: Slowness, port: number, pid: number): Promise<Finding> {
  const clients = slowness === 'Read' ? Math.min(count, readersMax) : count;
  const before = { sockets: socketsOf(pid), bytes: residentBytes(pid) };
  const honest = honestLoad(port, 25);
  await pause(1000);
  using group = await slowClients({ port, count: clients, slowness, dripMs: 1000 });
  const beganMs = performance.now();
  let bytes = 0;
  const isOver = (): boolean => {
    bytes = Math.max(bytes, residentBytes(pid) - before.bytes);
    if (slowness !== 'Read') return group.open() === 0;
    // They do not see it. The honest have 64, and the backend as many.
    return socketsOf(pid) <= before.sockets + 130;
  };
  const cut = await eventually(isOver, 60_000).then(
    () => true,
    () => false,
  );
  const cutAfterMs = cut ? Math.round(performance.now() - beganMs) : null;
  const { failed, p50, p99 } = await honest;
  return {
    slowness,
    clients: group.connected(),
    cutAfterMs,
    kibEach: Math.round(bytes / 1024 / clients),
    honest: { failed, p50Ms: p50 / 1000, p99Ms: p99 / 1000 },
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

function socketsOf(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  const targets = readdirSync(folder).map((name) => {
    try {
      return readlinkSync(path.join(folder, name));
    } catch {
      return '';
    }
  });
  return targets.filter((target) => target.startsWith('socket:')).length;
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
}

await using backend = startCommand(process.execPath, ['test/hostile/slowloris-backend.ts']);
const backendPort = Number(/port (\d+)\n/.exec(await backend.until('\n'))?.[1]);
const port = await aFreePort();
await using folder = await givenFolder({
  'edge.yaml': edgeManifest(port),
  'service.yaml': serviceManifest('shop', backendPort),
  'route.yaml': pathRouteManifest('shop', '/', 'shop'),
});
const words = ['cli/main.ts', 'up', '--no-demo', '--folder', folder.path];
await using turnpike = startCommand(process.execPath, words);
await eventually(async () => (await request({ port, path: '/' })).status === 200, 30_000);
let good = true;
for (const slowness of slownesses) {
  const finding = await look(slowness, port, turnpike.pid);
  process.stdout.write(`${JSON.stringify(finding)}\n`);
  const { cutAfterMs, honest } = finding;
  good &&=
    cutAfterMs !== null && cutAfterMs <= cutWithinMs && honest.failed === 0 && honest.p99Ms <= honestP99MsMax;
}
process.exitCode = good ? 0 : 1;
