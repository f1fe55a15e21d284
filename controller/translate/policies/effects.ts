import { gatewayOf, resourceId, type GatewayKey, type ResourceId } from '#snapshot/ids.ts';
import { attachedRoutesUnit } from '../attached-routes.ts';
import type { Read, Unit } from '../memo.ts';
import { gatewayClientsUnit } from './client-settings.ts';
import type { PortsEffect } from './port-policies.ts';
import { gatewayProtectionsUnit } from './protections.ts';

/** How a policy fares at one Gateway, over all rules of all routes it concerns there. */
export interface Effect {
  /** Rules where all of it holds. */
  readonly whole: number;
  /** Rules where some of it, or nothing, holds. */
  readonly aside: number;
  readonly nothing: number;
  /** Titles of the policies that put it aside. */
  readonly by: readonly string[];
  /** What of it holds where, in words; `''` where that is not told. */
  readonly told: string;
  /** Resources in which it is told to data planes beside its own. */
  readonly resources: readonly ResourceId[];
}

const none: Effect = Object.freeze({
  whole: 0,
  aside: 0,
  nothing: 0,
  by: Object.freeze([]),
  told: '',
  resources: Object.freeze([]),
});

/** An effect while it is summed up: thousands of rules may put one policy aside, each by a policy of its own. */
interface Sum {
  whole: number;
  aside: number;
  nothing: number;
  readonly by: Set<string>;
}

/** Effects at the Gateway of a namespace and name, by the policy's title. */
const effectsUnit: Unit<ReadonlyMap<string, Effect>> = {
  name: 'effects',
  compute(read, namespace = '', name = '') {
    const sums = new Map<string, Sum>();
    for (const route of read.ask(attachedRoutesUnit, namespace, name)) {
      for (const { policy, outcome, asideFor } of route.effects) {
        const sum = sums.getOrInsertComputed(policy, () => ({
          whole: 0,
          aside: 0,
          nothing: 0,
          by: new Set(),
        }));
        if (outcome === 'Holds') sum.whole += 1;
        else sum.aside += 1;
        if (outcome === 'Aside') sum.nothing += 1;
        for (const title of asideFor) sum.by.add(title);
      }
    }
    return new Map([...sums].map(([policy, sum]) => [policy, { ...none, ...sum, by: [...sum.by].sort() }]));
  },
};

/** How the policy of a title fares at `gateway`. */
export function effectAt(read: Read, gateway: GatewayKey, policy: string): Effect {
  const { namespace, name } = gatewayOf(gateway);
  return read.ask(effectUnit, namespace, name, policy);
}

/** A unit of its own, so that a policy rests while only others' effects change. */
const effectUnit: Unit<Effect> = {
  name: 'effect',
  compute(read, namespace = '', name = '', policy = '') {
    const ofClients = read.ask(gatewayClientsUnit, namespace, name).effects.get(policy);
    if (ofClients !== undefined) {
      return portsEffect('ClientSettings', ofClients);
    }
    const ofProtections = read.ask(gatewayProtectionsUnit, namespace, name).effects.get(policy);
    return ofProtections === undefined
      ? (read.ask(effectsUnit, namespace, name).get(policy) ?? none)
      : portsEffect('Protection', ofProtections);
  },
};

/** That of a policy for ports, over those it concerns, which data planes are told in resources of `kind`. */
function portsEffect(kind: 'ClientSettings' | 'Protection', { ports, by }: PortsEffect): Effect {
  const holding = ports.filter((one) => one.groups.length > 0);
  return {
    whole: ports.filter((one) => one.aside === 0).length,
    aside: ports.filter((one) => one.aside > 0).length,
    nothing: ports.length - holding.length,
    by,
    told: holding.map(({ port, groups }) => `Port ${String(port)}: ${groups.join(', ')}.`).join(' '),
    resources: holding.map(({ port }) => resourceId(kind, String(port))),
  };
}
