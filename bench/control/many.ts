// Thousands of routes with a Service each: memory, what one change is on the wire, and how long it holds the loops.
import { setTimeout as pause } from 'node:timers/promises';
import { outputOf } from '#e2e/cluster/command.ts';
import { httpRoute, service } from '#e2e/turnpike/objects.ts';
import { residentBytes } from '../process-cost.ts';
import { createAll } from './api.ts';
import { burst } from './burst.ts';
import { newcomers } from './newcomers.ts';
import type { Subject } from './subject.ts';

export interface Many {
  readonly createdMs: number;
  readonly servedMs: number;
  readonly residentMiB: { readonly controller: number; readonly dataPlane: number };
  readonly timesMs: readonly number[];
  /** Octets that the data plane received for one new route; null: the planes are one process. */
  readonly wireBytes: number | null;
  /** While routes came one by one; null: it has no loop. */
  readonly heldMs: { readonly controller: number; readonly dataPlane: number } | null;
}

const settleMs = 5_000;
const changes = 50;

/** Creates `count` Services with one endpoint each, and as many routes to them. */
export async function many(subject: Subject, count: number, endpoint: string): Promise<Many> {
  const { cluster, pids } = subject;
  const names = Array.from({ length: count }, (_, index) => `own-${index}`);
  const begun = performance.now();
  await createAll(
    cluster,
    names.flatMap((name) => service(name, [{ address: endpoint }])),
  );
  await createAll(
    cluster,
    names.map((name) => httpRoute(name, `/${name}`, name)),
  );
  const createdMs = performance.now() - begun;
  // One more after all of them: when it is counted, so are they.
  const { servedMs } = await burst(subject, 1, count);
  await pause(settleMs);
  await subject.heldMs();
  const received = await receivedBytes(pids.dataPlane);
  const { timesMs } = await newcomers(subject, changes);
  await pause(1_000);
  const after = await receivedBytes(pids.dataPlane);
  const heldMs = await subject.heldMs();
  const [controller, dataPlane] = [pids.controller, pids.dataPlane].map(
    (pid) => residentBytes(pid) / 2 ** 20,
  );
  return {
    createdMs,
    servedMs,
    residentMiB: { controller: controller ?? Number.NaN, dataPlane: dataPlane ?? Number.NaN },
    timesMs,
    wireBytes: pids.controller === pids.dataPlane ? null : (after - received) / changes,
    heldMs,
  };
}

/** By all connections of the process that it opened to port 8443, as the kernel counts them. */
export async function receivedBytes(pid: number): Promise<number> {
  const told = await outputOf('ss', ['-tinpHO', 'state', 'established', 'dport', '=', ':8443']);
  const own = told.split('\n').filter((line) => line.includes(`pid=${pid},`));
  return own.reduce((sum, line) => sum + Number(/bytes_received:(\d+)/.exec(line)?.[1] ?? 0), 0);
}
