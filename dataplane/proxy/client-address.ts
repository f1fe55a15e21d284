import { isIP } from 'node:net';
import { oneSpelling } from '#dataplane/http/address.ts';
import type { Client } from '#dataplane/http/exchange.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { AddressRule, ClientRules } from '#dataplane/runtime.ts';

/** For a request on a port that the runtime has no more. */
export const unservedRules: Pick<ClientRules, 'address' | 'forwarded'> = {
  address: { kind: 'Connection' },
  forwarded: { xForwarded: 'Replace', forwarded: 'Remove' },
};

/**
 * The client whose request this is: who opened the connection, or, where a rule says whom to believe, who stands in
 * X-Forwarded-For. Read from its end, where those stand whom we know; what cannot be read ends the search, and the
 * last one that could be is taken.
 *
 * Hot path: the very same object where no rule says otherwise.
 */
export function clientOf(fields: Fields, client: Client, rule: AddressRule): Client {
  if (rule.kind === 'Connection') return client;
  const told = fields.joined('x-forwarded-for')?.split(',') ?? [];
  const address =
    rule.kind === 'Hops' ? byHops(told, client.address, rule.hops) : bySources(told, client.address, rule);
  return address === client.address ? client : { ...client, address, port: 0 };
}

/**
 * Whether an address is that of a proxy whom we believe, and of no client: what is said of clients holds not for it, however
 * many of them come by it. So nothing that a client writes into its head is ever taken for a word about the proxy.
 */
export function isTrustedHop(
  { address, peer, port }: Pick<Client, 'address' | 'peer' | 'port'>,
  { address: rule, proxyProtocol }: Pick<ClientRules, 'address' | 'proxyProtocol'>,
): boolean {
  if (address === peer && proxyProtocol?.trusts(peer) === true) return true;
  switch (rule.kind) {
    case 'Connection':
      return false;
    case 'Hops':
      // whom a header tells has no port
      return port !== 0;
    case 'Sources':
      return rule.trusts(address);
    default:
      return rule satisfies never;
  }
}

/** With one trusted hop, the connection itself, the client is the last of the list; with two the last but one. */
function byHops(told: readonly string[], peer: string, hops: number): string {
  let address = peer;
  for (let hop = 1; hop <= hops; hop += 1) {
    const next = addressIn(told.at(-hop));
    if (next === null) break;
    address = next;
  }
  return address;
}

function bySources(
  told: readonly string[],
  peer: string,
  { trusts }: AddressRule & { kind: 'Sources' },
): string {
  let address = peer;
  for (let hop = 1; trusts(address); hop += 1) {
    const next = addressIn(told.at(-hop));
    if (next === null) break;
    address = next;
  }
  return address;
}

/** `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`; null for all else. */
function addressIn(member: string | undefined): string | null {
  const parts = memberPattern.exec(member ?? '')?.groups;
  const address = parts?.['bracketed'] ?? parts?.['ipv4'] ?? parts?.['plain'] ?? '';
  switch (isIP(address)) {
    case 4:
      return address;
    case 6:
      return parts?.['ipv4'] === undefined ? oneSpelling(address) : null;
    default:
      return null;
  }
}

const memberPattern =
  /^[ \t]*(?:\[(?<bracketed>[0-9A-Fa-f:.]{2,45})\](?::[0-9]{1,5})?|(?<ipv4>[0-9.]{7,15})(?::[0-9]{1,5})?|(?<plain>[0-9A-Fa-f:.]{2,45}))[ \t]*$/u;
