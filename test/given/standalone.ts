// The whole product in one process: both planes over a folder of manifests, as `turnpike up` starts them.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startStandalone } from '#cli/up/standalone.ts';
import type { Clock } from '#controller/clock.ts';
import type { FolderReport } from '#controller/files/folder-source.ts';
import type { DesiredCondition, DesiredStatus, Notice } from '#controller/translate/translation.ts';
import type { DataPlane, DataPlaneEvent, UsageReceiver } from '#dataplane/plane.ts';
import { eventually } from './eventually.ts';
import type { Seen } from './backend.ts';
import { request } from './http-client.ts';
import type { Got, Wanted } from './http-client.ts';
import { edgeManifest } from './manifests.ts';

/** Texts of files by their names. */
export type Files = Readonly<Record<string, string>>;

export interface GivenStandalone extends AsyncDisposable {
  readonly folder: string;
  /** The port of Gateway `edge`. */
  readonly port: number;
  save(files: Files): Promise<void>;
  remove(file: string): Promise<void>;
  /** A request to Gateway `edge`, or to the port that is told. */
  get(path: string, wanted?: Partial<Wanted>): Promise<Got>;
  /** What the backend saw of a request that must be answered by 200. */
  seen(path: string, wanted?: Partial<Wanted>): Promise<Seen>;
  /** Settles when GET `path` answers `status` (so configuration has arrived). */
  until(path: string, status: number, wanted?: Partial<Wanted>): Promise<void>;
  /** All conditions of an object, those of its parts included; of now. */
  conditions(kind: string, name: string): readonly DesiredCondition[];
  statuses(): readonly DesiredStatus[];
  readonly notices: readonly Notice[];
  readonly folderReports: readonly FolderReport[];
  readonly events: readonly DataPlaneEvent[];
  readonly keyProblems: readonly string[];
  /** Those that run. */
  dataPlanes(): readonly DataPlane[];
  stop(): Promise<void>;
}

/**
 * Starts it over a folder of its own that holds `files` and, unless they have a file of that name, `edge.yaml` with
 * the Gateway. Settles when the Gateway's port answers.
 */
export async function givenStandalone(
  files: Files | ((port: number) => Files | Promise<Files>),
  choices: {
    readonly clock?: Clock;
    readonly accessLog?: number;
    readonly usageJournal?: string;
    readonly usageEvents?: UsageReceiver;
    readonly quotasEveryMs?: number;
  } = {},
): Promise<GivenStandalone> {
  const folder = await mkdtemp(path.join(tmpdir(), 'turnpike-flow-'));
  const port = await aFreePort();
  const save = async (changed: Files): Promise<void> => {
    for (const [name, text] of Object.entries(changed)) await writeFile(path.join(folder, name), text);
  };
  await save({
    'edge.yaml': edgeManifest(port),
    ...(typeof files === 'function' ? await files(port) : files),
  });

  let statuses: readonly DesiredStatus[] = [];
  const notices: Notice[] = [];
  const folderReports: FolderReport[] = [];
  const events: DataPlaneEvent[] = [];
  const keyProblems: string[] = [];
  const standalone = await startStandalone({
    folders: [folder],
    address: '127.0.0.1',
    accessLog: null,
    usageJournal: null,
    usageEvents: null,
    build: 'test',
    ...choices,
    report: {
      folder: (report) => void folderReports.push(report),
      statuses: (latest) => void (statuses = latest),
      notices: (latest) => void notices.push(...latest),
      dataPlane: (_, event) => void events.push(event),
      keys: (problem) => void keyProblems.push(problem),
    },
  });
  let stopping: Promise<void> | null = null;
  const stop = (): Promise<void> => (stopping ??= standalone.stop());

  const get = (target: string, wanted: Partial<Wanted> = {}): Promise<Got> =>
    request({ port, path: target, ...wanted });
  const given: GivenStandalone = {
    folder,
    port,
    save,
    remove: (file) => rm(path.join(folder, file)),
    get,
    async seen(target, wanted) {
      const { status, body } = await get(target, wanted);
      assert.equal(status, 200, body);
      return JSON.parse(body) as Seen;
    },
    until: (target, status, wanted) =>
      eventually(async () => assert.equal((await get(target, wanted)).status, status)),
    conditions: (kind, name) => conditionsOf(statuses, kind, name),
    statuses: () => statuses,
    notices,
    folderReports,
    events,
    keyProblems,
    dataPlanes: () => [...standalone.dataPlanes.values()],
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await eventually(() => get('/'), 10_000);
  } catch (error) {
    await given[Symbol.asyncDispose]();
    throw error;
  }
  return given;
}

function conditionsOf(
  statuses: readonly DesiredStatus[],
  kind: string,
  name: string,
): readonly DesiredCondition[] {
  const found = statuses.find(({ object }) => object.kind === kind && object.name === name);
  assert.ok(found, `${kind} ${name} has no status`);
  const { status } = found;
  switch (status.kind) {
    case 'GatewayClass':
    case 'Consumer':
    case 'Plan':
    case 'Ban':
      return status.conditions;
    case 'Gateway':
    case 'ListenerSet':
      return [...status.conditions, ...status.listeners.flatMap(({ conditions }) => conditions)];
    case 'Ingress':
      return [];
    case 'Route':
      return status.parents.flatMap(({ conditions }) => conditions);
    case 'Ancestors':
      return status.ancestors.flatMap(({ conditions }) => conditions);
    case 'Policy':
      return [...status.conditions, ...status.ancestors.flatMap(({ conditions }) => conditions)];
    default:
      return status satisfies never;
  }
}

/**
 * A port of loopback on which nothing listens, below those that the system hands out by itself: the listeners of a
 * standalone run have the ports that their manifests tell.
 */
export async function aFreePort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000);
    const free = await new Promise<boolean>((resolve) => {
      const server = net.createServer();
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
}
