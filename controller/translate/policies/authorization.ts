import { compileExpression, placeIn, type ResultTypes } from '#cel/expression.ts';
import type { UnknownName } from '#cel/problem.ts';
import { requestVariables } from '#cel/request-variables.ts';
import { responseGroup } from '#cel/response-variables.ts';
import type { AuthorizationEntry as EntrySpec } from '#crds/authorization.ts';
import { nearestName } from '#crds/nearest-name.ts';
import type { AuthorizationEntry } from '#snapshot/authorization.ts';
import type { Problem } from '../problem.ts';

const variables = requestVariables(() => 0);

const ofAnswers = variables.with(responseGroup);

/** What keeps `text` from being an expression about requests, or their answers, that comes to `result`; null: nothing. */
export function expressionProblem(
  text: string,
  result: keyof ResultTypes,
  about: 'requests' | 'answers' = 'requests',
): string | null {
  const compiled =
    about === 'requests'
      ? compileExpression(text, { variables, result })
      : compileExpression(text, { variables: ofAnswers, result });
  if (compiled.ok) return null;
  const { message, unknown } = compiled.problem;
  return `${placeIn(text, compiled.problem)}: ${message}${unknown === undefined ? '; correct it' : remedyOf(unknown)}`;
}

/** So many are told. */
const namesMax = 12;

/** Of variables also one that is known by the name behind its last dot. */
function remedyOf({ name, known }: UnknownName): string {
  const tops = [...new Set(known.map((one) => one.split('.')[0] ?? one))];
  const meant = nearestName(name, tops) ?? known.find((one) => one.endsWith(`.${name}`));
  if (meant !== undefined) return `: did you mean ${meant}?`;
  if (tops.length > namesMax) return '; take one of those in docs/reference/expressions.md';
  return `; take one of ${tops.join(', ')}${tops.length < known.length ? ', or write a text in quotes' : ''}`;
}

/** What the entries of `authorize` come to, or why the policy cannot be enforced. `field`: that of `authorize`. */
export function authorizationOf(
  entries: readonly EntrySpec[],
  field: string,
): { readonly entries: readonly AuthorizationEntry[] } | { readonly closes: Problem } {
  for (const [index, { when }] of entries.entries()) {
    const detail = when === undefined ? null : expressionProblem(when, 'bool');
    if (detail !== null) {
      return { closes: { kind: 'PolicyInvalid', field: `${field}[${String(index)}].when`, detail } };
    }
  }
  return { entries: entries.map(entryOf) };
}

function entryOf({
  name,
  mode,
  methods,
  addresses,
  scopes,
  groups,
  claims,
  when,
}: EntrySpec): AuthorizationEntry {
  return {
    name,
    mode,
    methods: methods ?? [],
    allow: addresses?.allow ?? [],
    deny: addresses?.deny ?? [],
    scopes: scopes ?? [],
    groups: groups ?? [],
    claims: claims ?? [],
    when: when ?? null,
  };
}
