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
    return {
      kind: 'ProtectionPolicy',
      namespace,
      name,
      layer: 'Rules',
      strategy: 'Merge',
      parts: Object.keys(settings).map((group) => ({ name: group, id: null })),
      resources: [],
      remoteKeys: [],
      closes: patternsProblem(settings),
      pending: null,
      settings,
      reputation: rules,
      partly: problems,
    };
  },
};

function patternsProblem({ bots = [] }: ProtectionGroups): Problem | null {
  for (const [index, bot] of bots.entries()) {
    const detail = bot.type === 'Regex' ? patternProblem(bot.regex) : null;
    if (detail !== null) {
      return { kind: 'SettingsInvalid', field: `spec.bots[${String(index)}].regex`, detail };
    }
  }
  return null;
}
