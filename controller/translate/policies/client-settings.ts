// Which ClientPolicies hold at a Gateway: for each port one of its listeners' or the Gateway's own, group by group,
// since a connection does not say at first which listener it is for; `tls` for each listener.
import type { ClientGroups } from '#crds/client-settings.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { ClientSettings } from '#snapshot/client-settings.ts';
import { gatewayUnit, type GatewayModel } from '../gateway.ts';
import type { ListenerShape } from '../listeners.ts';
import type { Read, Unit } from '../memo.ts';
import { clientPolicyUnit, type ClientModel } from './client-policy.ts';
import { clientRules } from './client-rules.ts';
import { levelsAt } from './levels.ts';
import { policyTitle } from './policy.ts';

/** What ClientPolicies say of a Gateway's clients. */
export interface GatewayClients {
  /** One for each port at which a policy says something. */
  readonly settings: readonly ClientSettings[];
  /** By listener. */
  readonly tls: ReadonlyMap<string, NonNullable<ClientGroups['tls']>>;
  /** By the policy's title. */
  readonly effects: ReadonlyMap<string, ClientEffect>;
}

/** What of a policy holds at a Gateway. */
export interface ClientEffect {
  /** By port: groups that hold, and how many do not. */
  readonly ports: readonly PortEffect[];
  /** Titles of the policies that put it aside. */
  readonly by: readonly string[];
}

interface PortEffect {
  readonly port: number;
  readonly groups: readonly string[];
  readonly aside: number;
}

/** A group that holds at a port, or for a listener of it, or that does not for another policy's sake. */
interface Judgement {
  readonly policy: ClientModel;
  readonly port: number;
  readonly group: string;
  readonly asideFor: ClientModel | null;
}

const nothing: GatewayClients = Object.freeze({ settings: [], tls: new Map(), effects: new Map() });

/** The clients of the Gateway of a namespace and name. */
export const gatewayClientsUnit: Unit<GatewayClients> = {
  name: 'clients',
  compute(read, namespace = '', name = '') {
    const gateway = read.ask(gatewayUnit, namespace, name);
    if (gateway === null) {
      return nothing;
    }
    const ofGateway = policyAt(read, gateway, '');
    const ports = Map.groupBy(
      gateway.listeners.filter((one) => one.problem === null),
      (one) => one.port,
    );
    const found = [...ports].map(([port, listeners]) => {
      const own = listeners.map((listener) => ({ listener, policy: policyAt(read, gateway, listener.name) }));
      return portClients(port, own, ofGateway);
    });
    return {
      settings: found.flatMap((one) => one.settings ?? []),
      tls: new Map(found.flatMap((one) => one.tls)),
      effects: effectsOf(found.flatMap((one) => one.judgements)),
    };
  },
};

/** The policy that holds for the port of a Gateway's listener, when it is another listener's. */
export function portRival(read: Read, gateway: GatewayModel, listener: string): ClientModel | null {
  const own = gateway.listeners.find((one) => one.name === listener);
  const policy = policyAt(read, gateway, listener);
  if (own === undefined || policy === null || !saysOfPort(policy)) {
    return null;
  }
  const policies = gateway.listeners
    .filter((one) => one.port === own.port && one.problem === null)
    .map((one) => policyAt(read, gateway, one.name));
  const first = policies.find((one) => one !== null && saysOfPort(one)) ?? null;
  return first === null || first === policy ? null : first;
}

function policyAt(read: Read, { namespace, name }: GatewayModel, section: string): ClientModel | null {
  const place = { kind: 'Gateway', namespace, name, section } as const;
  const [found] = levelsAt(read, { kind: 'ClientPolicy', unit: clientPolicyUnit }, [place]).flat();
  // One that cannot be read is as if it were not there.
  return found === undefined || found.closes !== null ? null : found;
}

function saysOfPort({ parts }: ClientModel): boolean {
  return parts.some(({ name }) => name !== 'tls');
}

interface Owned {
  readonly listener: ListenerShape;
  readonly policy: ClientModel | null;
}

function portClients(port: number, own: readonly Owned[], ofGateway: ClientModel | null) {
  const ofPort = own.map(({ policy }) => policy).find((one) => one !== null && saysOfPort(one)) ?? null;
  const groups = { ...ofGateway?.settings, ...ofPort?.settings };
  const says = [ofGateway, ofPort].some((one) => one !== null && saysOfPort(one));
  const settings: ClientSettings | null = says
    ? {
        kind: 'ClientSettings',
        id: resourceId('ClientSettings', String(port)),
        port,
        ...clientRules(groups, ofGateway?.settings ?? {}),
      }
    : null;
  const tls = own.flatMap(({ listener, policy }) => {
    const held = policy?.settings.tls ?? ofGateway?.settings.tls;
    return held === undefined || listener.protocol !== 'HTTPS' ? [] : [[listener.name, held] as const];
  });
  return { settings, tls, judgements: judgementsOf(port, { own, ofPort, ofGateway }) };
}

function judgementsOf(
  port: number,
  {
    own,
    ofPort,
    ofGateway,
  }: {
    readonly own: readonly Owned[];
    readonly ofPort: ClientModel | null;
    readonly ofGateway: ClientModel | null;
  },
): readonly Judgement[] {
  const judge = (policy: ClientModel, winner: ClientModel | null, group: string): Judgement => ({
    policy,
    port,
    group,
    asideFor: winner === null || winner === policy || !hasGroup(winner, group) ? null : winner,
  });
  const policies = new Set([ofGateway, ...own.map((one) => one.policy)].filter((one) => one !== null));
  const ofSocket = [...policies].flatMap((policy) =>
    groupsOf(policy)
      .filter((group) => group !== 'tls')
      .map((group) => judge(policy, ofPort, group)),
  );
  const ofHandshake = own
    .filter(({ listener }) => listener.protocol === 'HTTPS')
    .flatMap(({ policy }) =>
      [ofGateway, policy].flatMap((one) =>
        one !== null && hasGroup(one, 'tls') ? [judge(one, policy, 'tls')] : [],
      ),
    );
  return [...ofSocket, ...ofHandshake];
}

function groupsOf({ parts }: ClientModel): readonly string[] {
  return parts.map(({ name }) => name);
}

function hasGroup(policy: ClientModel, group: string): boolean {
  return groupsOf(policy).includes(group);
}

function effectsOf(judgements: readonly Judgement[]): ReadonlyMap<string, ClientEffect> {
  const byPolicy = Map.groupBy(judgements, ({ policy }) => policyTitle(policy));
  return new Map(
    [...byPolicy].map(([title, mine]) => [
      title,
      {
        ports: [...Map.groupBy(mine, ({ port }) => port)].map(([port, here]) => ({
          port,
          groups: [...new Set(here.filter((one) => one.asideFor === null).map((one) => one.group))].sort(),
          aside: here.filter((one) => one.asideFor !== null).length,
        })),
        by: [
          ...new Set(mine.flatMap(({ asideFor }) => (asideFor === null ? [] : [policyTitle(asideFor)]))),
        ].sort(),
      },
    ]),
  );
}
