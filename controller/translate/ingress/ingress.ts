// An Ingress as a whole: the Gateway of its class that serves it, and what that must know of it. An Ingress is led as a
// route is, by the same rules, policies and listeners.
import type { Ingress } from '#crds/ingress.ts';
import type { GatewayKey } from '#snapshot/ids.ts';
import type { ListenerAttachment } from '../attach.ts';
import { wordsOf } from '../conditions.ts';
import type { GatewayModel } from '../gateway.ts';
import { attachLed, gatewayNamed } from '../led-attachment.ts';
import type { Read, Unit } from '../memo.ts';
import { extensionProblem } from '../policies/protection.ts';
import type { Problem } from '../problem.ts';
import { joinedSites, originOf, siteOf, type RouteAtGateway, type Site } from '../route-at-gateway.ts';
import { classOf } from './ingress-class.ts';
import { ingressRulesUnit, ruleField, type HostRules } from './ingress-rules.ts';
import { ingressTlsUnit } from './ingress-tls.ts';

/** An Ingress of a class of ours. */
export interface IngressModel {
  /** Null: its class has none. */
  readonly gateway: GatewayKey | null;
  /** Null: no listener takes it. */
  readonly atGateway: RouteAtGateway | null;
  readonly problems: readonly IngressProblem[];
}

/** What is wrong, for an Event: an Ingress has no conditions. */
export interface IngressProblem {
  readonly reason: string;
  readonly message: string;
}

/** The Ingress of a namespace and name; null when there is none or its class is not ours. */
export const ingressUnit: Unit<IngressModel | null> = {
  name: 'ingress',
  compute(read, namespace = '', name = '') {
    const ingress = read.get('Ingress', namespace, name);
    const ofClass = ingress === undefined ? null : classOf(read, ingress);
    if (ingress === undefined || ofClass === null) {
      return null;
    }
    const gateway = ofClass.gateway === null ? null : gatewayNamed(read, ofClass.gateway);
    if (gateway === null) {
      const message = `IngressClass ${ofClass.name} has no Gateway that serves it: ${ofClass.problem ?? ''}`;
      return { gateway: null, atGateway: null, problems: [{ reason: 'NoGateway', message }] };
    }
    const hosts = read.ask(ingressRulesUnit, namespace, name);
    const sites = hosts.map((one) => siteOfHost(read, ingress, one, gateway));
    const tls = read.ask(ingressTlsUnit, namespace, name);
    const served = joinedSites(sites.flatMap((one) => one.site.atGateway ?? []));
    return {
      gateway: gateway.key,
      atGateway: served === null ? null : { ...served, resources: [...served.resources, ...tls.resources] },
      problems: distinct([
        ...sites.flatMap((one) => (one.problem === null ? [] : [problemOf(one.problem)])),
        ...hosts.flatMap(({ rules }) => rules.flatMap((one) => one.referenceProblems.map(problemOf))),
        ...extensionProblems(read, namespace, hosts).map(problemOf),
        ...sites.flatMap(({ site }) => site.closed.map(closedProblem)),
        ...tls.problems.map(problemOf),
      ]),
    };
  },
};

/** Of equal rules the older one holds; a default backend is younger than any rule, and among its like the older holds. */
const behindAllRulesMs = 2 ** 50;

function siteOfHost(
  read: Read,
  ingress: Ingress,
  { host, rank, rules }: HostRules,
  gateway: GatewayModel,
): { readonly site: Site; readonly problem: Problem | null } {
  const attached = attachLed(read, ingress, host, gateway);
  const place = host === '' ? '*' : host;
  const origin = originOf(ingress, [rank === 'Rules' ? place : `default@${place}`]);
  const createdMs = rank === 'Rules' ? origin.createdMs : origin.createdMs + behindAllRulesMs;
  const attachments = attached.kind === 'Attached' ? attached.attachments.map(withOneLabel) : [];
  return {
    site: siteOf(read, { ...origin, createdMs }, rules, { gateway, attachments }),
    problem: attached.kind === 'Attached' ? null : attached.problem,
  };
}

/** The wildcard of an Ingress stands for one label. */
function withOneLabel(attachment: ListenerAttachment): ListenerAttachment {
  const hostnames = attachment.hostnames.map((host) => ({ ...host, oneLabel: host.own.startsWith('*.') }));
  return { ...attachment, hostnames };
}

function extensionProblems(read: Read, namespace: string, hosts: readonly HostRules[]): readonly Problem[] {
  const extensions = hosts[0]?.rules[0]?.extensions ?? [];
  return extensions.flatMap((one) => extensionProblem(read, namespace, one) ?? []);
}

function problemOf(problem: Problem): IngressProblem {
  const { reason, message } = wordsOf(problem);
  return { reason, message };
}

function closedProblem({ rule, reason }: { readonly rule: string; readonly reason: string }): IngressProblem {
  return { reason: 'Closed', message: `${ruleField(rule)} is closed: ${reason}.` };
}

function distinct(problems: readonly IngressProblem[]): readonly IngressProblem[] {
  return [...new Map(problems.map((one) => [`${one.reason} ${one.message}`, one])).values()];
}
