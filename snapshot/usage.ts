// What data planes tell of what Consumers use.
import * as shape from './shape.ts';
import { type Shape, object } from './shape.ts';

/** Who used what, and where: what units are counted by. */
export interface UsageKey {
  /** `<namespace>/<name>`; {@link otherConsumer} for those that there was no room for. */
  readonly consumer: string;
  /** `''`: none. */
  readonly plan: string;
  /** `HTTPRoute/<namespace>/<name>`; `''`: several. */
  readonly route: string;
}

/** Whom units are counted for that nobody else has room for. */
export const otherConsumer = 'other';

/** Sums are by the hour. */
export const hourMs = 3_600_000;

/** Units of one key in one hour (UTC, that began at `hourMs` since 1970). */
export interface UsageSum extends UsageKey {
  readonly hourMs: number;
  readonly units: number;
}

/** Units that were leased by a data plane that ended before it told how many of them were used: all count as used. */
export interface UsageLoss extends UsageKey {
  readonly gateway: string;
  /** The pod's name. */
  readonly instance: string;
  /** So many were leased: the most that is counted over. */
  readonly units: number;
  /** When the lease began, since 1970. */
  readonly fromMs: number;
}

const count = shape.integer(0);

/** A time since 1970 that there is a date for. */
export const timeMs = shape.integer(0, 8.64e15);

const name = shape.shortText(1024);

/** How a {@link UsageKey} is read. */
export const usageKeyFields: shape.Fields<UsageKey> = {
  consumer: name,
  plan: shape.text,
  route: shape.text,
};

export const usageSumShape: Shape<UsageSum> = object({ ...usageKeyFields, hourMs: timeMs, units: count });

export const usageLossShape: Shape<UsageLoss> = object({
  ...usageKeyFields,
  gateway: name,
  instance: name,
  units: count,
  fromMs: timeMs,
});
