// Policies of settings that hold for whole ports, since a connection does not say at first which listener it is for:
// at each port those of one of its listeners, or of the Gateway, group by group. What stands in `tls` is the
// exception: it holds for each listener. A port is the Gateway's, or that ListenerSet's which has it first: no other
// set says anything of it. And what a Gateway says stands before what its ListenerSets say, who may be anybody's.
import { gatewayUnit } from '../gateway.ts';
import { gatewayListenersUnit } from '../listener-set.ts';
import { isSameParent, type ListenerParent, type ListenerShape } from '../listeners.ts';
import type { Read, Unit } from '../memo.ts';
import { levelsAt } from './levels.ts';
import { policyTitle, type PolicyKind, type PolicyModel } from './policy.ts';

/** The kinds of policy that hold for ports. */
export const portKinds = ['ClientPolicy', 'ProtectionPolicy'] as const satisfies readonly PolicyKind[];

/** The kind of a policy that holds for ports. */
export type PortKind = (typeof portKinds)[number];

/** A policy whose parts are groups of settings. */
export interface PortPolicy<Groups extends object> extends PolicyModel {
  readonly settings: Groups;
}

/** The policies of a kind, where they come from and where they are. */
export interface PortPolicies<Model extends PolicyModel> {
  readonly unit: Unit<Model | null>;
  /** At each port of the Gateway of a namespace and name. */
  readonly holders: Unit<readonly PortHolders<Model>[]>;
  /** The same by the places that listeners of the port stand in, and by their own: made once for all policies there. */
  readonly byPlace: Unit<ReadonlyMap<string, readonly PortHolders<Model>[]>>;
}

/** Those of `kind`, which `unit` answers. */
export function portPolicies<Model extends PolicyModel>(
  kind: PortKind,
  unit: Unit<Model | null>,
): PortPolicies<Model> {
  const holders: Unit<readonly PortHolders<Model>[]> = {
    name: `${kind} at ports`,
    compute: (read, ...gateway) => portHolders(read, gateway, { kind, unit }),
  };
  const byPlace: PortPolicies<Model>['byPlace'] = {
    name: `${kind} by place`,
    compute: (read, ...gateway) => placed(read.ask(holders, ...gateway)),
  };
  return { unit, holders, byPlace };
}

/** Where policies of a kind are looked for. */
interface Policies<Model extends PolicyModel> {
  readonly kind: PortKind;
  readonly unit: Unit<Model | null>;
}

/** The policies of one port. */
export interface PortHolders<Model extends PolicyModel> {
  readonly port: number;
  /** Whose port it is. */
  readonly owner: ListenerParent;
  readonly own: readonly Owned<Model>[];
  /** Those of the port as a whole: of two that have one group the later holds. */
  readonly holders: readonly Model[];
  readonly ofGateway: Model | null;
}

/** A listener and the policies that say how it shakes hands: of two that do, the later holds. */
export interface Owned<Model extends PolicyModel> {
  readonly listener: ListenerShape;
  /** Attached to it alone. */
  readonly policy: Model | null;
  readonly holders: readonly Model[];
}

