import { RE2JS } from 're2js';
import type { BanHit } from '#dataplane/http/ban-list.ts';
import { Memo } from '#dataplane/http/memo.ts';
import type { RequestHead } from '#dataplane/http/message.ts';
import type { BotRule, BotRules } from '#snapshot/protection.ts';

/** No more of a value is looked at: what is longer than this no program says of itself. */
const valueMax = 512;

/** Values of which is remembered what a pattern says; then all are forgotten. */
const rememberedMax = 1024;

/** Which programs are refused, or let on, by what their requests say of them. The first rule that fits decides. */
export class BotScreen {
  readonly #rules: readonly ReadyRule[];

  /** Throws a RE2JSException for a pattern that is none. */
  constructor({ policy, rules }: BotRules) {
    this.#rules = rules.map((rule) => readyRule(policy, rule));
  }

  /**
   * Why the request is refused; null: it is not.
   *
   * Hot path: a pattern is asked once for each value that comes again and again.
   */
  refusal({ fields }: Pick<RequestHead, 'fields'>): BanHit | null {
    let shadow: BanHit | null = null;
    for (const { header, fits, action, hit } of this.#rules) {
      if (!fits(fields.joined(header))) continue;
      if (action === 'Allow') return shadow;
      if (!hit.isShadow) return hit;
      shadow ??= hit;
    }
    return shadow;
  }
}

interface ReadyRule {
  readonly header: string;
  readonly fits: (value: string | undefined) => boolean;
  readonly action: BotRule['action'];
  readonly hit: BanHit;
}

function readyRule(policy: string, rule: BotRule): ReadyRule {
  const { name, header, action, mode } = rule;
  const hit = { detail: `ProtectionPolicy ${policy} bots/${name}`, isShadow: mode === 'Shadow' };
  return { header, fits: fitting(rule), action, hit };
}

function fitting({ match, action }: BotRule): ReadyRule['fits'] {
  switch (match.kind) {
    case 'Missing':
      return (value) => value === undefined || value === '';
    case 'Values': {
      const values = new Set(match.values);
      return (value) => value !== undefined && values.has(value);
    }
    case 'Regex': {
      const pattern = RE2JS.compile(match.regex);
      const known = new Memo(rememberedMax, (value) => pattern.test(value));
      return (value) => {
        if (value === undefined) return false;
        // a name that is made too long to be looked at is nobody's whom we trust
        return value.length > valueMax ? action === 'Refuse' : known.of(value);
      };
    }
    default:
      return match satisfies never;
  }
}
