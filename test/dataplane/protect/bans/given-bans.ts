import { resourceId } from '#snapshot/ids.ts';
import { protectionDefaults, type BanRule, type Protection } from '#snapshot/protection.ts';

/** Five times 401 within 10 s: banned for 10 minutes. */
export const guesses: BanRule = {
  name: 'guesses',
  statuses: [401],
  answers: 5,
  windowMs: 10_000,
  durationMs: 600_000,
  mode: 'Enforce',
};

/** What bans at port 80, or another. */
export function aProtection(
  rules: readonly BanRule[],
  { port = 80, policy = 'shop/edge' }: { readonly port?: number; readonly policy?: string } = {},
): Protection {
  const id = resourceId('Protection', String(port));
  return { kind: 'Protection', id, port, ...protectionDefaults, bans: { policy, rules } };
}
