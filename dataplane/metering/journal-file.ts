import { randomBytes } from 'node:crypto';
import { mkdir, open, stat, unlink, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { segmentName } from './folder.ts';
import { textOf } from './journal-line.ts';

/** A segment that has more is followed by another. */
const segmentBytesMaxDefault = 8 * 1024 * 1024;
/** What is written is kept by the disk so soon: what a node that loses its power has lost. */
const syncMs = 1000;
/** So long after a write somebody might have thought us dead, and have taken the segment. */
const silentMs = 30_000;

export interface JournalFileOptions {
  readonly folder: string;
  readonly gateway: string;
  readonly instance: string;
  /** Since 1970. */
  readonly now: () => number;
  /** Lines that each further segment begins with: the leases that are open. */
  readonly openLeases: () => readonly string[];
  /** Somebody has taken the journal from us, and counts what we had leased as used. */
  readonly onTaken: () => void;
  readonly segmentBytesMax?: number;
  /** A segment that has anything is followed by another one after so long; left out: only its size counts. */
  readonly segmentMs?: number;
}

/** What says nothing but that we live. */
export const heartbeat = '\n';

/**
 * The segments of one journal, of which the last is written to. Their names are of this process alone, so that as many
 * as like may share the folder: `<instance>.<random>.<segment>.jsonl`.
 */
export class JournalFile {
  readonly #options: JournalFileOptions;
  #name: string;
  #segment = 0;
  #handle: FileHandle | null = null;
  #bytes = 0;
  #isTorn = false;
  #beganMs = 0;
  #hasNews = false;
  #saidMs = 0;
  #syncing: Promise<void> | null = null;

  constructor(options: JournalFileOptions) {
    this.#options = options;
    this.#name = newName(options.instance);
  }

  /** Another for each start of a data plane. */
  get name(): string {
    return this.#name;
  }

  /** The segment that is written to. */
  get path(): string {
    return this.#pathOf(this.#segment);
  }

  /** Adds `text`, whole lines, behind all else; rejects as node:fs does, and then some of it may stand there. */
  async append(text: string): Promise<void> {
    const { now } = this.#options;
    if (this.#handle !== null && now() - this.#saidMs > silentMs) await this.#look();
    if (this.#handle === null) await this.#open(0, []);
    else if (this.#isFull) await this.#open(this.#segment + 1, this.#options.openLeases());
    await this.#write(text);
    this.#hasNews ||= text !== heartbeat;
    this.#syncing ??= this.#sync();
  }

  get #isFull(): boolean {
    const { now, segmentBytesMax = segmentBytesMaxDefault, segmentMs } = this.#options;
    const isOld = segmentMs !== undefined && this.#hasNews && now() - this.#beganMs >= segmentMs;
    return isOld || this.#bytes >= segmentBytesMax;
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.datasync().catch(() => {});
    await handle?.close();
  }

  async #open(segment: number, lines: readonly string[]): Promise<void> {
    const { folder, gateway, instance, now } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const handle = await open(this.#pathOf(segment), 'wx', 0o600);
    try {
      const begin = textOf({ kind: 'begin', gateway, instance, atMs: now() });
      const data = Buffer.from(begin + lines.join(''));
      await handle.appendFile(data);
      this.#bytes = data.length;
    } catch (error) {
      await handle.close();
      await unlink(this.#pathOf(segment)).catch(() => {});
      throw error;
    }
    const before = this.#handle;
    this.#handle = handle;
    this.#segment = segment;
    this.#isTorn = false;
    this.#hasNews = lines.length > 0;
    this.#beganMs = now();
    this.#saidMs = now();
    await this.#syncing;
    await before?.close();
  }

  async #write(text: string): Promise<void> {
    const data = Buffer.from(this.#isTorn ? `\n${text}` : text);
    this.#isTorn = true;
    await this.#handle?.appendFile(data);
    this.#isTorn = false;
    this.#bytes += data.length;
    this.#saidMs = this.#options.now();
  }

  /** Begins another journal when ours is not there any more. */
  async #look(): Promise<void> {
    const handle = this.#handle;
    const [ours, there] = await Promise.all([handle?.stat(), stat(this.path).catch(() => null)]);
    if (there !== null && there.ino === ours?.ino) return;
    this.#handle = null;
    this.#name = newName(this.#options.instance);
    this.#segment = 0;
    await handle?.close();
    this.#options.onTaken();
    throw new Error('another data plane has taken the journal; another one is begun');
  }

  async #sync(): Promise<void> {
    await this.#handle?.datasync().catch(() => {});
    setTimeout(() => (this.#syncing = null), syncMs).unref();
  }

  #pathOf(segment: number): string {
    return path.join(this.#options.folder, segmentName(this.#name, segment));
  }
}

function newName(instance: string): string {
  return `${instance.replaceAll(/[^A-Za-z0-9.-]/g, '-').slice(0, 200)}.${randomBytes(6).toString('hex')}`;
}
