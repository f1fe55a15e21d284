// A limit may go by who calls where nothing finds that out.
import { gatewayOf, type GatewayKey, type ResourceId } from '#snapshot/ids.ts';
import type { RateLimit } from '#snapshot/rate-limit.ts';
import { attachedRoutesUnit } from '../attached-routes.ts';
import type { Read } from '../memo.ts';
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
  for (const route of read.ask(attachedRoutesUnit, namespace, name).flatMap((one) => one.routes)) {
    for (const { rateLimits, authentications } of route.rules) {
      if (authentications.length > 0) continue;
      for (const id of rateLimits) {
        const rule = ids.get(id);
        if (rule === undefined) continue;
        rules.add(rule);
        routes.add(route.name);
      }
    }
  }
  if (routes.size === 0) return null;
  const message = `No AuthPolicy holds for ${[...routes].sort().join(', ')}, so nobody is known there, and rule ${[...rules].sort().join(', ')} goes by who calls; add an AuthPolicy, or count by something else.`;
  return { reason: 'CallersUnknown', message };
}

function goesByCaller({ key, exempt }: RateLimit): boolean {
  return key.kind === 'Claim' || key.kind === 'Consumer' || exempt.consumers.length > 0;
}
