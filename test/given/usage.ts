import { filesIn } from '#dataplane/metering/folder.ts';
import { readSegment, type LeaseRead, type SegmentRead } from '#dataplane/metering/read-segment.ts';

/** A journal with the leases of all of its segments that are there. */
export interface JournalRead extends SegmentRead {
  readonly journal: string;
}

/** The journals in a folder. */
export async function journalsIn(folder: string): Promise<readonly JournalRead[]> {
  const journals = new Map<string, JournalRead>();
  for (const { journal, path } of (await filesIn(folder)).segments) {
    const read = await readSegment(path);
    if (read === null) continue;
    const before = journals.get(journal);
    const leases = new Map((before?.leases ?? []).map((lease) => [lease.lease, lease]));
    for (const lease of read.leases) leases.set(lease.lease, lease);
    const unreadable = read.unreadable + (before?.unreadable ?? 0);
    journals.set(journal, { ...read, journal, leases: [...leases.values()], unreadable });
  }
  return [...journals.values()];
}

/** All leases in a folder, in their order. */
export async function leasesIn(folder: string): Promise<readonly LeaseRead[]> {
  return (await journalsIn(folder)).flatMap(({ leases }) => leases);
}
