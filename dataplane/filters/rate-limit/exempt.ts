import type { Exchange } from '#dataplane/http/exchange.ts';
import { networks } from '#dataplane/http/networks.ts';
import type { Exempt } from '#snapshot/rate-limit.ts';

/** Whether a rule does not count the client of a request; null where it counts all. */
export function exemptReader({ addresses, consumers }: Exempt): ((exchange: Exchange) => boolean) | null {
  if (addresses.length === 0 && consumers.length === 0) return null;
  const isIn = networks(addresses);
  const names = new Set(consumers);
  return ({ client, identity }) =>
    (addresses.length > 0 && isIn(client.address)) || (identity !== null && names.has(identity.consumer));
}
