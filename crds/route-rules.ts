// What the rules of HTTPRoutes and of GRPCRoutes share.
import type { Rule } from './grammar.ts';

interface NamedRule {
  readonly name?: string;
  readonly matches: readonly unknown[];
}

/** Of the rules of a route. */
export const requestRules: readonly Rule<readonly NamedRule[]>[] = [
  {
    cel: 'self.all(l1, !has(l1.name) || self.exists_one(l2, has(l2.name) && l1.name == l2.name))',
    message: 'two rules have the same name: rename one',
    holds: (list) => {
      const names = list.flatMap((one) => (one.name === undefined ? [] : [one.name]));
      return new Set(names).size === names.length;
    },
  },
  {
    cel: '(self.size() > 0 ? self[0].matches.size() : 0) + ... <= 128',
    message: 'the rules of a route may have 128 matches together: split the route',
    holds: (list) => list.reduce((sum, one) => sum + one.matches.length, 0) <= 128,
  },
];
