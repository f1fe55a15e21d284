import { addresses } from './addresses.ts';

/** A Service of type LoadBalancer: the address it asks for, and the one it has. */
export type LoadBalancerService = {
  readonly uid: string;
  readonly requested: string | null;
  readonly assigned: string | null;
};

const hostsMax = 254;

/**
 * The address of each Service, or null for one that stays pending: an address outside the pools is given to nobody, and no
 * address to two. One that asks for none gets the lowest free one of the automatic pool. What a Service has it
 * keeps, as long as it does not ask for another.
 */
export function assignments(services: readonly LoadBalancerService[]): ReadonlyMap<string, string | null> {
  const taken = new Map<string, string>();
  for (const { uid, assigned, requested } of services) {
    if (assigned === null || taken.has(assigned)) continue;
    if (
      requested === null
        ? isIn(addresses.automaticPool, assigned)
        : requested === assigned && isKnown(assigned)
    )
      taken.set(assigned, uid);
  }
  const addressOf = new Map([...taken].map(([address, uid]) => [uid, address]));
  for (const { uid, requested } of services) {
    if (addressOf.has(uid)) continue;
    const address = requested === null ? firstFree(taken) : ifFree(requested, taken);
    if (address === undefined) continue;
    taken.set(address, uid);
    addressOf.set(uid, address);
  }
  return new Map(services.map(({ uid }) => [uid, addressOf.get(uid) ?? null]));
}

function ifFree(address: string, taken: ReadonlyMap<string, string>): string | undefined {
  return isKnown(address) && !taken.has(address) ? address : undefined;
}

function firstFree(taken: ReadonlyMap<string, string>): string | undefined {
  for (let host = 1; host <= hostsMax; host += 1) {
    const address = `${addresses.automaticPool}.${host}`;
    if (!taken.has(address)) return address;
  }
  return undefined;
}

function isKnown(address: string): boolean {
  return isIn(addresses.automaticPool, address) || isIn(addresses.onRequestPool, address);
}

function isIn(pool: string, address: string): boolean {
  const host = Number(address.slice(pool.length + 1));
  return Number.isInteger(host) && host >= 1 && host <= hostsMax && address === `${pool}.${host}`;
}
