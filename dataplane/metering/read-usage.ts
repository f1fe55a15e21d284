import type { UsageLoss, UsageSum } from '#snapshot/usage.ts';
import { filesIn, writtenMs, type JournalFiles, type SegmentFile, type SumsFile } from './folder.ts';
import { readSegment, unitsOf, type LeaseRead, type SegmentRead } from './read-segment.ts';
import { readSums } from './sums-file.ts';
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

/** What journals in `folder` tell. Rejects as node:fs does. */
export async function readUsage(folder: string, wanted: Wanted, nowMs: number): Promise<FolderUsage> {
  const all = await filesIn(folder);
  const isWanted = ({ holder, journal }: SegmentFile | SumsFile): boolean => {
    if (wanted === 'All') return true;
    return 'of' in wanted ? holder === wanted.of : journal !== wanted.but;
  };
  const files = { segments: all.segments.filter(isWanted), sums: all.sums.filter(isWanted) };
  const sums = new UsageSums();
  const losses: UsageLoss[] = [];
  const folded = new Map<string, number>();
  for (const told of await foldedOf(files)) {
    for (const { hourMs: fromMs, ...sum } of told.sums) sums.add({ ...sum, fromMs });
    losses.push(...told.losses);
    for (const [journal, segment] of Object.entries(told.folded)) {
      folded.set(journal, Math.max(segment, folded.get(journal) ?? -1));
    }
  }
  for (const file of files.segments) {
    const isCounted = file.segment <= (folded.get(file.journal) ?? -1);
    const segment = isCounted ? null : await readSegment(file.path);
    if (segment === null) continue;
    const isLast = isLastOf(file, all);
    for (const lease of countedOf(segment, isLast)) sums.add({ ...lease, units: unitsOf(lease) });
    if (isLast && nowMs - (await writtenMs(file.path)) > deadMs) losses.push(...lossesOf(segment));
  }
  return { sums: [...sums.all()], losses };
}

/** Those files of sums that are not in another one. */
async function foldedOf({ sums }: JournalFiles) {
  const read = await Promise.all(
    sums.map(async ({ journal, path }) => ({ journal, told: await readSums(path) })),
  );
  const merged = new Set(read.flatMap(({ told }) => told?.merged ?? []));
  return read.flatMap(({ journal, told }) => (told === null || merged.has(journal) ? [] : told));
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
