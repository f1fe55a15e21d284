import type { UsageLoss, UsageSum } from '#snapshot/usage.ts';
import { readJournals, unitsOf, type JournalRead } from '#dataplane/metering/read-journals.ts';
import { UsageSums } from '#dataplane/metering/usage-sums.ts';

/** What a folder of journals tells. */
export interface FolderUsage {
  readonly sums: readonly UsageSum[];
  readonly losses: readonly UsageLoss[];
  readonly journals: readonly JournalRead[];
}

/** A journal of which nothing was heard for so long has nobody left who writes it. */
export const deadMs = 120_000;

/** What `folder` tells at `nowMs`. Rejects as node:fs does. */
export async function readUsage(folder: string, nowMs: number): Promise<FolderUsage> {
  const journals = await readJournals(folder);
  const sums = new UsageSums();
  for (const { leases } of journals) {
    for (const lease of leases) sums.add({ ...lease, units: unitsOf(lease) });
  }
  const dead = journals.filter((journal) => isDead(journal, nowMs));
  return { sums: [...sums.all()], losses: dead.flatMap(lossesOf), journals };
}

/** Whether nobody will write to it any more. */
export function isDead({ isEnded, writtenMs }: JournalRead, nowMs: number): boolean {
  return isEnded || nowMs - writtenMs > deadMs;
}

/** Its leases that nobody has ended. */
export function lossesOf({ leases, gateway, instance }: JournalRead): readonly UsageLoss[] {
  return leases
    .filter(({ used }) => used === null)
    .map(({ consumer, plan, route, leased: units, fromMs }) => ({
      consumer,
      plan,
      route,
      gateway,
      instance,
      units,
      fromMs,
    }));
}
