import type { UsageLoss } from '#snapshot/usage.ts';
import { stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { filesIn, markSent, sumsName, type JournalFiles, type SegmentFile } from './folder.ts';
import { readSegment, unitsOf } from './read-segment.ts';
import { countedOf, isLastOf, lossesOf } from './read-usage.ts';
import { readSums, writeSums } from './sums-file.ts';
import { takeOver } from './take-over.ts';
import { usageEvent, type UsageEvent } from './usage-events.ts';
import { UsageSums } from './usage-sums.ts';

/** Takes events; rejects when it has not, or nobody knows. */
export type SendEvents = (events: readonly UsageEvent[]) => Promise<void>;

export interface KeeperOptions {
  readonly folder: string;
  /** The journal that we write to. */
  readonly own: () => string;
  /** Writes that we live; settles when that stands there. */
  readonly beat: () => Promise<void>;
  readonly now: () => number;
  /** Null: nobody is told. */
  readonly send: SendEvents | null;
  /** Segments that are kept until somebody takes their events; more are given up, the oldest first. 256 MiB unless told. */
  readonly heldBytesMax?: number;
}

const eventsAtATime = 500;
const heldBytesMaxDefault = 256 * 1024 * 1024;
/** Segments are summed up when they have so much together, or after so long. */
const foldBytes = 8 * 1024 * 1024;
const foldMs = 3_600_000;
const lossesMax = 1000;

/**
 * Deals with segments that are written no more, one after the other: tells of what was used, sums it up, and removes
 * them. Those that other data planes have left behind it takes over. A round that fails is made again: what was done
 * stands in the names of the files, and what is done twice is known by its id.
 */
export class Keeper {
  readonly #options: KeeperOptions;
  #own = '';
  #sums = new UsageSums();
  #losses: readonly UsageLoss[] = [];
  #folded = new Map<string, number>();
  #merged = new Set<string>();
  #foldedMs: number;
  /** How much of the segment that is being sent has been taken. */
  #progress = { path: '', events: 0 };
  #sent = 0;
  #dropped = 0;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#foldedMs = options.now();
  }

  /** Events that were taken, and that were given up since nobody took them. */
  get figures(): { readonly sent: number; readonly dropped: number } {
    return { sent: this.#sent, dropped: this.#dropped };
  }

  /** `state`: whether our own journal is still written to. Rejects as node:fs and the sending do. */
  async round(state: 'Open' | 'Ended'): Promise<void> {
    const { folder, own, beat } = this.#options;
    if (this.#own !== own()) this.#startOver(own());
    // Who is about to end takes nothing on.
    if (state === 'Open') await takeOver(folder, this.#own, beat);
    const files = await filesIn(folder);
    const mine = files.segments.filter(
      (file) =>
        file.holder === this.#own &&
        !(state === 'Open' && file.journal === this.#own && isLastOf(file, files)),
    );
    const held = await this.#sizes(mine);
    let bytes = held.reduce((sum, { size }) => sum + size, 0);
    for (const { file, size } of held) {
      // What came before it tells which of its leases it has from there.
      if (files.segments.some((other) => isBefore(other, file) && other.holder !== this.#own)) continue;
      if (!file.isSent) await this.#tell(file, files, bytes);
      bytes -= size;
    }
    await this.#fold(await filesIn(folder), state);
  }

  #startOver(own: string): void {
    this.#own = own;
    this.#sums = new UsageSums();
    this.#losses = [];
    this.#folded = new Map();
    this.#merged = new Set();
  }

  async #sizes(files: readonly SegmentFile[]) {
    return Promise.all(
      files.map(async (file) => ({ file, size: await stat(file.path).then(({ size }) => size) })),
    );
  }

  /** Sends the events of a segment. */
  async #tell(file: SegmentFile, files: JournalFiles, heldBytes: number): Promise<void> {
    const { send, heldBytesMax = heldBytesMaxDefault } = this.#options;
    if (send === null) return;
    const segment = await readSegment(file.path);
    if (segment === null) return;
    const leases = countedOf(segment, isLastOf(file, files)).filter((lease) => unitsOf(lease) > 0);
    if (heldBytes > heldBytesMax) {
      this.#dropped += leases.length;
      return markSent(file);
    }
    if (this.#progress.path !== file.path) this.#progress = { path: file.path, events: 0 };
    while (this.#progress.events < leases.length) {
      const next = leases.slice(this.#progress.events, this.#progress.events + eventsAtATime);
      await send(next.map((lease) => usageEvent(file.journal, segment, lease)));
      this.#progress.events += next.length;
      this.#sent += next.length;
    }
    await markSent(file);
  }

  async #fold(files: JournalFiles, state: 'Open' | 'Ended'): Promise<void> {
    const { now, send, folder } = this.#options;
    const done = files.segments.filter(
      (file) =>
        file.holder === this.#own &&
        (file.isSent || send === null) &&
        !(file.journal === this.#own && isLastOf(file, files)) &&
        !files.segments.some((other) => isBefore(other, file) && !(other.isSent || send === null)),
    );
    const taken = files.sums.filter(({ holder, journal }) => holder === this.#own && journal !== this.#own);
    const bytes = (await this.#sizes(done)).reduce((sum, { size }) => sum + size, 0);
    const isDue = bytes >= foldBytes || now() - this.#foldedMs >= foldMs || taken.length > 0;
    if (state === 'Ended' || !isDue || (done.length === 0 && taken.length === 0)) return;
    // What these have of segments that are there still is known first.
    for (const { path: at, journal } of taken) await this.#merge(at, journal);
    for (const file of done) await this.#add(file, files);
    this.#sums.compact(now());
    const losses = this.#losses.slice(-lossesMax);
    const folded = Object.fromEntries(this.#folded);
    await writeSums(
      path.join(folder, sumsName(this.#own)),
      { losses, folded, merged: [...this.#merged] },
      this.#sums.all(),
    );
    for (const file of [...done, ...taken]) await unlink(file.path);
    this.#foldedMs = now();
    this.#folded.clear();
    this.#merged.clear();
  }

  async #add(file: SegmentFile, files: JournalFiles): Promise<void> {
    // One that was added in a round that failed later.
    if (file.segment <= (this.#folded.get(file.journal) ?? -1)) return;
    const segment = await readSegment(file.path);
    if (segment === null) return;
    const isLast = isLastOf(file, files);
    for (const lease of countedOf(segment, isLast)) this.#sums.add({ ...lease, units: unitsOf(lease) });
    if (isLast) this.#losses = [...this.#losses, ...lossesOf(segment)];
    this.#folded.set(file.journal, file.segment);
  }

  async #merge(file: string, journal: string): Promise<void> {
    if (this.#merged.has(journal)) return;
    const told = await readSums(file);
    if (told === null) return;
    this.#sums.addAll(told.sums);
    this.#losses = [...told.losses, ...this.#losses];
    for (const [name, segment] of Object.entries(told.folded)) {
      this.#folded.set(name, Math.max(segment, this.#folded.get(name) ?? -1));
    }
    for (const name of told.merged) this.#merged.add(name);
    this.#merged.add(journal);
  }
}

function isBefore(other: SegmentFile, file: SegmentFile): boolean {
  return other.journal === file.journal && other.segment < file.segment;
}
