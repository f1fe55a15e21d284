import type { FailureKind } from '#dataplane/http/failure.ts';
import type { RequestRecord } from '#dataplane/http/observer.ts';
import type { ResourceSet } from '#snapshot/snapshot.ts';
import { DurationHistogram } from './duration-histogram.ts';
import { counter, labelText, withLabel } from './exposition.ts';
import type { MetricFamily, Sample } from './exposition.ts';
import { StatusCounts } from './status-counts.ts';

/** The value of a label where the exchange failed before one was known. */
const nothing = 'none';
/** Series of what is configured no more stay so long, for a last scrape. */
const keptMs = 300_000;

/** What is kept of one rule on one listener. */
interface RuleSeries {
  readonly listener: string;
  readonly route: string;
  readonly rule: string;
  readonly labels: string;
  readonly codes: StatusCounts;
  readonly durations: DurationHistogram;
  readonly failures: Map<FailureKind, number>;
  bytesIn: number;
  bytesOut: number;
  usedMs: number;
}

/** What is kept of one cluster. */
interface ClusterSeries {
  readonly cluster: string;
  readonly labels: string;
  readonly codes: StatusCounts;
  readonly failures: Map<FailureKind, number>;
  attempts: number;
  usedMs: number;
}

/**
 * Counts requests by listener, route and rule, and by cluster. All labels come from the configuration or from
 * closed lists, so no client decides how many series there are; those of what is configured no more go.
 */
export class RequestMetrics {
  /** By listener, route and rule; nested, so that the hot path need not make a key. */
  readonly #rules = new Map<string, Map<string, Map<string, RuleSeries>>>();
  readonly #clusters = new Map<string, ClusterSeries>();
  #last: RuleSeries | null = null;
  #resources: ResourceSet = new Map();

  /** What is configured from now on. */
  configure(resources: ResourceSet): void {
    this.#resources = resources;
  }

  /** Hot path: finds the series by the labels' own strings and adds to typed arrays; allocates nothing. */
  record(record: RequestRecord): void {
    const series = this.#rule(record.listener ?? nothing, record.route ?? nothing, record.rule ?? nothing);
    series.codes.count(record.status);
    series.durations.record(record.durationMs);
    series.bytesIn += record.bytesIn;
    series.bytesOut += record.bytesOut;
    // a tunnel or a stream may have begun long ago
    const endedMs = record.startedMs + record.durationMs;
    series.usedMs = endedMs;
    const { failure, cluster } = record;
    if (failure !== null) add(series.failures, failure.kind);
    if (cluster === null) return;
    const behind = this.#cluster(cluster);
    behind.attempts += record.attempts;
    behind.usedMs = endedMs;
    if (record.attempts > 0) behind.codes.count(record.status);
    if (failure !== null) add(behind.failures, failure.kind);
  }

  /** All families; drops what is configured no more and has been still for five minutes. */
  families(now: number): MetricFamily[] {
    this.#forget(now);
    const rules = [...this.#all()];
    const clusters = [...this.#clusters.values()];
    return [
      counter('turnpike_requests_total', 'Requests answered or given up.', codeSamples(rules)),
      {
        name: 'turnpike_request_duration_seconds',
        help: 'From the complete head of a request to the end of its answer.',
        type: 'histogram',
        samples: rules.flatMap(({ labels, durations }) => [...durations.samples(labels)]),
      },
      counter(
        'turnpike_request_failures_total',
        'Requests that failed, by the reason.',
        failureSamples(rules),
      ),
      counter(
        'turnpike_request_bytes_total',
        'Bytes of content received from clients.',
        rules.map(({ labels, bytesIn }) => ({ labels, value: bytesIn })),
      ),
      counter(
        'turnpike_response_bytes_total',
        'Bytes of content sent to clients.',
        rules.map(({ labels, bytesOut }) => ({ labels, value: bytesOut })),
      ),
      counter(
        'turnpike_backend_requests_total',
        'Requests sent to a backend, by the code of the final answer.',
        codeSamples(clusters),
      ),
      counter(
        'turnpike_backend_attempts_total',
        'Attempts at a backend, retries included.',
        clusters.map(({ labels, attempts }) => ({ labels, value: attempts })),
      ),
      counter(
        'turnpike_backend_failures_total',
        'Requests for a backend that failed, by the reason.',
        failureSamples(clusters),
      ),
    ];
  }

  #rule(listener: string, route: string, rule: string): RuleSeries {
    const last = this.#last;
    if (last !== null && last.rule === rule && last.route === route && last.listener === listener)
      return last;
    const found = this.#rules.get(listener)?.get(route)?.get(rule) ?? this.#newRule(listener, route, rule);
    this.#last = found;
    return found;
  }

  #newRule(listener: string, route: string, rule: string): RuleSeries {
    const series: RuleSeries = {
      listener,
      route,
      rule,
      labels: labelText({ listener, route, rule }),
      codes: new StatusCounts(),
      durations: new DurationHistogram(),
      failures: new Map(),
      bytesIn: 0,
      bytesOut: 0,
      usedMs: 0,
    };
    const ofListener = this.#rules.get(listener) ?? new Map<string, Map<string, RuleSeries>>();
    const ofRoute = ofListener.get(route) ?? new Map<string, RuleSeries>();
    this.#rules.set(listener, ofListener.set(route, ofRoute.set(rule, series)));
    return series;
  }

