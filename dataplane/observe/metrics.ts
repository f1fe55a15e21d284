// What a data plane tells of itself to operators, beside its access log: request metrics kept here, figures of
// other rooms asked for when they are wanted, and those of the process. Does not know who asks, nor how.
import type { Observer, RequestRecord } from '#dataplane/http/observer.ts';
import type { ResourceSet } from '#snapshot/snapshot.ts';
import { Registry, collectDefaultMetrics } from '@prometheus-io/client';
import type { AccessLog } from './access-log.ts';
import { exposition } from './exposition.ts';
import { figureFamilies } from './figures.ts';
import type { Figures } from './figures.ts';
import { RequestMetrics } from './request-metrics.ts';

/** The metrics of one data plane. */
export interface Metrics {
  readonly requests: RequestMetrics;
  /** Which listeners, routes and clusters there are from now on; series of others go after a while. */
  configure(resources: ResourceSet): void;
  /** Prometheus text format 0.0.4. */
  text(): Promise<string>;
}

/** Metrics with those of the process itself; `now` is the clock of the records (monotonic, milliseconds). */
export function createMetrics(figures: Figures, now: () => number): Metrics {
  const requests = new RequestMetrics();
  const ofProcess = new Registry();
  collectDefaultMetrics({ register: ofProcess });
  return {
    requests,
    configure: (resources) => requests.configure(resources),
    async text() {
      const own = await exposition([...requests.families(now()), ...figureFamilies(figures)]);
      return `${own}${await ofProcess.metrics()}`;
    },
  };
}

/** Who goes by what clients were answered. */
export interface AnswerListener {
  answered(record: RequestRecord): void;
}

/** Tells metrics, access log and `bans` of each exchange. */
export function createObserver(metrics: Metrics, log: AccessLog, bans: AnswerListener): Observer {
  const { requests } = metrics;
  return {
    exchangeFinished(record) {
      requests.record(record);
      log.add(record);
      bans.answered(record);
    },
  };
}
