// Writes what the translation says of objects into their statuses: own entries only, nothing that is already so,
// and not before the data planes serve what a status promises. Does not know what a condition means.
import { Semaphore } from './semaphore.ts';
import { hasOwnEntries, mergeStatus } from './merge.ts';
import { Pace, type Occasion } from './pace.ts';
import type { Clock } from '#controller/clock.ts';
import type { GatewayKey } from '#snapshot/ids.ts';
import type { DesiredStatus, ObjectRef, StatusPart } from '#controller/translate/translation.ts';
import type { LiveStatus } from '#controller/source.ts';
import type { StatusClient } from './status-client.ts';

export interface StatusWriterOptions {
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly controllerName: string;
  /** The last seen state of an object. */
  readonly live: (object: ObjectRef) => LiveStatus | undefined;
  /** All objects whose statuses may hold entries of ours. */
  readonly all: () => Iterable<{ readonly object: ObjectRef; readonly live: LiveStatus }>;
  readonly client: StatusClient;
  /** Resolves when all ready data planes of the Gateways serve what was put for them last, or after a moment. */
  readonly whenServed: (gateways: readonly GatewayKey[]) => Promise<unknown>;
  readonly report: (event: StatusEvent) => void;
}

/** How a write ended; failures are told once until one succeeds. */
export type StatusEvent =
  | { readonly kind: 'Written'; readonly object: ObjectRef; readonly fields: readonly string[] }
  | { readonly kind: 'Failed'; readonly object: ObjectRef; readonly error: unknown };

const concurrency = 8;
const servedWaitMs = 1_000;
const retryMinMs = 500;
const retryMaxMs = 30_000;
const conflictsMax = 5;

/** Kinds whose status has one owner. */
const wholeStatuses: ReadonlySet<string> = new Set(['GatewayClass', 'Gateway', 'ListenerSet']);

/** What we want of one object, and how far it is. */
interface Task {
  desired: DesiredStatus;
  /** No longer ours: to be forgotten once our entries are gone. */
  leaving: boolean;
  /** Counts changes of `desired`: what waits for an older one is void. */
  revision: number;
  queued: boolean;
  /** It was undone too often, and waits for its next turn. */
  resting: boolean;
  running: boolean;
  failures: number;
  readonly pace: Pace;
  /** Newer than what is in `live`, until that has seen it. */
  written: LiveStatus | null;
  /** What was found to be as desired: need not be looked at again. */
  settled: { readonly revision: number; readonly resourceVersion: string } | null;
}

/** What a task wanted when a write of it began. */
type Wanted = Pick<Task, 'revision' | 'desired'>;

