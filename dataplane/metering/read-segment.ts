import type { UsageKey } from '#snapshot/usage.ts';
import { readFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { isMissing } from './folder.ts';
import { readLine } from './journal-line.ts';

/** Lines after which others get their turn on the loop. */
const linesAtATime = 2000;

/** What one segment tells: of leases that began before it, it tells again what matters. */
export interface SegmentRead {
  readonly gateway: string;
  readonly instance: string;
  /** By number. */
  readonly leases: readonly LeaseRead[];
  /** Nothing comes after it any more: the data plane has ended by itself. */
  readonly isEnded: boolean;
  /** Lines that could not be read, such as torn ones. */
  readonly unreadable: number;
}

/** A lease as its segment tells it. */
export interface LeaseRead extends UsageKey {
  readonly lease: number;
  /** So many units could have been used. */
  readonly leased: number;
  /** So many were; null: it has not ended, or nobody was left to say so. */
  readonly used: number | null;
  /** Since 1970. */
  readonly fromMs: number;
  /** Null where it has not ended. */
  readonly toMs: number | null;
}

/** What a lease counts for: what was used, or, where nobody knows, all of it. */
export function unitsOf({ leased, used }: LeaseRead): number {
  return used ?? leased;
}

/** Null: it is gone, for somebody has taken it meanwhile. */
export async function readSegment(file: string): Promise<SegmentRead | null> {
  const reader = new SegmentReader();
  try {
    let lines = 0;
    for (const line of (await readFile(file, 'utf8')).split('\n')) {
      if (line !== '') reader.take(line);
      lines += 1;
      if (lines % linesAtATime === 0) await setImmediate();
    }
  } catch (error) {
    if (!isMissing(error)) throw error;
    return null;
  }
  return reader.told();
}

type MutableLease = { -readonly [K in keyof LeaseRead]: LeaseRead[K] };

class SegmentReader {
  readonly #leases = new Map<number, MutableLease>();
  #gateway = '';
  #instance = '';
  #isEnded = false;
  #unreadable = 0;

  told(): SegmentRead {
    return {
      gateway: this.#gateway,
      instance: this.#instance,
      leases: [...this.#leases.values()].sort((a, b) => a.lease - b.lease),
      isEnded: this.#isEnded,
      unreadable: this.#unreadable,
    };
  }

  take(text: string): void {
    const line = readLine(text);
    switch (line?.kind) {
      case 'begin':
        this.#gateway = line.gateway;
        this.#instance = line.instance;
        break;
      case 'lease': {
        const { lease, consumer, plan, route, units, atMs: fromMs } = line;
        const before = this.#leases.get(lease);
        const leased = Math.max(units, before?.leased ?? 0);
        const { used = null, toMs = null } = before ?? {};
        this.#leases.set(lease, { lease, consumer, plan, route, leased, used, fromMs, toMs });
        break;
      }
      case 'more': {
        const found = this.#leases.get(line.lease);
        if (found !== undefined) found.leased = Math.max(found.leased, line.units);
        break;
      }
      case 'used': {
        const { kind: _, units: used, atMs: toMs, ...rest } = line;
        this.#leases.set(line.lease, { leased: used, ...this.#leases.get(line.lease), ...rest, used, toMs });
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
