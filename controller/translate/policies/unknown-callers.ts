// A limit may go by who calls where nothing finds that out.
import { gatewayOf, type GatewayKey, type ResourceId } from '#snapshot/ids.ts';
import type { RateLimit } from '#snapshot/rate-limit.ts';
import { attachedRoutesUnit } from '../attached-routes.ts';
import { entryOf } from '../map-entry.ts';
import type { Read, Unit } from '../memo.ts';
import { enumeration } from '../words.ts';
import type { PolicyModel, Remark } from './policy.ts';

/** A word on the routes of `gateway` where `policy` goes by who calls and no AuthPolicy holds; null for none. */
export function unknownCallers(read: Read, gateway: GatewayKey, policy: PolicyModel): Remark | null {
  const ids = new Map<ResourceId, string>();
  for (const one of policy.resources) {
    if (one.kind === 'RateLimit' && goesByCaller(one)) ids.set(one.id, one.name.split('/').at(-1) ?? '');
  }
  if (ids.size === 0) return null;
  const { namespace, name } = gatewayOf(gateway);
  const routes = new Set<string>();
  const rules = new Set<string>();
  for (const [id, rule] of ids) {
    for (const route of read.ask(unguardedUnit, namespace, name, id)) {
      rules.add(rule);
      routes.add(route);
    }
  }
  if (routes.size === 0) return null;
  const message = `No AuthPolicy holds for ${enumeration([...routes].sort())}, so nobody is known there, and rule ${[...rules].sort().join(', ')} goes by who calls; add an AuthPolicy, or count by something else.`;
  return { reason: 'CallersUnknown', message };
}

/** Names of the routes with rules that have a limit and no AuthPolicy, by the limit. */
const unguardedByLimitUnit: Unit<ReadonlyMap<ResourceId, readonly string[]>> = {
  name: 'unguarded routes',
  compute(read, ...gateway) {
    const found = new Map<ResourceId, Set<string>>();
    for (const route of read.ask(attachedRoutesUnit, ...gateway).flatMap((one) => one.routes)) {
      const open = route.rules.filter(({ authentications }) => authentications.length === 0);
      for (const id of new Set(open.flatMap(({ rateLimits }) => rateLimits))) {
        found.getOrInsertComputed(id, () => new Set()).add(route.name);
      }
    }
    return new Map([...found].map(([id, routes]) => [id, [...routes]]));
  },
};

const unguardedUnit = entryOf('unguarded routes of a limit', unguardedByLimitUnit, []);

function goesByCaller({ key, exempt }: RateLimit): boolean {
  return key.kind === 'Claim' || key.kind === 'Consumer' || exempt.consumers.length > 0;
}
