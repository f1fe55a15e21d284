// Policies of settings that hold for whole ports, since a connection does not say at first which listener it is for:
// at each port those of one of its listeners, or of the Gateway, group by group. What stands in `tls` is the
// exception: it holds for each listener.
import type { GatewayModel } from '../gateway.ts';
import type { ListenerShape } from '../listeners.ts';
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

/** Where the policies of a kind come from. */
export interface PortPolicies<Model extends PolicyModel> {
  readonly kind: PortKind;
  readonly unit: Unit<Model | null>;
}

/** The policies of one port. */
export interface PortHolders<Model extends PolicyModel> {
  readonly port: number;
  readonly own: readonly Owned<Model>[];
  /** That of the first of its listeners that has one which says something of the port. */
  readonly ofPort: Model | null;
  readonly ofGateway: Model | null;
}

/** A listener and the policy that is attached to it. */
export interface Owned<Model extends PolicyModel> {
  readonly listener: ListenerShape;
  readonly policy: Model | null;
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

/** The policies of a kind at each port of a Gateway. */
export function portHolders<Model extends PolicyModel>(
  read: Read,
  gateway: GatewayModel,
  of: PortPolicies<Model>,
): readonly PortHolders<Model>[] {
  const ofGateway = policyAt(read, gateway, '', of);
  const ports = Map.groupBy(
    gateway.listeners.filter((one) => one.problem === null),
    (one) => one.port,
  );
  return [...ports].map(([port, listeners]) => {
    const own = listeners.map((listener) => ({
      listener,
      policy: policyAt(read, gateway, listener.name, of),
    }));
    const ofPort = own.map(({ policy }) => policy).find((one) => one !== null && saysOfPort(one)) ?? null;
    return { port, own, ofPort, ofGateway };
  });
}

/** The policy that holds for the port of a Gateway's listener, when it is another listener's. */
export function portRival<Model extends PolicyModel>(
  read: Read,
  gateway: GatewayModel,
  listener: string,
  of: PortPolicies<Model>,
): Model | null {
  const policy = policyAt(read, gateway, listener, of);
  if (policy === null || !saysOfPort(policy)) {
    return null;
  }
  const found = portHolders(read, gateway, of).find(({ own }) =>
    own.some((one) => one.listener.name === listener),
  );
  const first = found?.ofPort ?? null;
  return first === policy ? null : first;
}

function policyAt<Model extends PolicyModel>(
  read: Read,
  { namespace, name }: GatewayModel,
  section: string,
  of: PortPolicies<Model>,
): Model | null {
  const [found] = levelsAt(read, of, [{ kind: 'Gateway', namespace, name, section }]).flat();
  // One that cannot be read is as if it were not there.
  return found === undefined || found.closes !== null ? null : found;
}

/** Whether the policy says something that holds for a whole port. */
export function saysOfPort({ parts }: PolicyModel): boolean {
  return parts.some(({ name }) => name !== 'tls');
}

/** What of each policy holds at a port. */
export function portJudgements<Model extends PolicyModel>({
  port,
  own,
  ofPort,
  ofGateway,
}: PortHolders<Model>): readonly Judgement[] {
  const policies = new Set([ofGateway, ...own.map((one) => one.policy)].filter((one) => one !== null));
  return [...policies].flatMap((policy) =>
    groupsOf(policy)
      .filter((group) => group !== 'tls')
      .map((group) => judgementOf({ policy, winner: ofPort, port, group })),
  );
}

/** Whether the group holds, which it does unless another policy, `winner`, has it too. */
export function judgementOf(of: {
  readonly policy: PolicyModel;
  readonly winner: PolicyModel | null;
  readonly port: number;
  readonly group: string;
}): Judgement {
  const { policy, winner, port, group } = of;
  const holds = winner === null || winner === policy || !hasGroup(winner, group);
  return { policy, port, group, asideFor: holds ? null : winner };
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
