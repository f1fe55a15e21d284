import { hash } from 'node:crypto';
import type { HTTPRouteRule } from '#crds/gateway-api.ts';
import { durationMs } from '#crds/fields.ts';
import type { TrafficSettings } from '#crds/traffic-settings.ts';
import { isReservedField } from '#snapshot/reserved-fields.ts';
import type { RouteMatch } from '#snapshot/route.ts';
import type { Persistence, SessionCarrier } from '#snapshot/sessions.ts';
import type { ObjectRef } from '../translation.ts';

/** What a rule's cookie is called and where it is sent, if nobody says otherwise. */
export interface CookieDefaults {
  readonly name: string;
  readonly path: string;
}

/** A name that no other rule's cookie has, which would else take its place; and the one prefix of the rule, or `/`. */
export function cookieDefaults(
  route: ObjectRef,
  rule: string,
  matches: readonly RouteMatch[],
): CookieDefaults {
  const title = `${route.kind}/${route.namespace}/${route.name} ${rule}`;
  const [first, ...others] = new Set(matches.map(({ path: { kind, value } }) => `${kind} ${value}`));
  const prefix = others.length === 0 ? /^Prefix (\/.*)$/.exec(first ?? '')?.[1] : undefined;
  return {
    name: `turnpike-${hash('sha256', title).slice(0, 12)}`,
    path: prefix !== undefined && isCookiePath(prefix) ? prefix : '/',
  };
}

/** As a TrafficPolicy tells it. */
export function policyPersistence(
  given: NonNullable<TrafficSettings['sessionPersistence']>,
  defaults: CookieDefaults,
): Persistence {
  return {
    carrier:
      given.type === 'Header'
        ? { kind: 'Header', name: given.header.name.toLowerCase() }
        : cookieOf(given.cookie, defaults),
    absoluteMs: msOf(given.absoluteTimeout),
    idleMs: msOf(given.idleTimeout),
  };
}

/** As an HTTPRoute's rule tells it; null, and the fields, where that cannot be done or nothing is said. */
export function routePersistence(
  given: HTTPRouteRule['sessionPersistence'],
  defaults: CookieDefaults,
): { readonly persistence: Persistence | null; readonly ignored: readonly string[] } {
  if (given === undefined) return { persistence: null, ignored: [] };
  const { type, cookie, header, cookieConfig, sessionName, absoluteTimeout, idleTimeout } = given;
  const carrier: SessionCarrier =
    type === 'Header'
      ? { kind: 'Header', name: (header?.name ?? sessionName ?? defaults.name).toLowerCase() }
      : cookieOf(
          { ...cookieConfig, ...(sessionName === undefined ? {} : { name: sessionName }), ...cookie },
          defaults,
        );
  const wrong = wrongField(carrier, cookie === undefined && header === undefined ? 'sessionName' : null);
  return wrong === null
    ? { persistence: { carrier, absoluteMs: msOf(absoluteTimeout), idleMs: msOf(idleTimeout) }, ignored: [] }
    : { persistence: null, ignored: [`sessionPersistence.${wrong}`] };
}

/** The field that cannot be as it is; until 1.6 a name could be anything, and a path still can. */
function wrongField(carrier: SessionCarrier, named: 'sessionName' | null): string | null {
  if (carrier.kind === 'Header') {
    return isToken(carrier.name) && !isReservedField(carrier.name) ? null : (named ?? 'header.name');
  }
  if (!isToken(carrier.name)) return named ?? 'cookie.name';
  return isCookiePath(carrier.path) ? null : 'cookie.path';
}

function cookieOf(
  given: { readonly name?: string; readonly path?: string; readonly lifetimeType?: 'Session' | 'Permanent' },
  defaults: CookieDefaults,
): SessionCarrier {
  const { name = defaults.name, path = defaults.path, lifetimeType: lifetime = 'Session' } = given;
  return { kind: 'Cookie', name, path, lifetime };
}

function msOf(duration: string | undefined): number {
  return duration === undefined ? 0 : durationMs(duration);
}

function isToken(name: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name);
}

/** Without `;`, which would begin an attribute (RFC 6265 section 4.1.1). */
function isCookiePath(path: string): boolean {
  return /^\/[!-:<-~]{0,1023}$/.test(path);
}