/** Writes while it leads; what it is given before that waits. */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  readonly #tasks = new Map<string, Task>();
  readonly #slots = new Semaphore(concurrency);
  /** A Gateway tells of thousands of routes: it does not wait behind them. */
  readonly #gatewaySlots = new Semaphore(concurrency);
  /** Those of the last put: what is the same again has been looked at. */
  #last: ReadonlySet<DesiredStatus> = new Set();
  /** Objects that have changed since the last put. */
  readonly #changed = new Set<string>();
  #leading = false;
  #stopped = false;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  /** All statuses as they should be; an object that is no longer among them loses our entries. */
  put(statuses: readonly DesiredStatus[]): void {
    const now = new Set(statuses);
    const news = new Set(this.#changed);
    this.#changed.clear();
    for (const desired of statuses) {
      if (this.#last.has(desired)) continue;
      const key = keyOf(desired.object);
      news.add(key);
      this.#want(key, desired, 'Ours');
    }
    for (const desired of this.#last) {
      if (now.has(desired)) continue;
      const key = keyOf(desired.object);
      // Unless another one took its place.
      if (this.#tasks.get(key)?.desired === desired) this.#leave(key, desired);
      news.add(key);
    }
    this.#last = now;
    if (this.#leading) {
      this.#consider(news);
    }
  }

  /** `object` is another one than before, or has gone: its status is looked at with the next put. */
  changed(object: ObjectRef): void {
    this.#changed.add(keyOf(object));
  }

  /** Somebody changed the status of `object`. */
  touched(object: ObjectRef): void {
    const key = keyOf(object);
    if (this.#leading && this.#tasks.has(key)) {
      this.#consider([key]);
    }
  }

  /** From now on this replica writes, beginning with all that is not as it should be. */
  lead(): void {
    this.#leading = true;
    for (const { object, live } of this.#options.all()) {
      if (!this.#tasks.has(keyOf(object)) && hasOwnEntries(live.status, this.#options.controllerName)) {
        const status = nothingOf(object.kind);
        this.#want(keyOf(object), { object, generation: live.generation, gateways: [], status }, 'Leaving');
      }
    }
    this.#consider(this.#tasks.keys());
  }

  /** From now on this replica writes no more. */
  follow(): void {
    this.#leading = false;
  }

  stop(): void {
    this.#stopped = true;
    this.#leading = false;
  }

  #want(key: string, desired: DesiredStatus, state: 'Ours' | 'Leaving'): void {
    const task = this.#tasks.get(key);
    const leaving = state === 'Leaving';
    if (task === undefined) {
      const fresh = {
        revision: 1,
        queued: false,
        resting: false,
        running: false,
        failures: 0,
        written: null,
        settled: null,
      };
      this.#tasks.set(key, { desired, leaving, ...fresh, pace: new Pace(this.#options.clock) });
      return;
    }
    if (task.leaving !== leaving || !equal(task.desired, desired)) {
      task.revision += 1;
      task.failures = 0;
    }
    task.desired = desired;
    task.leaving = leaving;
  }

  #leave(key: string, { object, generation, status }: DesiredStatus): void {
    if (wholeStatuses.has(object.kind)) {
      // The whole status is the new owner's.
      this.#tasks.delete(key);
      return;
    }
    const nothing: StatusPart =
      status.kind === 'Ingress'
        ? { ...status, addresses: [], former: status.former ?? status.addresses }
        : nothingOf(object.kind);
    this.#want(key, { object, generation, gateways: [], status: nothing }, 'Leaving');
  }

  /** Looks which of the tasks have anything to write, and begins them once their data planes serve. */
  #consider(keys: Iterable<string>): void {
    const groups = new Map<
      string,
      { readonly gateways: readonly GatewayKey[]; readonly run: (() => void)[] }
    >();
    for (const key of keys) {
      const task = this.#tasks.get(key);
      if (task === undefined || task.queued || this.#isSettled(key, task)) {
        continue;
      }
      const { revision, desired } = task;
      const occasion = occasionOf(task, task);
      const waitMs = task.pace.waitMs(occasion);
      if (waitMs > 0) {
        this.#considerLater(key, task, { waitMs, occasion });
        continue;
      }
      task.queued = true;
      const run = () => {
        task.queued = false;
        if (task.revision === revision) void this.#write(key, task);
        else this.#consider([key]);
      };
      const group = groups.get(desired.gateways.join()) ?? { gateways: desired.gateways, run: [] };
      group.run.push(run);
      groups.set(desired.gateways.join(), group);
    }
    for (const { gateways, run } of groups.values()) {
      void this.#whenServed(gateways).then(() => {
        for (const begin of run) begin();
        return null;
      });
    }
  }

  /** All that changes until then is one write; but for something new nothing that was undone is waited for. */
  #considerLater(
    key: string,
    task: Task,
    { waitMs, occasion }: { readonly waitMs: number; readonly occasion: Occasion },
  ): void {
    const waits = occasion === 'New' ? 'queued' : 'resting';
    if (task[waits]) return;
    task[waits] = true;
    this.#options.clock.after(waitMs, () => {
      task[waits] = false;
      if (this.#leading) this.#consider([key]);
    });
  }

  #isSettled(key: string, task: Task): boolean {
    const live = this.#liveOf(task);
    if (live === null) {
      if (task.leaving) this.#tasks.delete(key);
      // Deleted, or not seen yet: its birth will bring us here again.
      return true;
    }
    const { settled, revision } = task;
    if (settled?.revision === revision && settled.resourceVersion === live.resourceVersion) {
      return true;
    }
    if (this.#merged(task, live) !== null) {
      return false;
    }
    this.#settle(key, task, { live, revision });
    return true;
  }

  /** `live` is as `revision` wants it. */
  #settle(
    key: string,
    task: Task,
    { live, revision }: { readonly live: LiveStatus; readonly revision: number },
  ): void {
    task.settled = { revision, resourceVersion: live.resourceVersion };
    if (task.leaving && task.revision === revision) this.#tasks.delete(key);
  }

  #liveOf(task: Task): LiveStatus | null {
    const seen = this.#options.live(task.desired.object);
    const { written } = task;
    if (seen === undefined || written === null) {
      return seen ?? null;
    }
    if (seen.uid === written.uid && isOlder(seen.resourceVersion, written.resourceVersion)) {
      return written;
    }
    task.written = null;
    return seen;
  }

  #merged({ desired }: Pick<Task, 'desired'>, live: LiveStatus) {
    return mergeStatus(desired.status, live.status, {
      controllerName: this.#options.controllerName,
      namespace: desired.object.namespace,
      generation: desired.generation,
      liveGeneration: live.generation,
      now: new Date(this.#options.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
    });
  }

  async #whenServed(gateways: readonly GatewayKey[]): Promise<void> {
    if (gateways.length === 0) {
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const callOff = this.#options.clock.after(servedWaitMs, resolve);
    await Promise.race([promise, this.#options.whenServed(gateways)]);
    callOff();
  }

  async #write(key: string, task: Task): Promise<void> {
    if (task.running) {
      return;
    }
    task.running = true;
    // What is wanted by the end may be another revision: that one is not served yet, and not settled by this write.
    const { revision, desired } = task;
    try {
      const slots = desired.object.kind === 'Gateway' ? this.#gatewaySlots : this.#slots;
      await slots.run(() => this.#writeOnce(key, task, { revision, desired }));
      task.failures = 0;
    } catch (error) {
      this.#retryLater(key, task, error);
    } finally {
      task.running = false;
    }
    if (task.revision !== revision && this.#leading) {
      this.#consider([key]);
    }
  }

  /** Merges and writes; when somebody was faster, reads and merges anew. */
  async #writeOnce(key: string, task: Task, wanted: Wanted): Promise<void> {
    const { client, report } = this.#options;
    const { object } = wanted.desired;
    let live = this.#liveOf(task);
    for (let conflicts = 0; live !== null && this.#leading; conflicts += 1) {
      const fields = this.#merged(wanted, live);
      if (fields === null) {
        this.#settle(key, task, { live, revision: wanted.revision });
        return;
      }
      task.pace.begun(occasionOf(task, wanted));
      const result = await client.write(object, live.resourceVersion, fields);
      if (result.kind === 'Gone') {
        return;
      }
      if (result.kind === 'Written') {
        task.written = result.live;
        this.#settle(key, task, { live: result.live, revision: wanted.revision });
        report({ kind: 'Written', object, fields: Object.keys(fields) });
        return;
      }
      if (conflicts >= conflictsMax) {
        throw new Error('others write the status all the time');
      }
      const now = await client.read(object);
      // Of another one of that name nothing has been judged yet: its birth will bring us here again.
      live = now?.uid === live.uid ? now : null;
    }
  }

  #retryLater(key: string, task: Task, error: unknown): void {
    const { clock, random, report } = this.#options;
    if (task.failures === 0) {
      report({ kind: 'Failed', object: task.desired.object, error });
    }
    const waitMs = Math.min(retryMaxMs, retryMinMs * 2 ** task.failures) * (0.5 + random() / 2);
    task.failures = Math.min(task.failures + 1, 10);
    clock.after(waitMs, () => {
      if (this.#leading && !this.#stopped) this.#consider([key]);
    });
  }
}

/** Whether what is wanted has been so already. */
function occasionOf({ settled }: Task, { revision }: Wanted): Occasion {
  return settled?.revision === revision ? 'Undone' : 'New';
}

function keyOf({ kind, namespace, name }: ObjectRef): string {
  return `${kind}/${namespace}/${name}`;
}

function equal(a: DesiredStatus, b: DesiredStatus): boolean {
  return (
    a.generation === b.generation &&
    (a.status === b.status || JSON.stringify(a.status) === JSON.stringify(b.status))
  );
}

function nothingOf(kind: string): StatusPart {
  if (kind === 'Consumer') return { kind, conditions: [], plan: { name: '', quotas: [] }, quotas: [] };
  if (kind === 'Ban') return { kind, conditions: [] };
  if (kind === 'Plan') return { kind, conditions: [], consumers: 0 };
  if (kind === 'BackendTLSPolicy') return { kind: 'Ancestors', ancestors: [] };
  return kind.endsWith('Route')
    ? { kind: 'Route', parents: [] }
    : { kind: 'Policy', conditions: [], targets: '', ancestors: [] };
}

function isOlder(version: string, than: string): boolean {
  return /^\d+$/.test(version) && /^\d+$/.test(than) && BigInt(version) < BigInt(than);
}
