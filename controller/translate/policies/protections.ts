// Which ProtectionPolicies hold at a Gateway: for each port its listeners' or the Gateway's own, group by group.
import { durationMs } from '#crds/fields.ts';
import type { ProtectionGroups } from '#crds/protection-settings.ts';
import { resourceId } from '#snapshot/ids.ts';
import {
  protectionDefaults,
  type BanRules,
  type BotMatch,
  type BotRules,
  type ConnectionFloods,
  type Protection,
  type Reputation,
  type RequestFloods,
} from '#snapshot/protection.ts';
import { gatewayUnit } from '../gateway.ts';
import type { Unit } from '../memo.ts';
import {
  holderOf,
  portEffects,
  portJudgements,
  portPolicies,
  type PortHolders,
  type PortsEffect,
} from './port-policies.ts';
import { protectionPolicyUnit, type ProtectionModel } from './protection-policy.ts';

/** What ProtectionPolicies say at a Gateway. */
export interface GatewayProtections {
  /** One for each port at which a policy says something. */
  readonly protections: readonly Protection[];
  /** By the policy's title. */
  readonly effects: ReadonlyMap<string, PortsEffect>;
}

/** Where ProtectionPolicies come from. */
export const protectionPolicies = portPolicies('ProtectionPolicy', protectionPolicyUnit);

const nothing: GatewayProtections = Object.freeze({ protections: [], effects: new Map() });

/** The protections of the Gateway of a namespace and name. */
export const gatewayProtectionsUnit: Unit<GatewayProtections> = {
  name: 'protections',
  compute(read, namespace = '', name = '') {
    const gateway = read.ask(gatewayUnit, namespace, name);
    if (gateway === null) {
      return nothing;
    }
    const ports = read.ask(protectionPolicies.holders, namespace, name);
    return {
      protections: ports.flatMap((one) => protectionOf(one) ?? []),
      effects: portEffects(ports.flatMap(portJudgements)),
    };
  },
};

function protectionOf({ port, holders }: PortHolders<ProtectionModel>): Protection | null {
  if (holders.length === 0) {
    return null;
  }
  const holder = (group: keyof ProtectionGroups) => holderOf(holders, group);
  return {
    kind: 'Protection',
    id: resourceId('Protection', String(port)),
    port,
    ...protectionDefaults,
    connections: connectionFloods(holder('connections')),
    bans: banRules(holder('bans')),
    requests: requestFloods(holder('requests')),
    bots: botRules(holder('bots')),
    reputation: reputation(holder('reputation')),
    exempt: holder('exempt')?.settings.exempt?.addresses ?? protectionDefaults.exempt,
  };
}

function banRules(policy: ProtectionModel | null): BanRules | null {
  const rules = policy?.settings.bans;
  if (policy === null || rules === undefined) {
    return null;
  }
  return {
    policy: `${policy.namespace}/${policy.name}`,
    rules: rules.map(({ name, statuses, answers, window, duration, mode }) => ({
      name,
      statuses,
      answers,
      windowMs: durationMs(window),
      durationMs: durationMs(duration),
      mode,
    })),
  };
}

function reputation(policy: ProtectionModel | null): readonly Reputation[] {
  if (policy === null) {
    return protectionDefaults.reputation;
  }
  const title = `${policy.namespace}/${policy.name}`;
  return policy.reputation.map((rule) => ({ policy: title, ...rule }));
}

function requestFloods(policy: ProtectionModel | null): RequestFloods | null {
  const group = policy?.settings.requests;
  if (policy === null || group === undefined) {
    return null;
  }
  const { requests: count, window, burst, ipv4Prefix, ipv6Prefix } = group.perAddress;
  return {
    policy: `${policy.namespace}/${policy.name}`,
    prefixes: { ipv4Prefix, ipv6Prefix },
    rate: { count, windowMs: durationMs(window), burst: burst ?? count },
    mode: group.mode,
  };
}

function botRules(policy: ProtectionModel | null): BotRules | null {
  const bots = policy?.settings.bots;
  if (policy === null || bots === undefined || bots.length === 0) {
    return null;
  }
  return {
    policy: `${policy.namespace}/${policy.name}`,
    rules: bots.map((bot) => {
      const { name, header, action, mode } = bot;
      return { name, header: header.toLowerCase(), match: matchOf(bot), action, mode };
    }),
  };
}

function matchOf(bot: NonNullable<ProtectionGroups['bots']>[number]): BotMatch {
  switch (bot.type) {
    case 'Missing':
      return { kind: 'Missing' };
    case 'Values':
      return { kind: 'Values', values: bot.values };
    case 'Regex':
      return { kind: 'Regex', regex: bot.regex };
    default:
      return bot satisfies never;
  }
}

function connectionFloods(policy: ProtectionModel | null): ConnectionFloods | null {
  const group = policy?.settings.connections;
  if (policy === null || group === undefined) {
    return null;
  }
  const { opened, window, burst, maxOpen, ipv4Prefix, ipv6Prefix } = group.perAddress;
  return {
    policy: `${policy.namespace}/${policy.name}`,
    prefixes: { ipv4Prefix, ipv6Prefix },
    opened:
      opened === undefined
        ? null
        : { count: opened, windowMs: durationMs(window ?? ''), burst: burst ?? opened },
    openMax: maxOpen ?? 0,
    mode: group.mode,
  };
}