/** What of a policy holds at a Gateway. */
export interface PortsEffect {
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
export interface Judgement {
  readonly policy: PolicyModel;
  readonly port: number;
  readonly group: string;
  readonly asideFor: PolicyModel | null;
}

/** The policies of a kind at each port of the Gateway of a namespace and name. */
function portHolders<Model extends PolicyModel>(
  read: Read,
  [namespace = '', name = '']: readonly string[],
  of: Policies<Model>,
): readonly PortHolders<Model>[] {
  if (read.ask(gatewayUnit, namespace, name) === null) {
    return [];
  }
  const ofGateway = policyAt(read, { kind: 'Gateway', namespace, name }, '', of);
  const ports = Map.groupBy(
    read.ask(gatewayListenersUnit, namespace, name).filter((one) => one.problem === null),
    (one) => one.port,
  );
  return [...ports].flatMap(([port, listeners]) => {
    const owner = listeners[0]?.parent;
    if (owner === undefined) {
      return [];
    }
    const own = listeners.map((listener): Owned<Model> => {
      const { parent } = listener;
      const policy = policyAt(read, parent, listener.name, of);
      const levels = [...(parent.kind === 'Gateway' ? [] : [policyAt(read, parent, '', of)]), policy];
      return { listener, policy, holders: ordered(parent, ofGateway, levels) };
    });
    const ofPort =
      own.find(
        ({ listener, policy }) =>
          isSameParent(listener.parent, owner) && policy !== null && saysOfPort(policy),
      )?.policy ?? null;
    const levels = [...(owner.kind === 'Gateway' ? [] : [policyAt(read, owner, '', of)]), ofPort];
    return [{ port, owner, own, holders: ordered(owner, ofGateway, levels), ofGateway }];
  });
}

/** From weak to strong: what a Gateway says gives way to its own listeners, and does not to those of sets. */
function ordered<Model extends PolicyModel>(
  { kind }: ListenerParent,
  ofGateway: Model | null,
  levels: readonly (Model | null)[],
): readonly Model[] {
  return (kind === 'Gateway' ? [ofGateway, ...levels] : [...levels, ofGateway]).filter((one) => one !== null);
}

/** Why a policy says nothing of a port. */
export type PortRival<Model extends PolicyModel> =
  /** Another listener's policy does. */
  | { readonly kind: 'Policy'; readonly port: number; readonly policy: Model }
  /** The port is another's. */
  | { readonly kind: 'Owner'; readonly port: number; readonly owner: ListenerParent };

function placed<Model extends PolicyModel>(
  ports: readonly PortHolders<Model>[],
): ReadonlyMap<string, readonly PortHolders<Model>[]> {
  const found = new Map<string, Set<PortHolders<Model>>>();
  for (const port of ports) {
    for (const { listener } of port.own) {
      for (const section of ['', listener.name]) {
        found.getOrInsertComputed(placeKey(listener.parent, section), () => new Set()).add(port);
      }
    }
  }
  return new Map([...found].map(([key, at]) => [key, [...at]]));
}

function placeKey({ kind, namespace, name }: ListenerParent, section: string): string {
  return `${kind}/${namespace}/${name}/${section}`;
}

/**
 * Why `policy`, that of a listener (`''`: of the ListenerSet `parent` as a whole), says nothing of any port, though it
 * would; null where it does.
 */
export function portRival<Model extends PolicyModel>(
  read: Read,
  gateway: { readonly namespace: string; readonly name: string },
  at: { readonly parent: ListenerParent; readonly section: string; readonly policy: Model | null },
  { byPlace }: Pick<PortPolicies<Model>, 'byPlace'>,
): PortRival<Model> | null {
  const { parent, section, policy } = at;
  if (policy === null || policy.closes !== null || !saysOfPort(policy)) {
    return null;
  }
  const concerned = read.ask(byPlace, gateway.namespace, gateway.name).get(placeKey(parent, section)) ?? [];
  const rivals = concerned.flatMap(({ port, owner, own, holders }): readonly PortRival<Model>[] => {
    if (!isSameParent(parent, owner)) {
      return [{ kind: 'Owner', port, owner }];
    }
    const first = own.find((one) => one.policy !== null && holders.includes(one.policy))?.policy;
    return section === '' ||
      first === undefined ||
      first === null ||
      policyTitle(first) === policyTitle(policy)
      ? []
      : [{ kind: 'Policy', port, policy: first }];
  });
  return rivals.length < concerned.length ? null : (rivals[0] ?? null);
}

function policyAt<Model extends PolicyModel>(
  read: Read,
  parent: ListenerParent,
  section: string,
  of: Policies<Model>,
): Model | null {
  const [found] = levelsAt(read, of, [{ ...parent, section }]).flat();
  // One that cannot be read, or says what is not its to say, is as if it were not there.
  return found === undefined || found.closes !== null || foreignGroup(found, parent.kind) !== null
    ? null
    : found;
}

/**
 * Groups that only policies of a Gateway and its own listeners may have. Whoever says whose address counts says for whom
 * limits and bans of the whole Gateway count; whoever exempts clients does so from what the Gateway asks, too.
 */
const groupsOfGateways: ReadonlySet<string> = new Set(['clientAddress', 'proxyProtocol', 'exempt']);

/** The first group of a policy that may not be told for what it is attached to; null when all may. */
export function foreignGroup(policy: PolicyModel, target: ListenerParent['kind']): string | null {
  return target === 'Gateway'
    ? null
    : (groupsOf(policy).find((group) => groupsOfGateways.has(group)) ?? null);
}

/** Whether the policy says something that holds for a whole port. */
export function saysOfPort({ parts }: PolicyModel): boolean {
  return parts.some(({ name }) => name !== 'tls');
}

/** What of each policy holds at a port. */
export function portJudgements<Model extends PolicyModel>({
  port,
  owner,
  own,
  holders,
}: PortHolders<Model>): readonly Judgement[] {
  const ofListeners = own
    .filter(({ listener }) => isSameParent(listener.parent, owner))
    .flatMap((one) => one.policy ?? []);
  const policies = new Set([...holders, ...ofListeners]);
  return [...policies].flatMap((policy) =>
    groupsOf(policy)
      .filter((group) => group !== 'tls')
      .map((group) => judgementOf({ policy, holders, port, group })),
  );
}

/** Whether the group of the policy holds, which it does if it is the last of `holders` that has it. */
export function judgementOf(of: {
  readonly policy: PolicyModel;
  readonly holders: readonly PolicyModel[];
  readonly port: number;
  readonly group: string;
}): Judgement {
  const { policy, holders, port, group } = of;
  const holder = holderOf(holders, group) ?? holders.at(-1) ?? policy;
  return { policy, port, group, asideFor: holder === policy ? null : holder };
}

/** The one of `holders` whose group of that name holds. */
export function holderOf<Model extends PolicyModel>(holders: readonly Model[], group: string): Model | null {
  return holders.findLast((one) => hasGroup(one, group)) ?? null;
}

/** Whether a policy has a group of settings. */
export function hasGroup(policy: PolicyModel, group: string): boolean {
  return groupsOf(policy).includes(group);
}

function groupsOf({ parts }: PolicyModel): readonly string[] {
  return parts.map(({ name }) => name);
}

/** What of the policies holds, by their titles. */
export function portEffects(judgements: readonly Judgement[]): ReadonlyMap<string, PortsEffect> {
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
