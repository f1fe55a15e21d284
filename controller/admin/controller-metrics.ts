import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from '@prometheus-io/client';

/** What the loop and the writers tell as it happens. */
export interface ControllerMetrics {
  /** A translation took so long. */
  translated(ms: number): void;
  /** How a write to the API server ended. */
  written(outcome: WriteOutcome): void;
  /** Prometheus text format 0.0.4; the facts are asked for now. */
  text(): Promise<string>;
}

/** How a write to the API server ended. */
export type WriteOutcome = 'Written' | 'Conflict' | 'Failed';

/** What is asked for when metrics are. */
export interface ControllerFigures {
  readonly leader: () => boolean;
  /** Objects in the store, by kind. */
  readonly objects: () => Readonly<Record<string, number>>;
  /** Data planes connected to this replica, by Gateway, and how many of them have its newest snapshot. */
  readonly dataPlanes: () => readonly {
    readonly gateway: string;
    readonly connected: number;
    readonly current: number;
  }[];
}

/** Metrics of one controller and its process. */
export function createControllerMetrics(figures: ControllerFigures): ControllerMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const translations = new Histogram({
    name: 'turnpike_translation_duration_seconds',
    help: 'From all objects to all snapshots and statuses.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  const writes = new Counter({
    name: 'turnpike_api_writes_total',
    help: 'Writes to the API server, by how they ended.',
    labelNames: ['outcome'],
    registers,
  });
  gauges(figures, registers);
  return {
    translated: (ms) => translations.observe(ms / 1000),
    written: (outcome) => writes.inc({ outcome }),
    text: () => registry.metrics(),
  };
}

/** Gauges that ask for their values when they are collected. */
function gauges({ leader, objects, dataPlanes }: ControllerFigures, registers: Registry[]): void {
  const leads: Gauge = new Gauge({
    name: 'turnpike_leader',
    help: '1 on the replica that writes.',
    registers,
    collect: () => leads.set(leader() ? 1 : 0),
  });
  const counts: Gauge<'kind'> = new Gauge({
    name: 'turnpike_objects',
    help: 'Objects known, by kind.',
    labelNames: ['kind'],
    registers,
    collect(): void {
      counts.reset();
      for (const [kind, count] of Object.entries(objects())) counts.set({ kind }, count);
    },
  });
  const planes: Gauge<'gateway' | 'state'> = new Gauge({
    name: 'turnpike_data_planes',
    help: 'Data planes connected to this replica; state Current: they have the newest snapshot.',
    labelNames: ['gateway', 'state'],
    registers,
    collect(): void {
      planes.reset();
      for (const { gateway, connected, current } of dataPlanes()) {
        planes.set({ gateway, state: 'Current' }, current);
        planes.set({ gateway, state: 'Behind' }, connected - current);
      }
    },
  });
}
