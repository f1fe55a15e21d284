import type { UsageLoss, UsageSum } from '#snapshot/usage.ts';
import { filesIn, writtenMs, type JournalFiles, type SegmentFile, type SumsFile } from './folder.ts';
import { readSegment, unitsOf, type LeaseRead, type SegmentRead } from './read-segment.ts';
import { readSums, type FoldedUsage } from './sums-file.ts';
import { UsageSums } from './usage-sums.ts';

/** What a folder of journals tells. */
export interface FolderUsage {
  readonly sums: readonly UsageSum[];
  /** What is counted of data planes that did not tell an end. */
  readonly losses: readonly UsageLoss[];
}

/** A journal of which nothing was heard for so long has nobody left who writes it. */
export const deadMs = 120_000;

/** Which journals are read: all, all but one, or those that one has in its hands. */
export type Wanted = 'All' | { readonly but: string | null } | { readonly of: string };

/** Data planes that rename and remove what is read have it read again, so often at most. */
const readingsMax = 5;

/** What journals in `folder` tell. Rejects as node:fs does. */
export async function readUsage(folder: string, wanted: Wanted, nowMs: number): Promise<FolderUsage> {
  for (let reading = 1; reading <= readingsMax; reading += 1) {
    const found = await readOnce(folder, wanted, nowMs);
    if (found !== null) return found;
  }
  throw new Error(`the journals in ${folder} do not stay where they are`);
}

/** Null: something of it has gone elsewhere meanwhile. */
async function readOnce(folder: string, wanted: Wanted, nowMs: number): Promise<FolderUsage | null> {
  const all = await filesIn(folder);
  const isWanted = ({ holder, journal }: SegmentFile | SumsFile): boolean => {
    if (wanted === 'All') return true;
    return 'of' in wanted ? holder === wanted.of : journal !== wanted.but;
  };
  const files = { segments: all.segments.filter(isWanted), sums: all.sums.filter(isWanted) };
  const sums = new UsageSums();
  const losses: UsageLoss[] = [];
  const folded = new Map<string, number>();
  const foldings = await foldedOf(files);
  if (foldings === null) return null;
  for (const told of foldings) {
    sums.addAll(told.sums);
    losses.push(...told.losses);
    for (const [journal, segment] of Object.entries(told.folded)) {
      folded.set(journal, Math.max(segment, folded.get(journal) ?? -1));
    }
  }
  for (const file of files.segments) {
    const isCounted = file.segment <= (folded.get(file.journal) ?? -1);
    if (isCounted) continue;
    const segment = await readSegment(file.path);
    if (segment === null) return null;
    const isLast = isLastOf(file, all);
    for (const lease of countedOf(segment, isLast)) sums.add({ ...lease, units: unitsOf(lease) });
    if (isLast && nowMs - (await writtenMs(file.path)) > deadMs) losses.push(...lossesOf(segment));
  }
  return { sums: [...sums.all()], losses };
}

/** Those files of sums that are not in another one; null: one has gone. */
async function foldedOf({ sums }: JournalFiles): Promise<readonly FoldedUsage[] | null> {
  const read = await Promise.all(sums.map(({ path }) => readSums(path)));
  const merged = new Set(read.flatMap((told) => told?.merged ?? []));
  const found: FoldedUsage[] = [];
  for (const [at, told] of read.entries()) {
    if (told === null) return null;
    if (!merged.has(sums[at]?.journal ?? '')) found.push(told);
  }
  return found;
}

/** Whether there is no later one of its journal. */
export function isLastOf({ journal, segment }: SegmentFile, { segments }: JournalFiles): boolean {
  return !segments.some((other) => other.journal === journal && other.segment > segment);
}

/** The leases that count by this segment: what is open in it, another tells if there is one. */
export function countedOf({ leases }: SegmentRead, isLast: boolean): readonly LeaseRead[] {
  return isLast ? leases : leases.filter(({ used }) => used !== null);
}

/** Its leases that nobody has ended. */
export function lossesOf({ leases, gateway, instance }: SegmentRead): readonly UsageLoss[] {
  return leases
    .filter(({ used }) => used === null)
    .map(({ consumer, plan, route, leased: units, fromMs }) => {
      return { consumer, plan, route, gateway, instance, units, fromMs };
    });
}
