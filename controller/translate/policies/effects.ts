import { gatewayOf, type GatewayKey } from '#snapshot/ids.ts';
import { attachedRoutesUnit } from '../gateway-snapshot.ts';
import type { Read, Unit } from '../memo.ts';

/** How a policy fares at one Gateway, over all rules of all routes it concerns there. */
export interface Effect {
  /** Rules where all of it holds. */
  readonly whole: number;
  /** Rules where some of it, or nothing, holds. */
  readonly aside: number;
  readonly nothing: number;
  /** Titles of the policies that put it aside. */
  readonly by: readonly string[];
}

const none: Effect = Object.freeze({ whole: 0, aside: 0, nothing: 0, by: Object.freeze([]) });

/** Effects at the Gateway of a namespace and name, by the policy's title. */
const effectsUnit: Unit<ReadonlyMap<string, Effect>> = {
  name: 'effects',
  compute(read, namespace = '', name = '') {
    const effects = new Map<string, Effect>();
    for (const route of read.ask(attachedRoutesUnit, namespace, name)) {
      for (const { policy, outcome, asideFor } of route.effects) {
        const sum = effects.get(policy) ?? none;
        effects.set(policy, {
          whole: sum.whole + (outcome === 'Holds' ? 1 : 0),
          aside: sum.aside + (outcome === 'Holds' ? 0 : 1),
          nothing: sum.nothing + (outcome === 'Aside' ? 1 : 0),
          by: [...new Set([...sum.by, ...asideFor])].sort(),
        });
      }
    }
    return effects;
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
    return read.ask(effectsUnit, namespace, name).get(policy) ?? none;
  },
};
