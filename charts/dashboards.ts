// The dashboards for Grafana: which questions an operator asks, and the metrics that answer them. A test holds every
// name to what the planes really tell.

interface Panel {
  readonly title: string;
  /** What it says and when to worry. */
  readonly description: string;
  readonly unit: 'reqps' | 's' | 'percentunit' | 'short' | 'Bps' | 'bytes';
  readonly queries: readonly (readonly [expression: string, legend: string])[];
}

/** A dashboard before it is laid out. */
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
}

function rate(metric: string, by: string): string {
  return `sum by (${by}) (rate(${metric}[$__rate_interval]))`;
}

function quantile(share: number, metric: string): string {
  return `histogram_quantile(${share}, sum by (le) (rate(${metric}_bucket[$__rate_interval])))`;
}

const failedShare =
  'sum(rate(turnpike_requests_total{code=~"5.."}[$__rate_interval])) / sum(rate(turnpike_requests_total[$__rate_interval]))';

/** All dashboards. */
export const dashboards: readonly Dashboard[] = [
  {
    uid: 'turnpike-traffic',
    title: 'Turnpike: traffic',
    panels: [
      {
        title: 'Requests by route',
        description: 'Answered or given up, each second.',
        unit: 'reqps',
        queries: [[rate('turnpike_requests_total', 'route'), '{{route}}']],
      },
      {
        title: 'Share of answers that are 5xx',
        description: 'Of all routes together.',
        unit: 'percentunit',
        queries: [[failedShare, '5xx']],
      },
      {
        title: 'Duration',
        description: 'From the complete head of a request to the end of its answer.',
        unit: 's',
        queries: [
          [quantile(0.5, 'turnpike_request_duration_seconds'), 'half'],
          [quantile(0.95, 'turnpike_request_duration_seconds'), '95 %'],
          [quantile(0.99, 'turnpike_request_duration_seconds'), '99 %'],
        ],
      },
      {
        title: 'Answers by code',
        description: 'What clients got.',
        unit: 'reqps',
        queries: [[rate('turnpike_requests_total', 'code'), '{{code}}']],
      },
      {
        title: 'Failures by reason',
        description: 'Requests that Turnpike could not bring to their end, or had to refuse.',
        unit: 'reqps',
        queries: [[rate('turnpike_request_failures_total', 'failure'), '{{failure}}']],
      },
      {
        title: 'Failures by backend',
        description: 'Which backend, and how it failed.',
        unit: 'reqps',
        queries: [[rate('turnpike_backend_failures_total', 'cluster, failure'), '{{cluster}} {{failure}}']],
      },
      {
        title: 'Attempts beyond the first',
        description:
          'Again after a failure, or beside an attempt that is slow; and those for which the budget of retries had nothing left.',
        unit: 'reqps',
        queries: [
          [rate('turnpike_backend_retries_total', 'cluster'), '{{cluster}} again'],
          [rate('turnpike_backend_hedges_total', 'cluster'), '{{cluster}} beside'],
          [rate('turnpike_backend_retry_budget_exhausted_total', 'cluster'), '{{cluster}} over budget'],
        ],
      },
      {
        title: 'Attempts for each request',
        description: 'One, as long as nothing fails.',
        unit: 'short',
        queries: [
          [
            `${rate('turnpike_backend_attempts_total', 'cluster')} / ${rate('turnpike_backend_requests_total', 'cluster')}`,
            '{{cluster}}',
          ],
        ],
      },
      {
        title: 'Endpoints that get no requests',
        description: 'Ejected for how they answered, or failing their checks, as data planes see them.',
        unit: 'short',
        queries: [
          ['max by (cluster, state) (turnpike_backend_endpoints{state!="healthy"})', '{{cluster}} {{state}}'],
          [rate('turnpike_backend_ejections_total', 'cluster'), '{{cluster}} ejections a second'],
        ],
      },
      {
        title: 'Checks of endpoints',
        description: 'By what came of them.',
        unit: 'reqps',
        queries: [[rate('turnpike_backend_checks_total', 'cluster, result'), '{{cluster}} {{result}}']],
      },
      {
        title: 'Circuit breakers: under way',
        description: 'What they bound, in the data plane that has most of it.',
        unit: 'short',
        queries: [['max by (cluster, limit) (turnpike_backend_breaker_held)', '{{cluster}} {{limit}}']],
      },
      {
        title: 'Circuit breakers: refused',
        description:
          'Above zero a limit is reached: of connections requests wait, of others they are refused.',
        unit: 'reqps',
        queries: [
          [rate('turnpike_backend_breaker_refused_total', 'cluster, limit'), '{{cluster}} {{limit}}'],
        ],
      },
      {
        title: 'Connections to backends, opened and failed',
        description: 'Many that are opened: backends close them, or keep them too short.',
        unit: 'reqps',
        queries: [
          [rate('turnpike_backend_connections_opened_total', 'cluster'), '{{cluster}} opened'],
          [rate('turnpike_backend_connections_failed_total', 'cluster'), '{{cluster}} failed'],
        ],
      },
      {
        title: 'Copies of requests',
        description: 'Made, and dropped since the mirror is not there or does not keep up.',
        unit: 'reqps',
        queries: [
          [rate('turnpike_backend_mirrors_total', 'cluster'), '{{cluster}} made'],
          [rate('turnpike_backend_mirrors_dropped_total', 'cluster'), '{{cluster}} dropped'],
        ],
      },
      {
        title: 'Bytes',
        description: 'Content from and to clients.',
        unit: 'Bps',
        queries: [
          ['sum(rate(turnpike_request_bytes_total[$__rate_interval]))', 'in'],
          ['sum(rate(turnpike_response_bytes_total[$__rate_interval]))', 'out'],
        ],
      },
      {
        title: 'Connections',
        description: 'Of clients, and to backends.',
        unit: 'short',
        queries: [
          ['sum(turnpike_client_connections)', 'clients'],
          ['sum by (state) (turnpike_backend_connections)', 'backends, {{state}}'],
        ],
      },
      {
        title: 'Bad credentials',
        description: 'Of policies that count them; those of blocked addresses are not looked at.',
        unit: 'reqps',
        queries: [
          [rate('turnpike_authentication_failures_total', 'policy'), '{{policy}}'],
          [rate('turnpike_authentication_slowed_total', 'policy'), '{{policy}} slowed'],
          [rate('turnpike_authentication_blocked_requests_total', 'policy'), '{{policy}} blocked'],
        ],
      },
      {
        title: 'Addresses blocked for bad credentials',
        description: 'How many blocks begin.',
        unit: 'short',
        queries: [[rate('turnpike_authentication_blocks_total', 'policy'), '{{policy}}']],
      },
      {
        title: 'Kept out by ProtectionPolicies',
        description: 'Connections and requests that were refused; in Shadow they went on.',
        unit: 'short',
        queries: [
          [
            rate('turnpike_protection_refused_total', 'policy, reason, mode'),
            '{{policy}} {{reason}} {{mode}}',
          ],
        ],
      },
      {
        title: 'Bans',
        description:
          'Addresses that may not come, and how many bans rules make; in Shadow they come nevertheless.',
        unit: 'short',
        queries: [
          ['max by (cause, mode) (turnpike_bans)', '{{cause}} {{mode}}'],
          [rate('turnpike_bans_made_total', 'cause, mode'), '{{cause}} {{mode}} made'],
        ],
      },
      {
        title: 'Authorization: refused',
        description: 'Requests for which an entry of an AuthPolicy did not hold; in Shadow they went on.',
        unit: 'reqps',
        queries: [
          [
            rate('turnpike_authorization_refused_total', 'policy, entry, mode'),
            '{{policy}} {{entry}} {{mode}}',
          ],
        ],
      },
      {
        title: 'Rate limits: decisions',
        description: 'Requests by what a rule said of them.',
        unit: 'reqps',
        queries: [[rate('turnpike_rate_limit_decisions_total', 'rule, decision'), '{{rule}} {{decision}}']],
      },
      {
        title: 'Rate limits: data planes that reach their store',
        description: 'Those that do not, count for themselves.',
        unit: 'percentunit',
        queries: [['avg by (type) (turnpike_rate_limit_store_available)', '{{type}}']],
      },
      {
        title: 'Usage: units of Consumers',
        description: 'Requests that all limits let pass; those of whom there is no room for are other.',
        unit: 'short',
        queries: [[rate('turnpike_usage_units_total', 'plan, consumer'), '{{consumer}} {{plan}}']],
      },
      {
        title: 'Usage: events',
        description: 'Sent, and given up since nobody took them.',
        unit: 'short',
        queries: [
          ['sum(rate(turnpike_usage_events_sent_total[$__rate_interval]))', 'sent'],
          ['sum(rate(turnpike_usage_events_dropped_total[$__rate_interval]))', 'given up'],
        ],
      },
      {
        title: 'Usage: data planes that write their journal',
        description: 'Those that cannot, count in memory until they can.',
        unit: 'percentunit',
        queries: [['avg(turnpike_usage_journal_available)', 'available']],
      },
      {
        title: 'Revoked tokens: age of what is known',
        description: 'Of lists in Redis: beyond maxStale nobody is let in.',
        unit: 's',
        queries: [['max by (list) (turnpike_revocation_list_age_seconds)', '{{list}}']],
      },
      {
        title: 'Revoked tokens: entries',
        description: 'Of lists in Redis, as the data plane that knows most of them has it.',
        unit: 'short',
        queries: [['max by (list) (turnpike_revocation_list_entries)', '{{list}}']],
      },
      {
        title: 'Rate limits: counters given up',
        description: 'For want of room: above zero, some clients are counted from the start again.',
        unit: 'short',
        queries: [['sum(rate(turnpike_rate_limit_counters_evicted_total[$__rate_interval]))', 'evicted']],
      },
    ],
  },
  {
    uid: 'turnpike-planes',
    title: 'Turnpike: controller and data planes',
    panels: [
      {
        title: 'Leaders',
        description: 'One. Without one, no status is written; traffic and changes of routes go on.',
        unit: 'short',
        queries: [['sum(turnpike_leader)', 'leaders']],
      },
      {
        title: 'Data planes',
        description: 'Connected to a controller, by whether they have the newest snapshot.',
        unit: 'short',
        queries: [['sum by (gateway, state) (turnpike_data_planes)', '{{gateway}} {{state}}']],
      },
      {
        title: 'Data planes without a controller',
        description: 'They go on serving what they have.',
        unit: 'short',
        queries: [['count(turnpike_controller_connected == 0) or vector(0)', 'not connected']],
      },
      {
        title: 'Resources that data planes refused',
        description: 'Kept in their old version.',
        unit: 'short',
        queries: [['sum by (pod) (turnpike_snapshot_refused_resources)', '{{pod}}']],
      },
      {
        title: 'Snapshots in use',
        description: 'More than one version of a Gateway for long: a data plane hangs behind.',
        unit: 'short',
        queries: [['count by (version) (turnpike_snapshot_info)', '{{version}}']],
      },
      {
        title: 'Age of snapshots',
        description: 'Since the snapshot in use was taken over.',
        unit: 's',
        queries: [['max by (pod) (turnpike_snapshot_age_seconds)', '{{pod}}']],
      },
      {
        title: 'Translation',
        description: 'From all objects to all snapshots and statuses.',
        unit: 's',
        queries: [
          [quantile(0.5, 'turnpike_translation_duration_seconds'), 'half'],
          [quantile(0.99, 'turnpike_translation_duration_seconds'), '99 %'],
        ],
      },
      {
        title: 'Writes to the API server',
        description: 'By how they ended.',
        unit: 'reqps',
        queries: [[rate('turnpike_api_writes_total', 'outcome'), '{{outcome}}']],
      },
      {
        title: 'Objects',
        description: 'Known to the controller, by kind.',
        unit: 'short',
        queries: [['max by (kind) (turnpike_objects)', '{{kind}}']],
      },
      {
        title: 'Memory of counters',
        description: 'Reserved for rate limits, by data plane.',
        unit: 'bytes',
        queries: [['sum by (pod) (turnpike_rate_limit_counters_bytes)', '{{pod}}']],
      },
      {
        title: 'Access log lines lost',
        description: 'Since whoever reads the log was too slow.',
        unit: 'short',
        queries: [['sum by (pod) (rate(turnpike_access_log_dropped_total[$__rate_interval]))', '{{pod}}']],
      },
    ],
  },
];

const panelWidth = 8;
const panelHeight = 8;
const columns = 3;

/** The dashboard as Grafana reads it: three panels in a row. */
export function grafanaDashboard({ uid, title, panels }: Dashboard): Readonly<Record<string, unknown>> {
  const datasource = { type: 'prometheus', uid: '${datasource}' };
  return {
    uid,
    title,
    tags: ['turnpike'],
    schemaVersion: 39,
    editable: true,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    templating: {
      list: [{ name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' }],
    },
    panels: panels.map((panel, index) => ({
      id: index + 1,
      type: 'timeseries',
      title: panel.title,
      description: panel.description,
      datasource,
      gridPos: {
        x: (index % columns) * panelWidth,
        y: Math.floor(index / columns) * panelHeight,
        w: panelWidth,
        h: panelHeight,
      },
      fieldConfig: { defaults: { unit: panel.unit, min: 0 }, overrides: [] },
      targets: panel.queries.map(([expr, legendFormat], at) => ({
        refId: String.fromCodePoint(65 + at),
        datasource,
        expr,
        legendFormat,
      })),
    })),
  };
}
