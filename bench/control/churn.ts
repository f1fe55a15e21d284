// Ten thousand endpoints of one Service, a hundred of which move each second, under load: what that costs, and whether a
// request is lost. Every address of the namespace is this machine, and one backend answers at all of them.
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '#e2e/cluster/eventually.ts';
import { ask } from '#e2e/turnpike/client.ts';
import { LoadProcess } from '#e2e/turnpike/load-process.ts';
import { httpRoute } from '#e2e/turnpike/objects.ts';
import { cpuMicros } from '../process-cost.ts';
import { create, createAll, replace } from './api.ts';
import { receivedBytes } from './many.ts';
import type { LoadReport } from '#e2e/turnpike/load-count.ts';
import type { Subject } from './subject.ts';

type Report = Pick<LoadReport, 'sent' | 'heldBack' | 'statuses' | 'failures' | 'latencyMs'>;

export interface Churn {
  readonly report: Report;
  /** The same load before any endpoint moved. */
  readonly calm: Report;
  /** Endpoints that moved in a second, really. */
  readonly movedPerSecond: number;
  /** Of a processor. */
  readonly cpuShare: { readonly controller: number; readonly dataPlane: number };
  readonly wireBytesPerSecond: number | null;
  readonly heldMs: { readonly controller: number; readonly dataPlane: number } | null;
}

const slices = 100;
const perSlice = 100;
const movesPerSecond = 100;
const requestsPerSecond = 200;
const settleMs = 3_000;
const calmMs = 5_000;
/** Of these the endpoints have 10,000 at a time. */
const addresses = 40 * 256;

export async function churn(subject: Subject, seconds: number): Promise<Churn> {
  await createWide(subject);
  await pause(settleMs);
  await subject.heldMs();
  // In a process of its own, and with as many connections as it takes: whoever answers late is not asked less.
  const load = LoadProcess.start({ to: [subject.address], ask: { path: '/wide' }, rate: requestsPerSecond });
  try {
    await pause(calmMs);
    const calm = reportOf(await load.lap());
    const before = await spentBy(subject);
    const moved = await moveFor(subject, seconds * 1_000);
    await pause(1_000);
    const after = await spentBy(subject);
    const report = reportOf(await load.stop());
    const passed = after.atSeconds - before.atSeconds;
    const { controller, dataPlane } = subject.pids;
    return {
      report,
      calm,
      movedPerSecond: moved / seconds,
      cpuShare: {
        controller: (after.controller - before.controller) / passed / 1e6,
        dataPlane: (after.dataPlane - before.dataPlane) / passed / 1e6,
      },
      wireBytesPerSecond: controller === dataPlane ? null : (after.wire - before.wire) / passed,
      heldMs: await subject.heldMs(),
    };
  } finally {
    load.end();
  }
}

/** The Service with all its endpoints, and a route to it that is served. */
async function createWide({ cluster, address }: Subject): Promise<void> {
  const wide = { kind: 'Service', apiVersion: 'v1', metadata: { name: 'wide', namespace: 'default' } };
  await create(cluster, { ...wide, spec: { ports: [{ name: 'http', port: 80, targetPort: 8080 }] } });
  await createAll(
    cluster,
    Array.from({ length: slices }, (_, index) => slice(index, 0)),
  );
  await create(cluster, httpRoute('wide', '/wide', 'wide'));
  // A path that no route has: who asked for one of the endpoints would have them made before the measuring begins.
  const none = { path: '/none' };
  await eventually('it answers', async () => (await ask(address, none)).status === 404 || undefined);
}

function reportOf({ sent, heldBack, statuses, failures, latencyMs }: LoadReport): Report {
  return { sent, heldBack, statuses, failures, latencyMs };
}

/** Microseconds of processors, and octets received, so far. */
async function spentBy({ pids }: Subject) {
  return {
    wire: await receivedBytes(pids.dataPlane),
    controller: cpuMicros(pids.controller),
    dataPlane: cpuMicros(pids.dataPlane),
    atSeconds: performance.now() / 1_000,
  };
}

/** One endpoint of another slice at a time moves to another address; answers how many did. */
async function moveFor({ cluster }: Subject, ms: number): Promise<number> {
  const begun = performance.now();
  const under = new Set<Promise<void>>();
  let moved = 0;
  for (; performance.now() - begun < ms; moved += 1) {
    const due = begun + (moved * 1_000) / movesPerSecond;
    await pause(Math.max(0, due - performance.now()));
    const round = Math.floor(moved / slices) + 1;
    const sent = replace(cluster, slice(moved % slices, round)).finally(() => under.delete(sent));
    under.add(sent);
    if (under.size >= 10) await Promise.race(under);
  }
  await Promise.all(under);
  return moved;
}

/** The slice after so many moves: in each the first of its endpoints has gone and another come. */
function slice(index: number, moves: number): object {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `wide-${index}`,
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': 'wide' },
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: Array.from({ length: perSlice }, (_, at) => ({
      addresses: [addressOf(index, at + moves)],
      conditions: { ready: true, serving: true, terminating: false },
    })),
  };
}

/** Each slice has its own 102 addresses, which its endpoints take in turn. */
function addressOf(index: number, place: number): string {
  const own = Math.floor(addresses / slices);
  const number = index * own + (place % own);
  return `10.89.${64 + Math.floor(number / 256)}.${number % 256}`;
}
