import type { BackendFigures } from '#dataplane/http/backend-figures.ts';
import { counter, gauge, labelText } from './exposition.ts';
import type { MetricFamily, Sample } from './exposition.ts';

/** The families of all clusters, those of one name together: so many series a name, whatever happens. */
export function backendFamilies(clusters: readonly BackendFigures[]): MetricFamily[] {
  const each = (valueOf: (figures: BackendFigures) => number): Sample[] =>
    summed(
      clusters.map((figures) => ({
        labels: labelText({ cluster: figures.cluster }),
        value: valueOf(figures),
      })),
    );
  const by = (label: string, valuesOf: (figures: BackendFigures) => readonly (readonly [string, number])[]) =>
    summed(
      clusters.flatMap((figures) =>
        valuesOf(figures).map(([of, value]) => ({
          labels: labelText({ cluster: figures.cluster, [label]: of }),
          value,
        })),
      ),
    );
  return [
    gauge(
      'turnpike_backend_connections',
      'Connections to backends.',
      by('state', ({ open, idle }) => [
        ['busy', open - idle],
        ['idle', idle],
      ]),
    ),
    counter(
      'turnpike_backend_connections_opened_total',
      'Connections that were opened.',
      each(({ opened }) => opened),
    ),
    counter(
      'turnpike_backend_connections_failed_total',
      'Connections that could not be opened.',
      each(({ unconnected }) => unconnected),
    ),
    gauge(
      'turnpike_backend_endpoints',
      'Endpoints: healthy, ejected for how they answered, or failing their checks.',
      by('state', ({ endpoints }) => Object.entries(endpoints)),
    ),
    counter(
      'turnpike_backend_ejections_total',
      'Endpoints that were ejected for how they answered.',
      each(({ counts }) => counts.ejections),
    ),
    counter(
      'turnpike_backend_checks_total',
      'Checks of endpoints, by what came of them.',
      by('result', ({ counts }) => [
        ['passed', counts.checksPassed],
        ['failed', counts.checksFailed],
      ]),
    ),
    gauge(
      'turnpike_backend_breaker_held',
      'What is under way, of that which the circuit breaker bounds.',
      by('limit', ({ breakers }) => breakers.map(({ what, held }) => [limitNames[what], held])),
    ),
    counter(
      'turnpike_backend_breaker_refused_total',
      'How often there was as much under way as may be: of connections then the request waits, of others it is refused.',
      by('limit', ({ breakers }) => breakers.map(({ what, refused }) => [limitNames[what], refused])),
    ),
    ...attemptFamilies(each),
  ];
}

/** One sample for each set of labels: a scraper takes no second one. */
function summed(samples: readonly Sample[]): Sample[] {
  const sums = new Map<string, number>();
  for (const { labels, value } of samples) sums.set(labels, (sums.get(labels) ?? 0) + value);
  return [...sums].map(([labels, value]) => ({ labels, value }));
}

function attemptFamilies(each: (valueOf: (figures: BackendFigures) => number) => Sample[]): MetricFamily[] {
  return [
    counter(
      'turnpike_backend_retries_total',
      'Attempts after one that failed.',
      each(({ counts }) => counts.retries),
    ),
    counter(
      'turnpike_backend_retry_budget_exhausted_total',
      'Attempts that the budget of retries did not allow.',
      each(({ overBudget }) => overBudget),
    ),
    counter(
      'turnpike_backend_hedges_total',
      'Attempts beside one that was not answered yet.',
      each(({ counts }) => counts.hedges),
    ),
    counter(
      'turnpike_backend_mirrors_total',
      'Copies of requests that were begun.',
      each(({ counts }) => counts.mirrors),
    ),
    counter(
      'turnpike_backend_mirrors_dropped_total',
      'Copies that were not made, or given up since the mirror did not keep up.',
      each(({ counts }) => counts.mirrorsDropped),
    ),
  ];
}

/** The settings of a TrafficPolicy that bound them, without their `max`. */
const limitNames = {
  Connection: 'connections',
  Pending: 'pending',
  Request: 'requests',
  Retry: 'retries',
} as const;
