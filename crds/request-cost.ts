// What one request takes of the limits of a rule.
import * as z from 'zod';
import { expression } from './authorization.ts';
import type { Rule } from './grammar.ts';
import type { RequestLimit } from './request-limit.ts';

/** The schema of a rule's cost. */
export const requestCost = z.object({
  type: z
    .enum(['Request', 'Response'])
    .default('Request')
    .describe(
      'Request: taken before the request goes on. Response: a request goes on where a unit is left, and what its answer comes to is charged when that has ended.',
    ),
  expression: expression.describe(
    "An expression (CEL) over request, source, tls, route, auth and now, such as int(request.headers['x-pages']). For type Response also over response, such as int(response.headers['x-rows']). It comes to the units that a request takes: a whole number from 0 (not counted) to 1000000000. A request of which it comes to nothing or to anything else is refused, as is one that takes more than a limit ever has; an answer of a backend then counts as much as the smallest of the limits has.",
  ),
});

/** An answer ends too late to make its request wait. */
export const costIsInTime: Rule<
  Partial<WithLimits> & { cost?: { type: string }; values?: readonly WithLimits[] }
> = {
  cel: "!has(self.cost) || self.cost.type != 'Response' || (!has(self.limits) || self.limits.all(limit, limit.algorithm != 'LeakyBucket')) && (!has(self.values) || self.values.all(one, one.limits.all(limit, limit.algorithm != 'LeakyBucket')))",
  message:
    'a LeakyBucket lets a request wait for what it takes, which its answer tells too late: set cost.type to Request, or another algorithm',
  holds: ({ cost, limits = [], values = [] }) =>
    cost?.type !== 'Response' || noneIs('LeakyBucket', [{ limits }, ...values]),
};

/** What a rule must hold that has one. */
export const costIsOfTime: Rule<Partial<WithLimits> & { cost?: unknown; values?: readonly WithLimits[] }> = {
  cel: "!has(self.cost) || (!has(self.limits) || self.limits.all(limit, limit.algorithm != 'Concurrency')) && (!has(self.values) || self.values.all(one, one.limits.all(limit, limit.algorithm != 'Concurrency')))",
  message:
    'cost is not for Concurrency, which counts requests under way: remove cost, or move that limit into a rule of its own',
  holds: ({ cost, limits = [], values = [] }) =>
    cost === undefined || noneIs('Concurrency', [{ limits }, ...values]),
};

function noneIs(algorithm: RequestLimit['algorithm'], all: readonly WithLimits[]): boolean {
  return all.every(({ limits }) => limits.every((limit) => limit.algorithm !== algorithm));
}

interface WithLimits {
  readonly limits: readonly Pick<RequestLimit, 'algorithm'>[];
}
