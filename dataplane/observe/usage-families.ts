import { counter, gauge, labelText, type MetricFamily } from './exposition.ts';

/** What Consumers use, since the start, and how its journal fares. */
export interface UsageFigures {
  /** By plan and consumer, as many as there may be; `other` for the rest. */
  readonly units: readonly { readonly plan: string; readonly consumer: string; readonly units: number }[];
  /** Null where there is no journal. */
  readonly journal: {
    readonly available: boolean;
    readonly eventsSent: number;
    readonly eventsDropped: number;
  } | null;
}

export function usageFamilies({ units, journal }: UsageFigures): MetricFamily[] {
  const used = counter(
    'turnpike_usage_units_total',
    'Units that Consumers used: requests that all limits let pass.',
    units.map(({ units: value, ...labels }) => ({ labels: labelText(labels), value })),
  );
  if (journal === null) return [used];
  return [
    used,
    gauge(
      'turnpike_usage_journal_available',
      '1 while the journal of usage can be written.',
      journal.available ? 1 : 0,
    ),
    counter('turnpike_usage_events_sent_total', 'Events of usage that were taken.', journal.eventsSent),
    counter(
      'turnpike_usage_events_dropped_total',
      'Events of usage that were given up since nobody took them.',
      journal.eventsDropped,
    ),
  ];
}
