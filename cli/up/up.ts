// turnpike up: both planes from folders of manifests, told to a person at a terminal.
import type { Server } from 'node:http';
import { FilesError } from '#controller/files/files-error.ts';
import type { DesiredStatus, Notice } from '#controller/translate/translation.ts';
import type { DataPlaneEvent } from '#dataplane/plane.ts';
import build from '../../package.json' with { type: 'json' };
import { demoLines, startDemo } from './demo.ts';
import { upHelp, upOptions } from './options.ts';
import type { UpOptions } from './options.ts';
import { Screen } from './screen.ts';
import { startStandalone } from './standalone.ts';
import type { Standalone } from './standalone.ts';

/** How long the first translation may wait for a data plane before states are printed as they are. */
const settleMs = 3_000;

/** Runs until a signal; sets a non-zero exit code when it cannot start. */
export async function up(args: readonly string[]): Promise<void> {
  let options: UpOptions | null;
  try {
    options = upOptions(args);
  } catch (error) {
    fail(`${messageOf(error)}\n\n${upHelp}`, 2);
    return;
  }
  if (options === null) {
    console.log(upHelp);
    return;
  }
  const screen = new Screen({ print: (line) => console.log(line), output: options.output });
  screen.say(
    `Turnpike ${build.version} on Node ${process.versions.node}, standalone from ${options.folders.join(', ')}\n`,
  );

  let demo: readonly Server[] = [];
  if (options.demo === 'Run') {
    try {
      demo = await startDemo();
    } catch (error) {
      screen.problem(
        `the demo services cannot start: ${messageOf(error)} (end what uses the port, or give --no-demo)`,
      );
    }
  }
  const standalone = await start(options, screen, demo.length > 0);
  if (standalone === null) {
    for (const server of demo) server.close();
    return;
  }
  stopOnSignals(standalone, demo);
}

async function start(options: UpOptions, screen: Screen, demo: boolean): Promise<Standalone | null> {
  let settled = false;
  let latest: readonly DesiredStatus[] = [];
  const told = new Set<string>();
  const settle = (): void => {
    if (settled) return;
    settled = true;
    screen.statuses(latest);
    if (demo) sayDemo(screen, options, latest);
    screen.say('\nEdit the manifests, and see what happens. Ctrl-C ends.\n');
  };
  const timer = setTimeout(settle, settleMs);
  timer.unref();
  try {
    return await startStandalone({
      folders: options.folders,
      address: options.address,
      accessLog: options.accessLog === 'Stdout' ? 1 : null,
      build: build.version,
      report: {
        folder: (report) => screen.folder(report),
        statuses(statuses) {
          latest = statuses;
          if (settled) screen.statuses(statuses);
          else if (statuses.every(isSettled)) settle();
        },
        notices(notices) {
          for (const notice of notices) sayOnce(told, notice, screen);
        },
        dataPlane: (gateway, event) => sayEvent(screen, gateway, event),
        keys: (problem) => screen.problem(`keys: ${problem}`),
      },
    });
  } catch (error) {
    clearTimeout(timer);
    if (!(error instanceof FilesError)) throw error;
    fail(`${error.message} (name another with --folder)`, 1);
    return null;
  }
}

/** Whether nothing more is expected of it soon: a Gateway waits for its data plane, all else says what it is. */
function isSettled({ status }: DesiredStatus): boolean {
  if (status.kind === 'Gateway') {
    return !status.conditions.some(({ type, reason }) => type === 'Programmed' && reason === 'Pending');
  }
  return status.kind !== 'Policy' || !status.conditions.some(({ reason }) => reason === 'Reconciling');
}

function sayDemo(screen: Screen, options: UpOptions, statuses: readonly DesiredStatus[]): void {
  if (!statuses.some(({ status }) => status.kind === 'Gateway')) return;
  const host = options.address === '0.0.0.0' || options.address === '::' ? '127.0.0.1' : options.address;
  screen.say('\nTry, in another terminal:');
  for (const [what, command] of demoLines(`http://${host}:8080`)) {
    screen.say(`\n  # ${what}\n  ${command}`);
  }
}

function sayOnce(told: Set<string>, { object, reason, message }: Notice, screen: Screen): void {
  const text = `${object.kind} ${object.namespace}/${object.name}: ${reason}: ${message}`;
  if (told.has(text)) return;
  told.add(text);
  screen.problem(text);
}

function sayEvent(screen: Screen, gateway: string, event: DataPlaneEvent): void {
  switch (event.kind) {
    case 'PortUnavailable': {
      const why = event.code === 'EADDRINUSE' ? 'something else listens there' : event.message;
      screen.problem(
        `Gateway ${gateway}: port ${event.bindPort} cannot be bound: ${why} (end it, or give the listener another port; tried again every second)`,
      );
      break;
    }
    case 'RateLimitStore':
      screen.problem(
        `the rate-limit store ${event.available ? 'answers again' : `does not answer: ${event.reason}`}`,
      );
      break;
    case 'NotApplied':
      screen.problem(`Gateway ${gateway}: a snapshot could not be served: ${String(event.problem)}`);
      break;
    case 'Applied':
      for (const { id, reason } of event.refused) screen.problem(`Gateway ${gateway}: ${id}: ${reason}`);
      break;
    case 'Connected':
    case 'Disconnected':
    case 'Behind':
    case 'Loaded':
    case 'LastGoodUnreadable':
    case 'SaveFailed':
    case 'Saved':
      break;
    default:
      event satisfies never;
  }
}

function stopOnSignals(standalone: Standalone, demo: readonly Server[]): void {
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      void standalone.stop().then(() => {
        for (const server of demo) {
          server.closeAllConnections();
          server.close();
        }
        process.exit(0);
      });
    });
  }
}

function fail(problem: string, code: number): void {
  console.error(`turnpike: ${problem}`);
  process.exitCode = code;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
