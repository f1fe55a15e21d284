// What is wrong with the rules of a RateLimitPolicy that its schema cannot tell.
import type { RateLimitRule } from '#crds/rate-limit-policy.ts';
import type { RequestLimit } from '#crds/request-limit.ts';
import type { PolicyProblem } from '../problem.ts';
import { expressionProblem } from './authorization.ts';
import { limitProblem } from './limit.ts';
import { keyText } from './rate-limit-key.ts';

/** Why a RateLimitPolicy cannot be enforced. */
export type Unenforceable = Extract<PolicyProblem, { opens?: boolean }>;

interface Found {
  readonly field: string;
  readonly detail: string;
}

/** The first expression that is none, limit that cannot be kept, or value that two of `values` name; `place`: of the rules. */
export function rulesProblem(
  namespace: string,
  rules: readonly RateLimitRule[],
  place: string,
): Unenforceable | null {
  for (const [index, rule] of rules.entries()) {
    const found =
      whenProblem(rule) ??
      expressionsProblem(rule) ??
      costProblem(rule) ??
      limitsProblem(rule.limits ?? [], 'limits') ??
      valuesProblem(namespace, rule);
    if (found === null) continue;
    return {
      kind: 'PolicyInvalid',
      field: `${place}[${String(index)}].${found.field}`,
      detail: found.detail,
    };
  }
  return null;
}

function whenProblem({ when }: RateLimitRule): Found | null {
  const detail = when === undefined ? null : expressionProblem(when, 'bool');
  return detail === null ? null : { field: 'when', detail };
}

function expressionsProblem({ key }: RateLimitRule): Found | null {
  for (const [at, text] of key.type === 'Expressions' ? key.expressions.entries() : []) {
    const detail = expressionProblem(text, 'text');
    if (detail !== null) return { field: `key.expressions[${String(at)}]`, detail };
  }
  return null;
}

function costProblem({ cost }: RateLimitRule): Found | null {
  if (cost === undefined) return null;
  const about = cost.type === 'Response' ? 'answers' : 'requests';
  const detail = expressionProblem(cost.expression, 'count', about);
  if (detail === null) return null;
  if (about === 'requests' && expressionProblem(cost.expression, 'count', 'answers') === null) {
    return {
      field: 'cost.type',
      detail: 'is Request, and the expression names response; set it to Response',
    };
  }
  return { field: 'cost.expression', detail };
}

function limitsProblem(limits: readonly RequestLimit[], place: string): Found | null {
  for (const [at, limit] of limits.entries()) {
    const told = limitProblem(limit);
    if (told !== null) return { field: `${place}[${String(at)}].${told.field}`, detail: told.detail };
  }
  return null;
}

function valuesProblem(namespace: string, { key, values = [] }: RateLimitRule): Found | null {
  const places = new Map<string, string>();
  for (const [at, one] of values.entries()) {
    const place = `values[${String(at)}]`;
    const found = limitsProblem(one.limits, `${place}.limits`);
    if (found !== null) return found;
    for (const [index, text] of one.values.entries()) {
      const value = keyText(namespace, key, text);
      const before = places.get(value);
      const field = `${place}.values[${String(index)}]`;
      if (before !== undefined) return { field, detail: `stands at ${before} too; remove one of the two` };
      places.set(value, field);
    }
  }
  return null;
}
