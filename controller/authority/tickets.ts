import { hkdfSync } from 'node:crypto';
import { Secret } from '#snapshot/secret.ts';
import type { GatewayKey } from '#snapshot/ids.ts';
import type { Authority } from './authority.ts';

const dayMs = 86_400_000;
const secretBytes = 32;

/** The day of `nowMs`, by which secrets change. */
export function ticketDay(nowMs: number): number {
  return Math.floor(nowMs / dayMs);
}

/**
 * What a Gateway's data planes make the keys of session tickets of on a day, base64. It is drawn from the authority's
 * key, which every replica has and no data plane: so all replicas tell the same, nothing more need be kept, and who
 * has the secret of one day or Gateway has no other.
 */
export function ticketSecret(authority: Authority, gateway: GatewayKey, day: number): Secret<string> {
  const drawn = hkdfSync(
    'sha256',
    authority.current.key.reveal(),
    '',
    `tickets\0${gateway}\0${day}`,
    secretBytes,
  );
  return new Secret(Buffer.from(drawn).toString('base64'));
}
