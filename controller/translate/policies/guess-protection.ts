import type { Authentication, AuthRules } from '#crds/auth-policy.ts';
import { durationMs } from '#crds/fields.ts';
import type { GuessProtection } from '#snapshot/authentication.ts';

/** Ways in by what people choose and remember. */
const byPassword: ReadonlySet<Authentication['type']> = new Set(['Basic']);

/**
 * What the policy says of guessing, or else what holds where passwords are taken: less, for behind a proxy that nobody
 * has named all clients are one address.
 */
export function guessProtection({ authenticate, protection }: AuthRules): GuessProtection | null {
  if (protection === undefined) return authenticate.some(({ type }) => byPassword.has(type)) ? usual : null;
  const { failures, accountFailures, window, block } = protection;
  return { failures, accountFailures, windowMs: durationMs(window), blockMs: durationMs(block) };
}

const usual: GuessProtection = Object.freeze({
  failures: 100,
  accountFailures: 100,
  windowMs: 60_000,
  blockMs: 60_000,
});
