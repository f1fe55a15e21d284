import { Protecting } from '#dataplane/protect/protecting.ts';
import type { Refusals } from '#dataplane/protect/policy-counts.ts';
import type { PortGuard } from '#dataplane/runtime.ts';
import { resourceId } from '#snapshot/ids.ts';
import {
  protectionDefaults,
  type ConnectionFloods,
  type Protection,
  type RequestFloods,
} from '#snapshot/protection.ts';

/** A protection of port 80 from nothing but what is told. */
export function aProtection(parts: Partial<Protection>): Protection {
  return {
    kind: 'Protection',
    id: resourceId('Protection', '80'),
    port: 80,
    ...protectionDefaults,
    ...parts,
  };
}

/** Of policy default/edge: by default no limit at all. */
export function connectionFloods(parts: Partial<ConnectionFloods>): ConnectionFloods {
  return {
    policy: 'default/edge',
    prefixes: { ipv4Prefix: 32, ipv6Prefix: 64 },
    opened: null,
    openMax: 0,
    mode: 'Enforce',
    ...parts,
  };
}

/** The same of requests: one in an hour by default. */
export function requestFloods(parts: Partial<RequestFloods>): RequestFloods {
  return {
    policy: 'default/edge',
    prefixes: { ipv4Prefix: 32, ipv6Prefix: 64 },
    rate: { count: 1, windowMs: 3_600_000, burst: 1 },
    mode: 'Enforce',
    ...parts,
  };
}

export interface GivenProtecting {
  readonly protecting: Protecting;
  /** What was told of. */
  readonly told: readonly Refusals[];
  readonly clock: { ms: number };
  readonly guard: (parts: Partial<Protection>) => PortGuard;
}

/** One whose clock goes when it is set. */
export function givenProtecting(addressesMax = 4096): GivenProtecting {
  const clock = { ms: 1_000_000 };
  const told: Refusals[] = [];
  const protecting = new Protecting({
    now: () => clock.ms,
    onRefusals: (refusals) => void told.push(refusals),
    addressesMax,
  });
  return { protecting, told, clock, guard: (parts) => protecting.guardFor(aProtection(parts)) };
}
