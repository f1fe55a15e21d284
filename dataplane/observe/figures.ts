import { backendFamilies } from './backend-families.ts';
import { counter, gauge, labelText } from './exposition.ts';
import type { BackendFigures } from '#dataplane/http/backend-figures.ts';
import { usageFamilies, type UsageFigures } from './usage-families.ts';
import type { MetricFamily } from './exposition.ts';

/** What other rooms tell of themselves when metrics are asked for. */
export interface Figures {
  readonly snapshot: () => SnapshotFigures;
  readonly rateLimits: () => RateLimitFigures;
  readonly guesses: () => readonly GuessFigures[];
  readonly protections: () => readonly ProtectionFigures[];
  readonly bans: () => readonly BanFigures[];
  readonly authorizations: () => readonly AuthorizationFigures[];
  readonly revocations: () => readonly RevocationFigures[];
  readonly log: () => { readonly dropped: number };
  readonly usage: () => UsageFigures;
  /** Connections of clients. */
  readonly clients: () => number;
  readonly backends: () => readonly BackendFigures[];
}

/** Bad credentials of a policy that counts them, since the start. */
export interface GuessFigures {
  readonly policy: string;
  readonly failures: number;
  readonly slowed: number;
  readonly blocks: number;
  readonly refused: number;
}

/** What a ProtectionPolicy refused for one reason, since the start. */
export interface ProtectionFigures {
  readonly policy: string;
  readonly reason: string;
  readonly mode: string;
  readonly list?: string;
  readonly count: number;
}

/** Addresses that are kept out, by what keeps them out. */
export interface BanFigures {
  readonly cause: string;
  readonly mode: string;
  readonly addresses: number;
  readonly made: number;
}

/** What is served, and where it comes from. */
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

/** Decisions since the start, and what holds the counters. */
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

/** A list of revoked tokens that is followed. `ageMs`: of what is known of it; null while nothing is. */
export interface RevocationFigures {
  readonly list: string;
  readonly ageMs: number | null;
  readonly entries: number;
}

/** How often an entry of an AuthPolicy's `authorize` did not hold. */
export interface AuthorizationFigures {
  readonly policy: string;
  readonly entry: string;
  readonly mode: string;
  readonly refused: number;
}

/** The families of all figures, asked for now. */
export function figureFamilies(figures: Figures): MetricFamily[] {
  const { snapshot, rateLimits, guesses, protections, bans, log, clients, backends } = figures;
  const { authorizations, revocations, usage } = figures;
  return [
    gauge('turnpike_client_connections', 'Connections of clients, tunnels included.', clients()),
    ...backendFamilies(backends()),
    ...snapshotFamilies(snapshot()),
    ...rateLimitFamilies(rateLimits()),
    ...guessFamilies(guesses()),
    protectionFamily(protections()),
    ...banFamilies(bans()),
    authorizationFamily(authorizations()),
    ...revocationFamilies(revocations()),
    ...usageFamilies(usage()),
    counter('turnpike_access_log_dropped_total', 'Lines lost since the sink stalled.', log().dropped),
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

function guessFamilies(policies: readonly GuessFigures[]): MetricFamily[] {
  const samples = (figure: Exclude<keyof GuessFigures, 'policy'>) =>
    policies.map((figures) => ({ labels: labelText({ policy: figures.policy }), value: figures[figure] }));
  return [
    counter(
      'turnpike_authentication_failures_total',
      'Bad credentials, of policies with protection against guessing.',
      samples('failures'),
    ),
    counter(
      'turnpike_authentication_slowed_total',
      'Bad credentials that were answered late.',
      samples('slowed'),
    ),
    counter(
      'turnpike_authentication_blocks_total',
      'Addresses blocked for bad credentials.',
      samples('blocks'),
    ),
    counter(
      'turnpike_authentication_blocked_requests_total',
      'Requests of blocked addresses.',
      samples('refused'),
    ),
  ];
}

function protectionFamily(causes: readonly ProtectionFigures[]): MetricFamily {
  return counter(
    'turnpike_protection_refused_total',
    'Connections and requests that a ProtectionPolicy refused; in Shadow they went on.',
    causes.map(({ count, ...labels }) => ({ labels: labelText(labels), value: count })),
  );
}

function banFamilies(causes: readonly BanFigures[]): MetricFamily[] {
  const samples = (figure: 'addresses' | 'made') =>
    causes.map(({ cause, mode, [figure]: value }) => ({ labels: labelText({ cause, mode }), value }));
  return [
    gauge(
      'turnpike_bans',
      'Addresses and networks that may not come; in Shadow they come nevertheless.',
      samples('addresses'),
    ),
    counter('turnpike_bans_made_total', 'Bans that rules of policies made here.', samples('made')),
  ];
}

function authorizationFamily(entries: readonly AuthorizationFigures[]): MetricFamily {
  return counter(
    'turnpike_authorization_refused_total',
    'Requests for which an entry of authorize did not hold; in Shadow they went on.',
    entries.map(({ refused, ...labels }) => ({ labels: labelText(labels), value: refused })),
  );
}

function revocationFamilies(lists: readonly RevocationFigures[]): MetricFamily[] {
  return [
    gauge(
      'turnpike_revocation_list_age_seconds',
      'How old what is known of a followed list of revoked tokens is; no sample while nothing is.',
      lists.flatMap(({ list, ageMs }) =>
        ageMs === null ? [] : [{ labels: labelText({ list }), value: ageMs / 1000 }],
      ),
    ),
    gauge(
      'turnpike_revocation_list_entries',
      'Tokens and subjects that a followed list names.',
      lists.map(({ list, entries }) => ({ labels: labelText({ list }), value: entries })),
    ),
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
