// What keeps those out who try credentials until one fits.
import * as z from 'zod';
import { withRules } from './grammar.ts';
import { duration, lastingBetween } from './fields.ts';

const time = withRules(duration, [lastingBetween('1s', '24h')]);

const count = z.int32().min(0).max(1_000_000);

/** `protection` of an AuthPolicy. */
export const guessProtectionSchema = z.object({
  failures: count
    .default(10)
    .describe(
      'How many bad credentials may come from one client address (of an IPv6 address its first 64 bits) in a window. The address is then blocked: all its requests are answered 429. 0: it never is.',
    ),
  accountFailures: count
    .default(100)
    .describe(
      'How many bad credentials may come for one account in a window, from all addresses together. From then on an address is blocked at its first bad one for this account; good ones pass, so that nobody can lock others out. 0: accounts are not counted. Only ways in that name an account, such as by user name, are counted so.',
    ),
  window: time.default('1m').describe('The time the failures are counted in; from 1s to 24h.'),
  block: time.default('5m').describe('How long an address is blocked; from 1s to 24h.'),
});
