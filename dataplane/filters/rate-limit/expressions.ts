// What of a rule is an expression: which requests it counts, and by what.
import { compileExpression, type Expression, type ResultTypes } from '#cel/expression.ts';
import type { RequestSubject } from '#cel/request-variables.ts';
import type { Variables } from '#cel/variables.ts';
import type { Exchange } from '#dataplane/http/exchange.ts';
import type { Cost, RateLimit, RateLimitKey } from '#snapshot/rate-limit.ts';
import { addressReader, keyOf } from './key.ts';
import { templateReader } from './path-template.ts';

/** Reads the value by which a request is counted; null when it is not there. */
export function keyReader(
  key: RateLimitKey,
  variables: Variables<RequestSubject>,
): (exchange: Exchange) => string | null {
  if (key.kind === 'ClientAddress') return addressReader(key);
  if (key.kind === 'PathTemplate') {
    const read = templateReader(key.template);
    return ({ request }) => read(request.path);
  }
  if (key.kind !== 'Expressions') return (exchange) => keyOf(key, exchange);
  const expressions = key.expressions.map((text) => compiled(text, 'text', variables));
  const [first] = expressions;
  if (expressions.length === 1) return (exchange) => valueOf(first ?? null, exchange);
  return (exchange) => joined(expressions, exchange);
}

/** Whether a rule counts a request: also where its `when` comes to nothing, or cannot be compiled here. */
export function countsReader(
  { when }: RateLimit,
  variables: Variables<RequestSubject>,
): ((exchange: Exchange) => boolean) | null {
  const expression = when === null ? null : compiled(when, 'bool', variables);
  if (expression === null) return null;
  return (exchange) => {
    const evaluated = expression.evaluate(exchange);
    return !evaluated.ok || evaluated.value;
  };
}

/** Reads what a request, or its answer, takes; null: nobody can tell. */
export function costReader<Subject>(
  { expression: text }: Cost,
  variables: Variables<Subject>,
): (subject: Subject) => number | null {
  const expression = compiled(text, 'count', variables);
  return (subject) => {
    const evaluated = expression?.evaluate(subject);
    return evaluated?.ok === true ? evaluated.value : null;
  };
}

/** Whether `limit` can be asked before it is known who calls. */
export function needsNoIdentity(
  { key, exempt, when, cost, adaptive }: RateLimit,
  variables: Variables<RequestSubject>,
): boolean {
  // Authentication is none of the backends' time.
  if (adaptive !== null || key.kind !== 'ClientAddress' || exempt.consumers.length > 0) return false;
  const names = (text: string | null, kind: keyof ResultTypes) =>
    text !== null && compiled(text, kind, variables)?.names.has('auth') === true;
  return !names(when, 'bool') && !names(cost?.type === 'Request' ? cost.expression : null, 'count');
}

/** Null for what the translation would not have let through. */
function compiled<Kind extends keyof ResultTypes, Subject>(
  text: string,
  result: Kind,
  variables: Variables<Subject>,
) {
  const made = compileExpression(text, { variables, result });
  return made.ok ? made.expression : null;
}

function valueOf(expression: Expression<RequestSubject, string> | null, exchange: Exchange): string | null {
  const evaluated = expression?.evaluate(exchange);
  return evaluated?.ok === true ? evaluated.value || null : null;
}

/** Each value behind its length, so that no two lists of values are one key. */
function joined(
  expressions: readonly (Expression<RequestSubject, string> | null)[],
  exchange: Exchange,
): string | null {
  let key = '';
  for (const expression of expressions) {
    const value = valueOf(expression, exchange);
    if (value === null) return null;
    key += `${String(value.length)}:${value}`;
  }
  return key;
}
