// What the data planes of a Gateway share, drawn from the authority's key, which every replica has and no data plane:
// so all replicas tell the same, nothing more need be kept, and who has one secret has no other.
import { hkdfSync } from 'node:crypto';
import { loginSecretId, loginSecretPeriodMs, type LoginSecret } from '#snapshot/open-id-connect.ts';
import { Secret } from '#snapshot/secret.ts';
import type { GatewayKey } from '#snapshot/ids.ts';
import { introducedMs, type Authority } from './authority.ts';

const dayMs = 86_400_000;
const secretBytes = 32;

/** The day of `nowMs`, by which {@link ticketSecret} changes. */
export function ticketDay(nowMs: number): number {
  return Math.floor(nowMs / dayMs);
}

/** What a Gateway's data planes make the keys of TLS session tickets of on a day, base64. */
export function ticketSecret(authority: Authority, gateway: GatewayKey, day: number): Secret<string> {
  return drawn(authority, `tickets\0${gateway}\0${day}`);
}

/** What they make the key of session tokens of, base64: the same as long as the authority's key is. */
export function sessionSecret(authority: Authority, gateway: GatewayKey): Secret<string> {
  return drawn(authority, `sessions\0${gateway}`);
}

/**
 * What they make the keys of login cookies of: another one each week. With it the one of the week before, by which no
 * cookie is left that anybody may bring once it is told no more, and that of the week after, for clocks are not alike.
 * Each week has the authority that signed when it began, so that nobody is logged out when another one takes over.
 */
export function loginSecret(authority: Authority, gateway: GatewayKey, nowMs: number): LoginSecret {
  const period = weekOf(nowMs);
  const secretOf = (one: number) =>
    drawnBy(keyOfWeek(authority, one * loginSecretPeriodMs), `logins\0${gateway}\0${one}`);
  return {
    kind: 'LoginSecret',
    id: loginSecretId,
    secret: secretOf(period),
    previous: secretOf(period - 1),
    next: secretOf(period + 1),
  };
}

/** What the data planes of one Gateway share. */
export interface GatewaySecrets {
  readonly tickets: Secret<string>;
  readonly sessions: Secret<string>;
  readonly login: LoginSecret;
}

/**
 * All that is drawn for Gateways, drawn once while authority, day and week are the same: each endpoint that moves asks
 * for those of every Gateway, and to draw them reads certificates.
 */
export class DrawnSecrets {
  readonly #byGateway = new Map<GatewayKey, GatewaySecrets>();
  #authority: Authority | null = null;
  #day = 0;
  #week = 0;

  /** `day`: for {@link ticketSecret}. */
  of(
    authority: Authority,
    gateway: GatewayKey,
    { day, nowMs }: { readonly day: number; readonly nowMs: number },
  ): GatewaySecrets {
    const week = weekOf(nowMs);
    if (authority !== this.#authority || day !== this.#day || week !== this.#week) this.#byGateway.clear();
    this.#authority = authority;
    this.#day = day;
    this.#week = week;
    return this.#byGateway.getOrInsertComputed(gateway, () => ({
      tickets: ticketSecret(authority, gateway, day),
      sessions: sessionSecret(authority, gateway),
      login: loginSecret(authority, gateway, nowMs),
    }));
  }
}

function weekOf(nowMs: number): number {
  return Math.floor(nowMs / loginSecretPeriodMs);
}

/** The key of the week that begins at `startMs`; one that an older build has not kept is replaced. */
function keyOfWeek({ next, current, previous }: Authority, startMs: number): Secret<string> {
  // The leader may be late to have it sign, but not by a day; all replicas know it by then.
  const signed = [next, current].find((one) => one !== null && introducedMs(one) + dayMs <= startMs);
  return signed?.key ?? previous?.key ?? current.key;
}

function drawn(authority: Authority, purpose: string): Secret<string> {
  return drawnBy(authority.current.key, purpose);
}

function drawnBy(key: Secret<string>, purpose: string): Secret<string> {
  const bytes = hkdfSync('sha256', key.reveal(), '', purpose, secretBytes);
  return new Secret(Buffer.from(bytes).toString('base64'));
}
