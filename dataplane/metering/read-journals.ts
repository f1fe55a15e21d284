import type { UsageKey } from '#snapshot/usage.ts';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { segmentOf } from './journal-file.ts';
import { readLine } from './journal-line.ts';

/** All segments of one journal that are there, read as one. */
export interface JournalRead {
  readonly name: string;
  readonly gateway: string;
  readonly instance: string;
  /** Since 1970; 0 where that cannot be read. */
  readonly beganMs: number;
  /** By number. */
  readonly leases: readonly LeaseRead[];
  /** Nothing comes after it any more. */
  readonly isEnded: boolean;
  /** When something was written last, by the clock of the file system. */
  readonly writtenMs: number;
  /** Lines that could not be read, such as torn ones. */
  readonly unreadable: number;
  /** Paths in their order. */
  readonly segments: readonly string[];
}

/** A lease as its journal tells it. */
export interface LeaseRead extends UsageKey {
  readonly lease: number;
  /** So many units could have been used. */
  readonly leased: number;
  /** So many were; null: it has not ended, or nobody was left to say so. */
  readonly used: number | null;
  readonly fromMs: number;
}

/** What a lease counts for: what was used, or, where nobody knows, all of it. */
export function unitsOf({ leased, used }: LeaseRead): number {
  return used ?? leased;
}

/** The journals in `folder`, by name; none where there is no such folder. Rejects as node:fs does for all else. */
export async function readJournals(folder: string): Promise<readonly JournalRead[]> {
  const files = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const names = [...new Set(files.flatMap((file) => segmentOf(file)?.journal ?? []))].sort();
  const journals: JournalRead[] = [];
  for (const name of names) {
    const segments = files.filter((file) => segmentOf(file)?.journal === name).sort();
    const read = await readJournal(
      name,
      segments.map((file) => path.join(folder, file)),
    );
    if (read !== null) journals.push(read);
  }
  return journals;
}

/** Null: its segments are gone, for somebody has taken them meanwhile. */
async function readJournal(name: string, segments: readonly string[]): Promise<JournalRead | null> {
  const reader = new JournalReader();
  let writtenMs = 0;
  for (const segment of segments) {
    try {
      reader.read(await readFile(segment, 'utf8'));
      writtenMs = Math.max(writtenMs, (await stat(segment)).mtimeMs);
    } catch (error) {
      if (!isMissing(error)) throw error;
      return null;
    }
  }
  return { name, ...reader.told(), writtenMs, segments };
}

type MutableLease = { -readonly [K in keyof LeaseRead]: LeaseRead[K] };

class JournalReader {
  readonly #leases = new Map<number, MutableLease>();
  #about = { gateway: '', instance: '', beganMs: 0 };
  #isEnded = false;
  #unreadable = 0;

  read(text: string): void {
    for (const line of text.split('\n')) if (line !== '') this.#take(line);
  }

  told() {
    const leases = [...this.#leases.values()].sort((a, b) => a.lease - b.lease);
    return { ...this.#about, leases, isEnded: this.#isEnded, unreadable: this.#unreadable };
  }

  #take(text: string): void {
    const line = readLine(text);
    switch (line?.kind) {
      case 'begin':
        if (this.#about.beganMs === 0) {
          this.#about = { gateway: line.gateway, instance: line.instance, beganMs: line.atMs };
        }
        break;
      case 'lease': {
        const { lease, consumer, plan, route, units, atMs } = line;
        const before = this.#leases.get(lease);
        const leased = Math.max(units, before?.leased ?? 0);
        this.#leases.set(lease, {
          lease,
          consumer,
          plan,
          route,
          leased,
          used: before?.used ?? null,
          fromMs: atMs,
        });
        break;
      }
      case 'more': {
        const found = this.#leases.get(line.lease);
        if (found !== undefined) found.leased = Math.max(found.leased, line.units);
        break;
      }
      case 'used': {
        const found = this.#leases.get(line.lease);
        if (found !== undefined) found.used = line.units;
        break;
      }
      case 'end':
        this.#isEnded = true;
        break;
      case undefined:
        this.#unreadable += 1;
        break;
      default:
        line satisfies null;
    }
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
