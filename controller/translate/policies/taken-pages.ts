// Logins of two policies may have pages at one path of a host: the first of them answers there, and by the other nobody
// can log in. Which is first: of a route the farther level, then the earlier rule; of several routes as their rules
// with equal matches go (the more specific hostname, the older, the first by name).
import type { Authentication } from '#snapshot/authentication.ts';
import { gatewayOf, type GatewayKey, type ResourceId } from '#snapshot/ids.ts';
import type { AttachedHostname, Route } from '#snapshot/route.ts';
import { attachedRoutesUnit } from '../attached-routes.ts';
import { entryOf } from '../map-entry.ts';
import type { Read, Unit } from '../memo.ts';
import type { Problem } from '../problem.ts';
import { pagesOf } from './login-rules.ts';
import { placeNames, type PolicyModel } from './policy.ts';

/** What is wrong with a page of `policy` at `gateway` where another's login answers at its path; null where none does. */
export function takenPage(read: Read, gateway: GatewayKey, policy: PolicyModel): Problem | null {
  const login = policy.resources.find((one) => one.kind === 'Authentication' && pagesOf(one).length > 0);
  if (login === undefined) {
    return null;
  }
  const { namespace, name } = gatewayOf(gateway);
  const taken = read.ask(takenPageUnit, namespace, name, login.id);
  if (taken === null) {
    return null;
  }
  const rules = policy.layer === 'Rules' ? placeNames.Rules : `${placeNames[policy.layer]}.rules`;
  return { kind: 'LoginPathTaken', ...taken, field: `${rules}.${taken.field}` };
}

/** A page that another policy has. */
interface TakenPage {
  /** Behind the place of the rules. */
  readonly field: string;
  readonly path: string;
  /** `''` for any. */
  readonly host: string;
  /** Title of the policy whose login answers, and the route by which it does. */
  readonly by: string;
  readonly route: string;
}

/** The first page of each login at the Gateway of a namespace and name that is another's, by the Authentication's id. */
const takenPagesUnit: Unit<ReadonlyMap<ResourceId, TakenPage>> = {
  name: 'taken pages',
  compute(read, namespace = '', name = '') {
    const first = new Map<string, { readonly login: Authentication; readonly route: string }>();
    const taken = new Map<ResourceId, TakenPage>();
    for (const { route, listener, hostname, logins } of sites(read, namespace, name)) {
      const host = hostname.serves;
      const held = route.rules.flatMap(({ authentications }) =>
        authentications.flatMap((id) => logins.get(id) ?? []),
      );
      for (const { login, field, path } of held.flatMap((login) =>
        pagesOf(login).map((page) => ({ login, ...page })),
      )) {
        const key = JSON.stringify([listener, host, path]);
        const holder = first.get(key) ?? { login, route: route.name };
        first.set(key, holder);
        if (holder.login.id === login.id || taken.has(login.id)) continue;
        const by = `AuthPolicy ${holder.login.policy}`;
        taken.set(login.id, { field, path, host, by, route: holder.route });
      }
    }
    return taken;
  },
};

const takenPageUnit = entryOf<TakenPage | null>('taken page', takenPagesUnit, null);

/** A host of a route with logins. */
interface Site {
  readonly route: Route;
  readonly listener: ResourceId;
  readonly hostname: AttachedHostname;
  readonly logins: ReadonlyMap<ResourceId, Authentication>;
}

/** In the order in which their rules are tried. */
function sites(read: Read, namespace: string, name: string): readonly Site[] {
  return read
    .ask(attachedRoutesUnit, namespace, name)
    .flatMap(({ routes, resources }) => {
      const logins = new Map(
        resources.flatMap((one) =>
          one.kind === 'Authentication' && pagesOf(one).length > 0 ? [[one.id, one] as const] : [],
        ),
      );
      if (logins.size === 0) {
        return [];
      }
      return routes.flatMap((route) =>
        route.attachments.flatMap(({ listener, hostnames }) =>
          hostnames.map((hostname) => ({ route, listener, hostname, logins })),
        ),
      );
    })
    .sort(
      (one, other) =>
        specificity(one) - specificity(other) ||
        other.hostname.own.length - one.hostname.own.length ||
        one.route.createdMs - other.route.createdMs ||
        (one.route.name < other.route.name ? -1 : 1),
    );
}

function specificity({ hostname: { own } }: Site): number {
  return own === '' ? 2 : own.startsWith('*') ? 1 : 0;
}
