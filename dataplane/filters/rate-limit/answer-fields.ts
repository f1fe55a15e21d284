import { fieldLine, type Fields } from '#dataplane/http/fields.ts';
import type { TimedLimit } from '#snapshot/limit.ts';
import type { RateLimit } from '#snapshot/rate-limit.ts';
import { timedLimits, windowMsOf } from './rule.ts';
import type { Outcome } from './outcome.ts';

/** Tells what is left. */
export interface RateLimitFields {
  /** Adds to the fields of an answer, in which those of other rules may stand. */
  append(fields: Fields, outcome: Outcome): void;
}

/** The fields of one rule. */
export function rateLimitFields(limit: RateLimit): RateLimitFields {
  switch (limit.answerFields) {
    case 'Draft':
      return draftFields(limit);
    case 'XRateLimit':
      return xRateLimitFields(limit);
    case 'Both': {
      const draft = draftFields(limit);
      const xRateLimit = xRateLimitFields(limit);
      return {
        append(fields, outcome) {
          draft.append(fields, outcome);
          xRateLimit.append(fields, outcome);
        },
      };
    }
    case 'None':
      return { append() {} };
    default:
      return limit.answerFields satisfies never;
  }
}

/**
 * `ratelimit` and `ratelimit-policy` (draft-ietf-httpapi-ratelimit-headers, structured fields), a line of each, so that
 * several rules of a route make one list (RFC 9651 section 3.1). A limit is called `<policy>/<rule>/<limit>`: clients need
 * not learn of namespaces.
 */
function draftFields(limit: RateLimit): RateLimitFields {
  const limits = timedLimits(limit);
  const rule = limit.name.slice(limit.name.indexOf('/') + 1);
  const names = limits.map((each) => structuredString(`${rule}/${each.name}`));
  const policy = limits
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

/**
 * `x-ratelimit-limit`, `-remaining` and `-reset` (seconds), which have room for one limit: of all limits of all rules that of
 * which the fewest requests are left; of several such the one that lasts longest.
 */
function xRateLimitFields(limit: RateLimit): RateLimitFields {
  const limits = timedLimits(limit);
  return {
    append(fields, { remaining, resetMs }) {
      let left = Number(fields.get(xRemaining) ?? Number.POSITIVE_INFINITY);
      let resetS = Number(fields.get(xReset) ?? 0);
      let requests = 0;
      for (let at = 0; at < limits.length; at += 1) {
        const ownLeft = remaining[at] ?? 0;
        const ownResetS = Math.ceil((resetMs[at] ?? 0) / 1000);
        if (ownLeft > left || (ownLeft === left && ownResetS <= resetS)) continue;
        left = ownLeft;
        resetS = ownResetS;
        requests = limits[at]?.requests ?? 0;
      }
      if (requests === 0) return;
      for (const name of [xLimit, xRemaining, xReset]) fields.remove(name);
      fields.appendLine(xLimit, fieldLine('X-RateLimit-Limit', String(requests)));
      fields.appendLine(xRemaining, fieldLine('X-RateLimit-Remaining', String(left)));
      fields.appendLine(xReset, fieldLine('X-RateLimit-Reset', String(resetS)));
    },
  };
}

const xLimit = 'x-ratelimit-limit';
const xRemaining = 'x-ratelimit-remaining';
const xReset = 'x-ratelimit-reset';

/** None for windows that are not all of one length. */
function windowParameter(limit: TimedLimit): string {
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
