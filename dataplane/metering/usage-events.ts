import { unitsOf, type LeaseRead, type SegmentRead } from './read-segment.ts';

/** One usage as CloudEvents 1.0 have it (structured mode, JSON). */
export interface UsageEvent {
  readonly specversion: '1.0';
  /** The same for the same usage, however often it is told: `source` and `id` are what to know doubles by. */
  readonly id: string;
  /** `/gateways/<namespace>/<name>`. */
  readonly source: string;
  readonly type: 'dev.turnpike.usage.v1';
  /** The Consumer, `<namespace>/<name>`. */
  readonly subject: string;
  /** RFC 3339: when it was over. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: {
    readonly consumer: string;
    readonly plan: string;
    readonly route: string;
    readonly units: number;
    readonly from: string;
    /** Used: exactly so many units; Leased: so many at most, for the data plane was killed. */
    readonly counted: 'Used' | 'Leased';
  };
}

/** The event of a lease that counts. */
export function usageEvent(journal: string, { gateway }: SegmentRead, lease: LeaseRead): UsageEvent {
  const { consumer, plan, route, used, fromMs, toMs } = lease;
  return {
    specversion: '1.0',
    id: `${journal}/${lease.lease}`,
    source: `/gateways/${gateway}`,
    type: 'dev.turnpike.usage.v1',
    subject: consumer,
    time: new Date(toMs ?? fromMs).toISOString(),
    datacontenttype: 'application/json',
    data: {
      consumer,
      plan,
      route,
      units: unitsOf(lease),
      from: new Date(fromMs).toISOString(),
      counted: used === null ? 'Leased' : 'Used',
    },
  };
}
