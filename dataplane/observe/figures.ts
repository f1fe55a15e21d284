import { labelText } from './exposition.ts';
import type { MetricFamily, Sample } from './exposition.ts';

/** What other rooms can tell of themselves when metrics are asked for; each is left out where it is not known. */
export interface Figures {
  readonly snapshot?: () => SnapshotFigures;
  readonly rateLimits?: () => RateLimitFigures;
  readonly tokens?: () => CacheFigures;
  readonly connections?: () => ConnectionFigures;
  readonly log?: () => { readonly dropped: number };
}

export interface SnapshotFigures {
  /** Null while there is none. */
  readonly version: string | null;
  /** Since it was taken over. */
  readonly ageMs: number;
  /** Whether a controller is connected. */
  readonly connected: boolean;
  /** Resources the data plane refused and keeps in their old version. */
  readonly refused: number;
}

export interface RateLimitFigures {
  readonly rules: readonly {
    readonly rule: string;
    readonly decisions: Readonly<Record<string, number>>;
  }[];
  readonly store: { readonly type: string; readonly available: boolean };
  readonly counters: { readonly bytes: number; readonly taken: number; readonly evicted: number };
  readonly leases: number;
  readonly waiting: number;
}

/** Of verified tokens. */
export interface CacheFigures {
  readonly hits: number;
  readonly misses: number;
  readonly size: number;
}

export interface ConnectionFigures {
  /** Open connections of clients. */
  readonly clients: number;
  /** By cluster: open connections to backends, and how many of them are idle. */
  readonly clusters: readonly { readonly cluster: string; readonly open: number; readonly idle: number }[];
}

/** The families of all figures that are known, asked for now. */
export function figureFamilies(figures: Figures): MetricFamily[] {
  const { snapshot, rateLimits, tokens, connections, log } = figures;
  return [
    ...(snapshot === undefined ? [] : snapshotFamilies(snapshot())),
    ...(rateLimits === undefined ? [] : rateLimitFamilies(rateLimits())),
    ...(tokens === undefined ? [] : cacheFamilies(tokens())),
    ...(connections === undefined ? [] : connectionFamilies(connections())),
    ...(log === undefined
      ? []
      : [counter('turnpike_access_log_dropped_total', 'Lines lost since the sink stalled.', log().dropped)]),
  ];
}

function snapshotFamilies({ version, ageMs, connected, refused }: SnapshotFigures): MetricFamily[] {
  return [
    gauge(
      'turnpike_snapshot_info',
      'The snapshot in use, by its version.',
      version === null ? [] : [{ labels: labelText({ version }), value: 1 }],
    ),
    gauge(
      'turnpike_snapshot_age_seconds',
      'Since the snapshot in use was taken over.',
      version === null ? [] : ageMs / 1000,
    ),
    gauge('turnpike_controller_connected', '1 while a controller is connected.', connected ? 1 : 0),
    gauge('turnpike_snapshot_refused_resources', 'Resources kept in their old version.', refused),
  ];
}

function rateLimitFamilies({ rules, store, counters, leases, waiting }: RateLimitFigures): MetricFamily[] {
  const samples = rules.flatMap(({ rule, decisions }) =>
    Object.entries(decisions).map(([decision, value]) => ({ labels: labelText({ rule, decision }), value })),
  );
  return [
    counter('turnpike_rate_limit_decisions_total', 'Requests by what the rule said of them.', samples),
    gauge('turnpike_rate_limit_store_available', '1 while the store of counters can be asked.', [
      { labels: labelText({ type: store.type }), value: store.available ? 1 : 0 },
    ]),
    gauge('turnpike_rate_limit_counters', 'Counters in this process.', counters.taken),
    gauge('turnpike_rate_limit_counters_bytes', 'Memory reserved for counters.', counters.bytes),
    counter(
      'turnpike_rate_limit_counters_evicted_total',
      'Counters given up for want of room.',
      counters.evicted,
    ),
    gauge('turnpike_rate_limit_leases', 'Keys of which this process holds or remembers something.', leases),
    gauge('turnpike_rate_limit_waiting', 'Requests that wait for the store.', waiting),
  ];
}

function cacheFamilies({ hits, misses, size }: CacheFigures): MetricFamily[] {
  return [
    counter('turnpike_token_cache_hits_total', 'Tokens that had been verified before.', hits),
    counter('turnpike_token_cache_misses_total', 'Tokens that had to be verified.', misses),
    gauge('turnpike_token_cache_entries', 'Verified tokens remembered.', size),
  ];
}

function connectionFamilies({ clients, clusters }: ConnectionFigures): MetricFamily[] {
  const samplesOf = (value: (of: ConnectionFigures['clusters'][number]) => number): Sample[] =>
    clusters.map((each) => ({ labels: labelText({ cluster: each.cluster }), value: value(each) }));
  return [
    gauge('turnpike_client_connections', 'Open connections of clients.', clients),
    gauge(
      'turnpike_backend_connections',
      'Open connections to backends.',
      samplesOf(({ open }) => open),
    ),
    gauge(
      'turnpike_backend_connections_idle',
      'Those that wait for use.',
      samplesOf(({ idle }) => idle),
    ),
  ];
}

function counter(name: string, help: string, value: number | readonly Sample[]): MetricFamily {
  return { name, help, type: 'counter', samples: samplesOf(value) };
}

function gauge(name: string, help: string, value: number | readonly Sample[]): MetricFamily {
  return { name, help, type: 'gauge', samples: samplesOf(value) };
}

function samplesOf(value: number | readonly Sample[]): readonly Sample[] {
  return typeof value === 'number' ? [{ labels: '', value }] : value;
}
