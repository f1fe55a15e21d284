// Words on policies: their targets and rules, what they need, and what becomes of them.
import { accepted, enumeration, programmed, resolvedRefs, sentence } from './words.ts';
import type { PolicyProblem } from './problem.ts';
import type { WordsOf } from './words.ts';

/** A part of the one table of words (conditions.ts). */
export const policyWords: WordsOf<PolicyProblem> = {
  TargetNotFound: ({ field, target, detail }) => accepted('TargetNotFound', `${field}: ${target} ${detail}.`),
  PolicyConflicted: ({ target, winner }) =>
    accepted(
      'Conflicted',
      `${target} already has ${winner}, which is older (or first by name); remove one of them.`,
    ),
  PolicyInvalid: ({ field, detail, opens }) =>
    accepted('Invalid', `${field}: ${sentence(detail)} ${untilThen(opens)}`),
  SharedLimitConflicted: ({ field, shared, limit, winner, opens }) =>
    accepted(
      'Conflicted',
      `${field}: the ${limit} is not that of ${winner}, which was there first (or is first by name) and says what ${shared} stands for; make limits, values and cost.type the same, or take another name. ${untilThen(opens)}`,
    ),
  PortConflicted: ({ port, winner }) =>
    accepted(
      'Conflicted',
      `Port ${String(port)} already has ${winner}, by a listener before this one, and what they set (but for tls) holds for the whole port; remove one of them, or give the listener another port.`,
    ),
  GroupOfGateways: ({ field, gateway }) =>
    accepted(
      'Invalid',
      `${field}: is for Gateway ${gateway} alone to say, as it changes what holds for others' clients; remove it here. Until then none of its settings hold.`,
    ),
  PortNotOwn: ({ port, owner }) =>
    accepted(
      'Conflicted',
      `Port ${String(port)} is ${owner}'s, which comes first, and what is set (but for tls) holds for whole ports; give the listener a port of its own.`,
    ),
  SettingsInvalid: ({ field, detail }) =>
    accepted('Invalid', `${field}: ${sentence(detail)} Until then none of its settings hold.`),
  BotRuleInvalid: ({ field, rule, action, detail }) => ({
    type: 'PartiallyInvalid',
    reason: 'UnsupportedValue',
    message: `Dropped Rule ${rule}: it ${action === 'Allow' ? 'lets no program on' : 'refuses nobody'}, and the rest of the policy holds. ${field}: ${sentence(detail)}`,
  }),
  KeysUnresolved: ({ field, reason, detail }) =>
    resolvedRefs(reason, `${field} ${detail}. Until then what the policy holds for is closed.`),
  AddressListUnresolved: ({ field, reason, detail }) =>
    resolvedRefs(reason, `${field} ${detail}. The rest of the policy holds.`),
  CredentialsUnresolved: ({ field, reason, detail }) =>
    resolvedRefs(reason, `${field} ${detail}. Until then what the policy holds for is closed.`),
  ClientCertificatesNotAsked: ({ listeners, isOnly }) =>
    programmed(
      'ClientCertificatesNotAsked',
      `Clients of listener ${listeners.join(', ')} are not asked for certificates${isOnly ? ', so that nobody is let in there' : ''}; set spec.tls.frontend of the Gateway, or let the policy hold for HTTPS listeners only.`,
    ),
  LoginPathTaken: ({ field, path, host, by, route }) =>
    programmed(
      'LoginPathTaken',
      `${field}: ${path} is answered for ${by} at ${host === '' ? 'all hosts' : host} (by ${route}), which comes first; give it a path of its own.`,
    ),
  KeysPending: ({ source, detail }) =>
    programmed(
      'Reconciling',
      `The keys of ${source} have not been fetched yet${detail === null ? '' : ` (${detail})`}; until then nobody is let in.`,
    ),
  CredentialsTaken: ({ detail }) =>
    accepted('Conflicted', `${detail}. What is taken lets nobody in as this consumer; make a new key.`),
  BanInvalid: ({ field, detail }) =>
    accepted('Invalid', `${field}: ${sentence(detail)} Until then it keeps nobody out, and lets nobody in.`),
  PlanInvalid: ({ field, detail }) =>
    accepted('Invalid', `${field}: ${sentence(detail)} Until then requests of who has the plan are refused.`),
  PlanUnresolved: ({ reason, detail }) =>
    resolvedRefs(reason, `spec.plan: ${detail} Until then requests of this consumer are refused.`),
  PolicyOverridden: ({ by }) => programmed('Overridden', `Put aside everywhere by ${enumeration(by)}.`),
  PolicyPartlyOverridden: ({ by }) =>
    programmed('PartiallyProgrammed', `Put aside in part by ${enumeration(by)}.`),
  PolicyAwaited: ({ gateway }) =>
    programmed('Reconciling', `Gateway ${gateway} waits for a data plane that is ready.`),
  PolicyCloses: () =>
    programmed('Reconciling', 'What the policy holds for is closed; see the condition ResolvedRefs.'),
  PolicyRefused: ({ detail }) => programmed('Invalid', `A data plane has refused the policy: ${detail}.`),
};

/** What becomes of what a policy is for that cannot be enforced. */
function untilThen(opens = false): string {
  return opens
    ? 'Until then it limits nothing, as onInvalid is Open.'
    : 'Until then what the policy holds for is closed.';
}
