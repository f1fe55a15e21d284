// Which ClientPolicies hold at a Gateway: for each port its listeners' or the Gateway's own, `tls` for each listener.
import type { ClientGroups } from '#crds/client-settings.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { ClientSettings } from '#snapshot/client-settings.ts';
import { gatewayUnit } from '../gateway.ts';
import { endsTls } from '../listeners.ts';
import type { Unit } from '../memo.ts';
import { clientPolicyUnit, type ClientModel } from './client-policy.ts';
import { clientRules } from './client-rules.ts';
import {
  hasGroup,
  holderOf,
  judgementOf,
  portEffects,
  portJudgements,
  portPolicies,
  saysOfPort,
  type Judgement,
  type PortHolders,
  type PortsEffect,
} from './port-policies.ts';

/** What ClientPolicies say of a Gateway's clients. */
export interface GatewayClients {
  /** One for each port at which a policy says something. */
  readonly settings: readonly ClientSettings[];
  /** By the listener's key. */
  readonly tls: ReadonlyMap<string, NonNullable<ClientGroups['tls']>>;
  /** By the policy's title. */
  readonly effects: ReadonlyMap<string, PortsEffect>;
}

/** Where ClientPolicies come from. */
export const clientPolicies = portPolicies('ClientPolicy', clientPolicyUnit);

const nothing: GatewayClients = Object.freeze({ settings: [], tls: new Map(), effects: new Map() });

/** The clients of the Gateway of a namespace and name. */
export const gatewayClientsUnit: Unit<GatewayClients> = {
  name: 'clients',
  compute(read, namespace = '', name = '') {
    const gateway = read.ask(gatewayUnit, namespace, name);
    if (gateway === null) {
      return nothing;
    }
    const ports = read.ask(clientPolicies.holders, namespace, name);
    return {
      settings: ports.flatMap((one) => settingsOf(one) ?? []),
      tls: new Map(ports.flatMap(tlsOf)),
      effects: portEffects(ports.flatMap((one) => [...portJudgements(one), ...handshakeJudgements(one)])),
    };
  },
};

type Holders = PortHolders<ClientModel>;

function settingsOf({ port, holders, ofGateway }: Holders): ClientSettings | null {
  const groups = Object.assign({}, ...holders.map(({ settings }) => settings)) as ClientGroups;
  return holders.some((one) => saysOfPort(one))
    ? {
        kind: 'ClientSettings',
        id: resourceId('ClientSettings', String(port)),
        port,
        ...clientRules(groups, ofGateway?.settings ?? {}),
      }
    : null;
}

function tlsOf({ own }: Holders) {
  return own.flatMap(({ listener, holders }) => {
    const held = holderOf(holders, 'tls')?.settings.tls;
    return held === undefined || !endsTls(listener) ? [] : [[listener.key, held] as const];
  });
}

function handshakeJudgements({ port, own }: Holders): readonly Judgement[] {
  return own
    .filter(({ listener }) => endsTls(listener))
    .flatMap(({ holders }) =>
      holders
        .filter((policy) => hasGroup(policy, 'tls'))
        .map((policy) => judgementOf({ policy, holders, port, group: 'tls' })),
    );
}
