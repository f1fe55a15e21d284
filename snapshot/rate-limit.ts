import type { DenialText } from './authentication.ts';
import type { ResourceId } from './ids.ts';
import type { Limit } from './limit.ts';
import type { SharedRedis } from './redis-address.ts';

/** One rule of a RateLimitPolicy: requests are counted by `key`, and every limit must hold. */
export interface RateLimit {
  readonly kind: 'RateLimit';
  readonly id: ResourceId;
  /** `<namespace>/<policy>/<rule>`: with a limit's name, the stable part of a counter's key, unless that is shared. */
  readonly name: string;
  readonly key: RateLimitKey;
  /** An expression (CEL): which requests are counted. Null: all. */
  readonly when: string | null;
  readonly exempt: Exempt;
  /** What a request takes of the limits that count over time. Null: one unit. */
  readonly cost: Cost | null;
  readonly scope: RateLimitScope;
  readonly limits: readonly Limit[];
  /** What backends bear, in place of `limits`; null where there are such. */
  readonly adaptive: Adaptive | null;
  /** Those of some texts of the key, in place of `limits`; no text stands in two of them. */
  readonly values: readonly LimitsOfValues[];
  /** What holds while the shared store cannot be asked. Local: this data plane's own share, 1/N. */
  readonly onStoreError: 'Local' | 'Open' | 'Closed';
  /** Shadow: counted and reported, never refused. */
  readonly mode: 'Enforce' | 'Shadow';
  /** What answers tell of the limits. Draft: `ratelimit` and `ratelimit-policy`. XRateLimit: `x-ratelimit-*`. */
  readonly answerFields: 'Draft' | 'XRateLimit' | 'Both' | 'None';
  /** Null: refusals are told by problem details. */
  readonly denial: DenialText | null;
}

/**
 * ClientAddress: so many leading bits of it; checked before authentication, all others after it. Route: the whole of it.
 * PathTemplate: what its segments in braces hold in the path; `*` is any one segment, a last `**` any or none.
 * Expressions: what 1 to 4 of them come to. `onUnknown` tells what holds when the field, cookie, claim, consumer or value is not there, or the path does not fit.
 */
export type RateLimitKey =
  | { readonly kind: 'ClientAddress'; readonly ipv4Prefix: number; readonly ipv6Prefix: number }
  | { readonly kind: 'Route' }
  | { readonly kind: 'Method' }
  | { readonly kind: 'Consumer'; readonly onUnknown: OnUnknownKey }
  | { readonly kind: 'Cookie'; readonly cookie: string; readonly onUnknown: OnUnknownKey }
  | { readonly kind: 'Header'; readonly header: string; readonly onUnknown: OnUnknownKey }
  | { readonly kind: 'Claim'; readonly claim: string; readonly onUnknown: OnUnknownKey }
  | { readonly kind: 'PathTemplate'; readonly template: string; readonly onUnknown: OnUnknownKey }
  | {
      readonly kind: 'Expressions';
      readonly expressions: readonly string[];
      readonly onUnknown: OnUnknownKey;
    };

/** Other limits for keys that are one of these texts, each counted for itself. */
export interface LimitsOfValues {
  readonly values: readonly string[];
  readonly limits: readonly Limit[];
}

/** Units: a whole number from 0 to 1,000,000,000; a request of none is not counted. */
export interface Cost {
  /** Request: taken before it goes on. Response: charged when its answer has ended, be it more than there is left. */
  readonly type: 'Request' | 'Response';
  /**
   * An expression (CEL). What comes to no such number is more than any limit has for a request, and as much as the
   * smallest has for an answer.
   */
  readonly expression: string;
}

/**
 * What counts together. Policy: the rule's requests. Shared: those of all rules with this `name` (`<namespace>/<name>`),
 * whose limits are the same. Pod: the rule's in one data plane, whatever the store.
 */
export type RateLimitScope =
  | { readonly kind: 'Policy' }
  | { readonly kind: 'Shared'; readonly name: string }
  | { readonly kind: 'Pod' };

/** What backends are to hold; requests are shed while they do not. At least one of the two is told. */
export interface Adaptive {
  /** Nine in ten answers begin so soon after all of the request was sent. */
  readonly latencyMs: number | null;
  /** Of a hundred requests no more fail. */
  readonly errorPercentMax: number | null;
  /** Requests that wait for their answers at a time. */
  readonly concurrencyMin: number;
  readonly concurrencyMax: number;
}

/** Whom a rule does not count. */
export interface Exempt {
  /** Networks, such as `10.0.0.0/8`. */
  readonly addresses: readonly string[];
  /** `<namespace>/<name>`. */
  readonly consumers: readonly string[];
}

/** What a rule does that its encoded form does not tell. */
export const rateLimitDefaults: Omit<
  RateLimit,
  'kind' | 'id' | 'name' | 'key' | 'limits' | 'onStoreError' | 'mode'
> = Object.freeze({
  exempt: Object.freeze({ addresses: Object.freeze([]), consumers: Object.freeze([]) }),
  values: Object.freeze([]),
  adaptive: null,
  cost: null,
  scope: Object.freeze({ kind: 'Policy' }),
  when: null,
  answerFields: 'Draft',
  denial: null,
});

/** What of a key by address its encoded form does not tell. */
export const addressKeyDefaults: Readonly<Record<'ipv4Prefix' | 'ipv6Prefix', number>> = Object.freeze({
  ipv4Prefix: 32,
  ipv6Prefix: 64,
});

/** Skip: not limited. Share: all of them count as one. Refuse: refused. */
export type OnUnknownKey = 'Skip' | 'Share' | 'Refuse';

/** Where counters live. One a snapshot. */
export type RateLimitStore =
  | { readonly kind: 'RateLimitStore'; readonly id: ResourceId; readonly type: 'Memory' }
  | ({ readonly kind: 'RateLimitStore'; readonly id: ResourceId; readonly type: 'Redis' } & SharedRedis);
