// A standalone run from its start to its signal, told to a person at a terminal.
import { createAdminServer } from '#admin/server.ts';
import type { AdminServer } from '#admin/server.ts';
import { FilesError } from '#controller/files/files-error.ts';
import type { ObjectReader } from '#controller/translate/input.ts';
import type { DesiredStatus } from '#controller/translate/translation.ts';
import build from '../../package.json' with { type: 'json' };
import { listenerUrl } from '../state-lines.ts';
import { adminPages } from './admin-pages.ts';
import { demoLines, startDemo } from './demo.ts';
import type { Demo } from './demo.ts';
import { Narrator } from './narrator.ts';
import type { UpOptions } from './options.ts';
import { Screen } from './screen.ts';
import { startStandalone } from './standalone.ts';
import { usagePlaceProblem } from './usage-places.ts';
import type { Standalone } from './standalone.ts';

/** How long the first translation may wait for a data plane before states are printed as they are. */
const settleMs = 3_000;
/** One Ctrl-C comes twice when npm hands it on. */
const sameSignalMs = 300;
/** A stop that takes longer is worth a word. */
const quickStopMs = 500;

/** Runs until a signal; sets a non-zero exit code when it cannot start. */
export async function runStandalone(options: UpOptions): Promise<void> {
  const problem = await usagePlaceProblem(options);
  if (problem !== null) {
    console.error(`turnpike: ${problem}`);
    process.exitCode = 1;
    return;
  }
  const host = shownHost(options.address);
  const { folders, output } = options;
  const screen = new Screen({ print: (line) => console.log(line), output, folders, host });
  screen.say(
    `Turnpike ${build.version} on Node ${process.versions.node}, standalone from ${folders.join(', ')}\n`,
  );

  const demo = options.demo === 'Run' ? await startDemo() : null;
  for (const problem of demo?.problems ?? []) screen.problem(problem);
  const standalone = await start(options, screen, demo !== null);
  if (standalone === null) {
    demo?.stop();
    return;
  }
  const admin = options.admin === null ? null : await startAdmin(options.admin, standalone, screen);
  stopOnSignals(standalone, { demo, admin, screen });
}

async function start(options: UpOptions, screen: Screen, demo: boolean): Promise<Standalone | null> {
  const host = shownHost(options.address);
  let triesDemo = demo;
  let isFirst = true;
  const narrator = new Narrator({
    screen,
    settleMs,
    told(statuses, objects) {
      const base = triesDemo ? openListener(host, { statuses, objects }) : null;
      if (base !== null) {
        triesDemo = false;
        screen.say('\nTry, in another terminal:');
        for (const [what, command] of demoLines(base)) screen.say(`\n  # ${what}\n  ${command}`);
      }
      if (isFirst) screen.say('\nEdit the manifests, and see what happens. Ctrl-C ends.\n');
      isFirst = false;
    },
  });
  try {
    return await startStandalone({
      folders: options.folders,
      address: options.address,
      usageJournal: options.usageJournal,
      usageEvents: options.usageEvents === null ? null : { kind: 'File', file: options.usageEvents },
      accessLog: options.accessLog === 'Stdout' ? 1 : null,
      build: build.version,
      report: narrator,
    });
  } catch (error) {
    narrator.stop();
    if (!(error instanceof FilesError)) throw error;
    console.error(`turnpike: ${error.message} (name another with --folder)`);
    process.exitCode = 1;
    return null;
  }
}

interface World {
  readonly statuses: readonly DesiredStatus[];
  readonly objects: ObjectReader;
}

/** Where the first plain listener that takes connections is; null without one. */
function openListener(host: string, { statuses, objects }: World): string | null {
  for (const { object, status } of statuses) {
    const spec = objects.get('Gateway', object.namespace, object.name)?.spec;
    if (status.kind !== 'Gateway' || spec === undefined) continue;
    const open = status.listeners.filter(({ conditions }) =>
      conditions.some((one) => one.type === 'Programmed' && one.status === 'True'),
    );
    const plain = spec.listeners.find(
      ({ name, protocol }) => protocol === 'HTTP' && open.some((one) => one.name === name),
    );
    if (plain !== undefined) return listenerUrl('HTTP', host, plain.port);
  }
  return null;
}

/** A port that is taken costs these pages and nothing else. */
async function startAdmin(
  { host, port }: { readonly host: string; readonly port: number },
  standalone: Standalone,
  screen: Screen,
): Promise<AdminServer | null> {
  const admin = createAdminServer({
    pages: () => adminPages(standalone.dataPlanes),
    onError: (page, error) => screen.problem(`admin page ${page}: ${messageOf(error)}`),
  });
  try {
    const bound = await admin.listen(host, port);
    const base = listenerUrl('HTTP', bound.host, bound.port);
    screen.say(`admin at ${base}: /livez /readyz /NAMESPACE/NAME/metrics /NAMESPACE/NAME/config\n`);
    return admin;
  } catch (error) {
    screen.problem(`--admin-address: ${messageOf(error)} (name another address or port)`);
    return null;
  }
}

interface Others {
  readonly demo: Demo | null;
  readonly admin: AdminServer | null;
  readonly screen: Screen;
}

function stopOnSignals(standalone: Standalone, { demo, admin, screen }: Others): void {
  let stoppingSince: number | null = null;
  const stop = async (): Promise<void> => {
    const slow = setTimeout(
      () => screen.say('requests in flight may finish; Ctrl-C again ends at once'),
      quickStopMs,
    );
    await standalone.stop();
    clearTimeout(slow);
    await admin?.close();
    demo?.stop();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stoppingSince === null) {
        stoppingSince = performance.now();
        void stop();
      } else if (performance.now() - stoppingSince > sameSignalMs) {
        process.exit(1);
      }
    });
  }
}

/** An address that a person on this machine can paste. */
function shownHost(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  return address === '::' ? 'localhost' : address;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
