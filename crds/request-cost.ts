// What one request takes of the limits of a rule.
import * as z from 'zod';
import { expression } from './authorization.ts';
import type { Rule } from './grammar.ts';
import type { RequestLimit } from './request-limit.ts';

/** The schema of a rule's cost. */
export const requestCost = z.object({
  type: z.enum(['Request']).default('Request').describe('Request: taken before the request goes on.'),
  expression: expression.describe(
    "An expression (CEL) over request, source, tls, route, auth and now, such as int(request.headers['x-pages']). It comes to the units that a request takes: a whole number from 0 (not counted) to 1000000000. A request of which it comes to nothing or to anything else is refused, as is one that takes more than a limit ever has.",
  ),
});

/** What a rule must hold that has one. */
export const costIsOfTime: Rule<WithLimits & { cost?: unknown; values?: readonly WithLimits[] }> = {
  cel: "!has(self.cost) || self.limits.all(limit, limit.algorithm != 'Concurrency') && (!has(self.values) || self.values.all(one, one.limits.all(limit, limit.algorithm != 'Concurrency')))",
  message:
    'cost is not for Concurrency, which counts requests under way: remove cost, or move that limit into a rule of its own',
  holds: ({ cost, limits, values = [] }) =>
    cost === undefined ||
    [{ limits }, ...values].every((one) => one.limits.every(({ algorithm }) => algorithm !== 'Concurrency')),
};

interface WithLimits {
  readonly limits: readonly Pick<RequestLimit, 'algorithm'>[];
}
