import { fieldLine, type Fields } from '#dataplane/http/fields.ts';
import type { Limit } from '#snapshot/limit.ts';
import type { RateLimit } from '#snapshot/rate-limit.ts';
import { windowMsOf } from './rule.ts';
import type { Outcome } from './outcome.ts';

/** Writes `ratelimit` and `ratelimit-policy` (draft-ietf-httpapi-ratelimit-headers, structured fields). */
export interface RateLimitFields {
  /** Appends one line of each, so that several rules of a route make one list (RFC 9651 section 3.1). */
  append(fields: Fields, outcome: Outcome): void;
}

/** The fields of one rule. A limit is called `<policy>/<rule>/<limit>`: clients need not learn of namespaces. */
export function rateLimitFields(limit: RateLimit): RateLimitFields {
  const rule = limit.name.slice(limit.name.indexOf('/') + 1);
  const names = limit.limits.map((each) => structuredString(`${rule}/${each.name}`));
  const policy = limit.limits
    .map((each, at) => `${names[at]};q=${each.requests}${windowParameter(each)}`)
    .join(', ');
  const policyLine = fieldLine('RateLimit-Policy', policy);
  const before = names.map((name, at) => `${at === 0 ? '' : ', '}${name};r=`);
  return {
    append(fields, outcome) {
      fields.appendLine('ratelimit', fieldLine('RateLimit', state(before, outcome)));
      fields.appendLine('ratelimit-policy', policyLine);
    },
  };
}

/** None for windows that are not all of one length. */
function windowParameter(limit: Limit): string {
  const windowMs = windowMsOf(limit);
  return windowMs === null ? '' : `;w=${Math.ceil(windowMs / 1000)}`;
}

/**
 * Whole seconds for Retry-After (RFC 9110 section 10.2.3): never before `waitMs` is over, and up to a quarter of it later
 * (1 to 60 s), so that those who are refused together do not come back together. `random`: 0 to 1.
 */
export function retryAfterSeconds(waitMs: number, random: number): number {
  const waitS = waitMs / 1000;
  return Math.max(1, Math.ceil(waitS + random * Math.min(60, Math.max(1, waitS / 4))));
}

/** Hot path: `before` holds all that does not change. */
function state(before: readonly string[], outcome: Outcome): string {
  let text = '';
  for (let at = 0; at < before.length; at += 1) {
    const resetS = Math.ceil((outcome.resetMs[at] ?? 0) / 1000);
    text += `${before[at]}${outcome.remaining[at] ?? 0};t=${resetS}`;
  }
  return text;
}

/** A String of structured fields (RFC 9651 section 3.3.3): what it cannot hold is left out. */
function structuredString(text: string): string {
  return `"${text.replaceAll(/[^\x20-\x7e]/g, '').replaceAll(/["\\]/g, '\\$&')}"`;
}
