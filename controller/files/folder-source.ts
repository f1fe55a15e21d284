// The standalone source: the manifests in a folder, as if an API server had them. Knows files and YAML; does not
// know what an object means. A bad file or object changes nothing but the list of problems.
import { watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { admit } from './admission.ts';
import { FilesError } from './files-error.ts';
import { manifestFiles } from './folder-tree.ts';
import { manifestKind } from './kind-lookup.ts';
import { parseManifests, problemOf } from './manifest.ts';
import type { Kind, KindInfo } from '#crds/kind.ts';
import type { Clock } from '#controller/clock.ts';
import type { ObjectSink } from '#controller/source.ts';
import type { FSWatcher } from 'node:fs';
import type { Admitted, CheckObject } from './admission.ts';
import type { FileStamp } from './folder-tree.ts';
import type { FileProblem, ParsedFile } from './manifest.ts';

export interface FolderSourceOptions {
  /** Names of files are told relative to the folder when there is one, else with the folder they are in. */
  readonly folders: readonly string[];
  readonly kinds: Readonly<Record<Kind, KindInfo>>;
  readonly check: CheckObject;
  readonly sink: ObjectSink;
  readonly clock: Clock;
  /** Hears of every scan that changed anything, after the sink did. */
  readonly report: (report: FolderReport) => void;
}

/** What a scan of the folder brought. */
export interface FolderReport {
  readonly changes: readonly FolderChange[];
  /** All that is wrong now. */
  readonly problems: readonly FileProblem[];
  /** What has become wrong since the report before. */
  readonly fresh: readonly FileProblem[];
  /** The kinds of all objects that are passed over now, once for each object. */
  readonly others: readonly string[];
}

/** An object that a scan found new, different or gone. */
export interface FolderChange {
  readonly type: 'Added' | 'Changed' | 'Removed';
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
  readonly file: string;
}

const debounceMs = 4;
/** A file that looks half-written, or has vanished, must look so twice with this much between. */
const settleMs = 40;
const pollMs = 2_000;

interface KnownFile {
  readonly stamp: FileStamp;
  /** The last that parsed; its objects are in force. */
  readonly good: ParsedFile;
  readonly problems: readonly FileProblem[];
}

/** A folder's manifests told to a sink, and told again as they change; `start` once, `stop` once. */
export class FolderSource {
  readonly #options: FolderSourceOptions;
  readonly #suspects = new Map<string, FileStamp>();
  #files = new Map<string, KnownFile>();
  #admitted: ReadonlyMap<string, Admitted> = new Map();
  #problems: readonly FileProblem[] = [];
  #version: bigint;
  readonly #watchers: FSWatcher[] = [];
  #callOff: (() => void) | null = null;
  #callOffPoll: (() => void) | null = null;
  #scanning: Promise<void> | null = null;
  #again = false;
  #stopped = false;

  constructor(options: FolderSourceOptions) {
    this.#options = options;
    // Grows over restarts too, as an API server's does.
    this.#version = BigInt(Math.floor(options.clock.now())) * 1000n;
  }

  get problems(): readonly FileProblem[] {
    return this.#problems;
  }

  /** The kinds of the objects that are passed over, once for each object. */
  get others(): readonly string[] {
    return [...this.#files.values()].flatMap(({ good }) => good.others);
  }

  /** The objects in force. */
  get admitted(): readonly Admitted[] {
    return [...this.#admitted.values()];
  }

  /**
   * Reads the folder and tells the sink the first list of every kind, then watches it.
   * @throws {FilesError} when there is no such folder.
   */
  async start(): Promise<void> {
    const stamps = await this.#stamps();
    await this.#take(stamps, new Set(stamps.keys()));
    this.#admitAll('First');
    this.#watch();
    this.#poll();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const watcher of this.#watchers) watcher.close();
    this.#callOff?.();
    this.#callOffPoll?.();
    await this.#scanning;
  }

  #watch(): void {
    for (const folder of this.#options.folders) {
      try {
        const watcher = watch(folder, { recursive: true, persistent: true }, () => this.#scanIn(debounceMs));
        // The poll goes on without it.
        watcher.on('error', () => watcher.close());
        this.#watchers.push(watcher);
      } catch {
        // Cannot be watched: the poll sees it.
      }
    }
  }

  #poll(): void {
    this.#callOffPoll = this.#options.clock.after(pollMs, () => {
      this.#scanIn(0);
      this.#poll();
    });
  }

  #scanIn(ms: number): void {
    if (this.#stopped) {
      return;
    }
    this.#callOff?.();
    this.#callOff = this.#options.clock.after(ms, () => {
      if (this.#scanning !== null) {
        this.#again = true;
        return;
      }
      this.#scanning = this.#scan().finally(() => {
        this.#scanning = null;
        if (this.#again) {
          this.#again = false;
          this.#scanIn(debounceMs);
        }
      });
    });
  }

  async #scan(): Promise<void> {
    let stamps: ReadonlyMap<string, FileStamp>;
    try {
      stamps = await this.#stamps();
    } catch (error) {
      if (!(error instanceof FilesError)) throw error;
      const remedy = 'bring it back; until then all that was read from it stays in force';
      this.#tell([], [problemOf('.', { message: error.message, remedy })]);
      return;
    }
    const touched = new Set<string>();
    for (const [file, stamp] of stamps) {
      if (this.#files.get(file)?.stamp !== stamp) touched.add(file);
    }
    for (const file of this.#files.keys()) {
      if (!stamps.has(file)) touched.add(file);
    }
    await this.#take(stamps, touched);
    if (!this.#stopped) {
      this.#admitAll('Later');
    }
  }

  /** Reads the files of `touched`; puts off what may be in the middle of being saved. */
  async #take(stamps: ReadonlyMap<string, FileStamp>, touched: ReadonlySet<string>): Promise<void> {
    for (const file of touched) {
      const known = this.#files.get(file);
      const stamp = stamps.get(file) ?? 'gone';
      const text = stamp === 'gone' ? null : await this.#read(file);
      const parsed = parseManifests(file, text ?? '', manifestKind);
      const doubtful =
        known !== undefined && parsed.manifests.length === 0 && known.good.manifests.length > 0;
      if (doubtful && this.#suspects.get(file) !== stamp) {
        this.#suspects.set(file, stamp);
        this.#options.clock.after(settleMs, () => this.#scanIn(0));
        continue;
      }
      this.#suspects.delete(file);
      if (text === null) {
        this.#files.delete(file);
      } else {
        const broken = parsed.manifests.length === 0 && parsed.problems.length > 0;
        const good = broken ? (known?.good ?? parsed) : parsed;
        const problems = parsed.isRead ? parsed.problems : parsed.problems.map(untilThen(good));
        this.#files.set(file, { stamp, good, problems });
      }
    }
  }

  async #stamps(): Promise<ReadonlyMap<string, FileStamp>> {
    const { folders } = this.#options;
    const [only, ...others] = folders;
    if (only !== undefined && others.length === 0) return manifestFiles(only);
    const found = await Promise.all(
      folders.map(async (folder) =>
        [...(await manifestFiles(folder))].map(([file, stamp]) => [path.join(folder, file), stamp] as const),
      ),
    );
    return new Map(found.flat());
  }

  #pathOf(file: string): string {
    const { folders } = this.#options;
    return folders.length === 1 ? path.join(folders[0] ?? '', file) : file;
  }

  async #read(file: string): Promise<string | null> {
    try {
      return await readFile(this.#pathOf(file), 'utf8');
    } catch {
      return null;
    }
  }

  #admitAll(scan: 'First' | 'Later'): void {
    const files = [...this.#files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, known]) => known);
    const { admitted, problems } = admit(
      files.flatMap(({ good }) => good.manifests),
      this.#admitted,
      { ...this.#options, nextVersion: () => (this.#version += 1n).toString() },
    );
    const changes = changesBetween(this.#admitted, admitted);
    const before = this.#admitted;
    this.#admitted = admitted;
    if (scan === 'First') {
      this.#tellAll();
    } else {
      this.#tellChanges(changes, before);
    }
    this.#tell(changes, [...files.flatMap((file) => file.problems), ...problems]);
  }

  #tellAll(): void {
    const { kinds, sink } = this.#options;
    for (const kind of Object.keys(kinds) as Kind[]) {
      const objects = [...this.#admitted.values()].filter((admitted) => admitted.kind === kind);
      sink.replaceAll(
        kind,
        objects.map(({ object }) => object),
        this.#version.toString(),
      );
    }
  }

  #tellChanges(changes: readonly FolderChange[], before: ReadonlyMap<string, Admitted>): void {
    const { sink } = this.#options;
    for (const { type, kind, namespace, name } of changes) {
      const key = `${kind}/${namespace}/${name}`;
      const now = this.#admitted.get(key);
      const last = before.get(key);
      if (now !== undefined) {
        sink.upsert(kind, now.object);
      } else if (type === 'Removed' && last !== undefined) {
        const resourceVersion = (this.#version += 1n).toString();
        sink.delete(kind, { ...last.object, metadata: { ...last.object.metadata, resourceVersion } });
      }
    }
  }

  #tell(changes: readonly FolderChange[], problems: readonly FileProblem[]): void {
    const known = new Set(this.#problems.map((problem) => JSON.stringify(problem)));
    const fresh = problems.filter((problem) => !known.has(JSON.stringify(problem)));
    const settled = problems.length - fresh.length !== this.#problems.length;
    this.#problems = Object.freeze([...problems]);
    if (changes.length > 0 || fresh.length > 0 || settled) {
      this.#options.report(Object.freeze({ changes, problems: this.#problems, fresh, others: this.others }));
    }
  }
}

/** Tells what holds until a file can be read. */
function untilThen(good: ParsedFile): (problem: FileProblem) => FileProblem {
  const holds =
    good.manifests.length > 0 ? 'the last good version of this file stays' : 'nothing of this file is';
  return (problem) =>
    Object.freeze({ ...problem, remedy: `${problem.remedy}; until then ${holds} in force` });
}

function changesBetween(
  before: ReadonlyMap<string, Admitted>,
  after: ReadonlyMap<string, Admitted>,
): readonly FolderChange[] {
  const changes: FolderChange[] = [];
  for (const [key, { kind, namespace, name, file, object }] of after) {
    const last = before.get(key);
    if (last?.object !== object) {
      changes.push({ type: last === undefined ? 'Added' : 'Changed', kind, namespace, name, file });
    }
  }
  for (const [key, { kind, namespace, name, file }] of before) {
    if (!after.has(key)) {
      changes.push({ type: 'Removed', kind, namespace, name, file });
    }
  }
  return changes;
}
