/**
 * A server of a cluster, which outlives the command that started it. What runs is on record in a file; a record is
 * believed only as long as its process id belongs to a process that began at the recorded moment.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ClusterError } from './cluster-error.ts';
import { processesFile } from './control-group.ts';
import { type Patience, eventually } from './eventually.ts';
import { type Site, inNetwork } from './site.ts';

export type DaemonCommand = {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
};

type Running = {
  readonly pid: number;
  /** When the process began, in clock ticks since the machine did. */
  readonly beganAt: string;
  /** Of the command it was started with. */
  readonly digest: string;
};

const stopDeadlineMs = 5_000;
const logLinesShown = 30;

function logFileOf(site: Site, name: string): string {
  return path.join(site.folder, 'logs', `${name}.log`);
}

/** The process id of the daemon; undefined when it does not run. */
export async function pidOf(site: Site, name: string): Promise<number | undefined> {
  return (await running(site, name))?.pid;
}

/** Starts the daemon unless it runs with this very command. A daemon with another command is stopped first. */
export async function ensureDaemon(site: Site, command: DaemonCommand): Promise<'started' | 'was there'> {
  const digest = digestOf(command);
  const there = await running(site, command.name);
  if (there?.digest === digest) return 'was there';
  if (there !== undefined) await stopDaemon(site, command.name);
  const pid = await launch(site, command);
  const beganAt = await beginningOf(pid);
  if (beganAt === undefined) throw new ClusterError('exited', await whatItSaid(site, command.name));
  const record = { pid, beganAt, digest } satisfies Running;
  await mkdir(path.dirname(recordFile(site, command.name)), { recursive: true });
  await writeFile(recordFile(site, command.name), JSON.stringify(record));
  return 'started';
}

/** Resolves when `check` gives something. Rejects with the end of the daemon's log when it ends before, or the time is over. */
export async function whenReady(
  site: Site,
  name: string,
  check: () => Promise<true | undefined>,
  patience: Patience = { deadlineMs: 60_000 },
): Promise<void> {
  const outcome = await eventually(
    `${name} is ready`,
    async () => ((await pidOf(site, name)) === undefined ? 'ended' : (await check()) && 'ready'),
    patience,
  ).catch(async (cause: unknown) => {
    throw new ClusterError('deadline', `${name} is not ready. ${await whatItSaid(site, name)}`, { cause });
  });
  if (outcome === 'ended') throw new ClusterError('exited', await whatItSaid(site, name));
}

/** Ends the daemon by SIGTERM, and by SIGKILL when that takes over five seconds. Does nothing when it does not run. */
export async function stopDaemon(site: Site, name: string): Promise<void> {
  const there = await running(site, name);
  if (there !== undefined) {
    process.kill(there.pid, 'SIGTERM');
    await gone(site, name, stopDeadlineMs).catch(async () => killDaemon(site, name));
  }
  await rm(recordFile(site, name), { force: true });
}

/** Ends the daemon as a crash would, and resolves when it is gone. */
export async function killDaemon(site: Site, name: string): Promise<void> {
  const pid = await pidOf(site, name);
  if (pid === undefined) return;
  process.kill(pid, 'SIGKILL');
  await gone(site, name, stopDeadlineMs);
}

async function gone(site: Site, name: string, deadlineMs: number): Promise<void> {
  const check = async () => ((await pidOf(site, name)) === undefined ? true : undefined);
  await eventually(`${name} has ended`, check, { deadlineMs, intervalMs: 20 });
}

async function launch(site: Site, command: DaemonCommand): Promise<number> {
  const logFile = logFileOf(site, command.name);
  await mkdir(path.dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a');
  // Each of these becomes the next, so the process id is the server's.
  const join = ['-c', 'echo $$ > "$0" && exec "$@"', processesFile(site.controlGroup)];
  const args = [...join, ...inNetwork(site), command.program, ...command.args];
  // Of the environment only this: the server must not depend on who started it.
  const env = { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin`, HOME: '/root' };
  const child = spawn('sh', args, { cwd: '/', env, stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  const started = new Promise<number>((resolve) =>
    child.once('spawn', () => child.pid !== undefined && resolve(child.pid)),
  );
  const pid = await Promise.race([started, failed]);
  child.unref();
  return pid;
}

async function running(site: Site, name: string): Promise<Running | undefined> {
  const text = await readFile(recordFile(site, name), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const record = JSON.parse(text) as Running;
  return (await beginningOf(record.pid)) === record.beganAt ? record : undefined;
}

/** When the process began; undefined when there is none, or only what is left of one that ended (proc(5), stat). */
async function beginningOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The name in parentheses may hold anything, so fields are counted behind its end.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields?.[0] === 'Z' || fields?.[0] === 'X' ? undefined : fields?.[19];
}

function digestOf(command: DaemonCommand): string {
  return createHash('sha256').update(JSON.stringify(command)).digest('hex').slice(0, 16);
}

function recordFile(site: Site, name: string): string {
  return path.join(site.runFolder, 'servers', `${name}.json`);
}

async function whatItSaid(site: Site, name: string): Promise<string> {
  const file = logFileOf(site, name);
  const lines = (await readFile(file, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-logLinesShown);
  return `${name} ended or does not answer. The end of ${file}:\n${lines.join('\n')}`;
}
