import { patternProblem } from '#cel/regular-expression.ts';
import type { ProtectionGroups } from '#crds/protection-settings.ts';
import type { Unit } from '../memo.ts';
import type { Problem } from '../problem.ts';
import type { PortPolicy } from './port-policies.ts';
import { reputationOf, type FoundReputation } from './reputation.ts';
import { refusedModel } from './source.ts';

/** A ProtectionPolicy, made ready to be attached: each group of its settings is a part. */
export interface ProtectionModel extends PortPolicy<ProtectionGroups> {
  readonly reputation: FoundReputation['rules'];
}

/** The ProtectionPolicy of a namespace and name; null when there is none. */
export const protectionPolicyUnit: Unit<ProtectionModel | null> = {
  name: 'ProtectionPolicy',
  compute(read, namespace = '', name = '') {
    const object = read.get('ProtectionPolicy', namespace, name);
    if (object === undefined) {
      const refused = refusedModel(read, 'ProtectionPolicy', namespace, name);
      return refused === null ? null : { ...refused, settings: {}, reputation: [] };
    }
    const { targetRefs: _, ...settings } = object.spec;
    const { rules, problems } = reputationOf(read, namespace, settings.reputation ?? []);
    const bots = botsOf(settings);
    return {
      kind: 'ProtectionPolicy',
      namespace,
      name,
      layer: 'Rules',
      strategy: 'Merge',
      parts: Object.keys(settings).map((group) => ({ name: group, id: null })),
      resources: [],
      remoteKeys: [],
      closes: null,
      pending: null,
      settings: { ...settings, ...bots.settings },
      reputation: rules,
      partly: [...problems, ...bots.problems],
    };
  },
};

/**
 * The rules about bots that can be asked. What one that cannot would have refused comes through, as the status tells: refusing
 * everybody would cost more than what bots say of themselves keeps out.
 */
function botsOf({ bots }: ProtectionGroups): {
  readonly settings: Pick<ProtectionGroups, 'bots'>;
  readonly problems: readonly Problem[];
} {
  if (bots === undefined) return { settings: {}, problems: [] };
  const judged = bots.map((bot, index) => ({ bot, problem: botProblem(bot, index) }));
  return {
    settings: { bots: judged.filter(({ problem }) => problem === null).map(({ bot }) => bot) },
    problems: judged.flatMap(({ problem }) => problem ?? []),
  };
}

function botProblem(bot: NonNullable<ProtectionGroups['bots']>[number], index: number): Problem | null {
  const detail = bot.type === 'Regex' ? patternProblem(bot.regex) : null;
  if (detail === null) return null;
  const { name: rule, action } = bot;
  return { kind: 'BotRuleInvalid', field: `spec.bots[${String(index)}].regex`, rule, action, detail };
}
