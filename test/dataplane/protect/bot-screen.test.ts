// Programs by what they say of themselves: the rules in their order, against a search without any memory.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fields } from '#dataplane/http/fields.ts';
import { BotScreen } from '#dataplane/protect/bot-screen.ts';
import type { BotMatch, BotRule } from '#snapshot/protection.ts';

function saying(agent: string | null): { readonly fields: Fields } {
  const fields = new Fields();
  if (agent !== null) fields.append('user-agent', agent, 'User-Agent');
  return { fields };
}

const matches = fc.constantFrom<BotMatch>(
  { kind: 'Missing' },
  { kind: 'Values', values: ['curl', 'wget'] },
  { kind: 'Regex', regex: '^cu' },
  { kind: 'Regex', regex: 'ge' },
);

const rules = fc.array(
  fc.record({
    match: matches,
    action: fc.constantFrom<BotRule['action']>('Refuse', 'Allow'),
    mode: fc.constantFrom<BotRule['mode']>('Enforce', 'Shadow'),
  }),
  { minLength: 1, maxLength: 5 },
);

function fits({ match, action }: Pick<BotRule, 'match' | 'action'>, agent: string | null): boolean {
  switch (match.kind) {
    case 'Missing':
      return agent === null || agent === '';
    case 'Values':
      return agent !== null && match.values.includes(agent);
    case 'Regex':
      if (agent !== null && agent.length > 512) return action === 'Refuse';
      return agent !== null && new RegExp(match.regex, 'u').test(agent);
    default:
      return match satisfies never;
  }
}

test('the first rule that fits decides, and one in Shadow leaves it to the next', () => {
  const agents = fc.constantFrom(null, '', 'curl', 'wget', 'cut', 'a page', 'browser', 'b'.repeat(513));
  fc.assert(
    fc.property(rules, fc.array(agents, { minLength: 1, maxLength: 6 }), (given, said) => {
      const named = given.map((rule, at) => ({ ...rule, name: `r${at}`, header: 'user-agent' }));
      const screen = new BotScreen({ policy: 'shop/edge', rules: named });
      for (const agent of said) {
        const fitting = named.filter((rule) => fits(rule, agent));
        const decides = fitting.findIndex(({ action, mode }) => action === 'Allow' || mode === 'Enforce');
        const before = decides < 0 ? fitting : fitting.slice(0, decides);
        const expected = decides < 0 || fitting[decides]?.action === 'Allow' ? before[0] : fitting[decides];
        const hit = screen.refusal(saying(agent));
        const detail = expected === undefined ? null : `ProtectionPolicy shop/edge bots/${expected.name}`;
        assert.equal(hit?.detail ?? null, detail);
        if (hit !== null) assert.equal(hit.isShadow, expected?.mode === 'Shadow');
      }
    }),
    { numRuns: 1000 },
  );
});

test('many names in turn are not all remembered, and are judged all the same', () => {
  const screen = new BotScreen({
    policy: 'shop/edge',
    rules: [
      {
        name: 'odd',
        header: 'user-agent',
        match: { kind: 'Regex', regex: '[13579]$' },
        action: 'Refuse',
        mode: 'Enforce',
      },
    ],
  });
  for (let at = 0; at < 5000; at += 1)
    assert.equal(screen.refusal(saying(`agent ${at}`)) !== null, at % 2 === 1);
});