  #cluster(cluster: string): ClusterSeries {
    let series = this.#clusters.get(cluster);
    if (series === undefined) {
      const labels = labelText({ cluster });
      series = { cluster, labels, codes: new StatusCounts(), failures: new Map(), attempts: 0, usedMs: 0 };
      this.#clusters.set(cluster, series);
    }
    return series;
  }

  *#all(): Generator<RuleSeries> {
    for (const ofListener of this.#rules.values()) {
      for (const ofRoute of ofListener.values()) yield* ofRoute.values();
    }
  }

  #forget(now: number): void {
    const { rules, listeners, clusters } = configuredBy(this.#resources);
    for (const { listener, route, rule, usedMs } of this.#all()) {
      const known =
        (listener === nothing || listeners.has(listener)) &&
        (route === nothing || rules.get(route)?.has(rule) === true);
      if (known || now - usedMs < keptMs) continue;
      const ofListener = this.#rules.get(listener);
      const ofRoute = ofListener?.get(route);
      ofRoute?.delete(rule);
      if (ofRoute?.size === 0) ofListener?.delete(route);
      if (ofListener?.size === 0) this.#rules.delete(listener);
      this.#last = null;
    }
    for (const { cluster, usedMs } of this.#clusters.values()) {
      if (!clusters.has(cluster) && now - usedMs >= keptMs) this.#clusters.delete(cluster);
    }
  }
}

interface Configured {
  readonly rules: ReadonlyMap<string, ReadonlySet<string>>;
  readonly listeners: ReadonlySet<string>;
  readonly clusters: ReadonlySet<string>;
}

function configuredBy(resources: ResourceSet): Configured {
  const rules = new Map<string, ReadonlySet<string>>();
  const listeners = new Set<string>();
  const clusters = new Set<string>();
  for (const resource of resources.values()) {
    if (resource.kind === 'Route') rules.set(resource.name, new Set(resource.rules.map(({ name }) => name)));
    if (resource.kind === 'StreamRoute') rules.set(resource.name, streamRules);
    if (resource.kind === 'Listener') listeners.add(resource.name);
    if (resource.kind === 'Cluster') clusters.add(resource.name);
  }
  return { rules, listeners, clusters };
}

/** A route of streams has one rule, which has no name. */
const streamRules: ReadonlySet<string> = new Set(['0']);

function add(counts: Map<FailureKind, number>, kind: FailureKind): void {
  counts.set(kind, (counts.get(kind) ?? 0) + 1);
}

function* codeSamples(all: readonly { labels: string; codes: StatusCounts }[]): Generator<Sample> {
  for (const { labels, codes } of all) {
    for (const [code, value] of codes.entries()) yield { labels: withLabel(labels, 'code', code), value };
  }
}

function* failureSamples(
  all: readonly { labels: string; failures: ReadonlyMap<FailureKind, number> }[],
): Generator<Sample> {
  for (const { labels, failures } of all) {
    for (const [kind, value] of failures) yield { labels: withLabel(labels, 'failure', kind), value };
  }
}
