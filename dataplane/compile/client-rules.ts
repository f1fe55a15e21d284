import { networks } from '#dataplane/http/networks.ts';
import type { AddressRule, ClientRules as ReadyRules } from '#dataplane/runtime.ts';
import { clientDefaults } from '#snapshot/client-defaults.ts';
import type { ClientAddress, ClientRules, ClientSettings } from '#snapshot/client-settings.ts';
import type { Made } from './carry-over.ts';

/** The rules of a port for which the snapshot has no settings. */
export const defaultClientRules: ReadyRules = clientRules(clientDefaults);

/** The rules of the port that `settings` are for. */
export function portClients(settings: ClientSettings): Made<readonly [port: number, rules: ReadyRules]> {
  try {
    return { ok: true, value: [settings.port, clientRules(settings)] };
  } catch (error) {
    return { ok: false, reason: `a network that cannot be read: ${String(error)}` };
  }
}

/** The rules of a port's clients, made ready: networks become a search that takes no longer for many of them. */
export function clientRules(settings: ClientRules): ReadyRules {
  const { limits, clientAddress, forwarded, proxyProtocol, protocols, http2, grpcWeb } = settings;
  return Object.freeze({
    limits,
    address: addressRule(clientAddress),
    forwarded,
    proxyProtocol:
      proxyProtocol === null
        ? null
        : Object.freeze({ mode: proxyProtocol.mode, trusts: networks(proxyProtocol.sources) }),
    protocols,
    http2,
    grpcWeb,
  });
}

function addressRule(address: ClientAddress): AddressRule {
  switch (address.kind) {
    case 'Connection':
    case 'Hops':
      return address;
    case 'Sources':
      return Object.freeze({ kind: 'Sources', trusts: networks(address.sources) });
    default:
      return address satisfies never;
  }
}
