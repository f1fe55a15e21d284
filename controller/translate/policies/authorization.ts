import { compileExpression, placeIn } from '#cel/expression.ts';
import { requestVariables } from '#cel/request-variables.ts';
import type { AuthorizationEntry as EntrySpec } from '#crds/authorization.ts';
import type { AuthorizationEntry } from '#snapshot/authorization.ts';
import type { Problem } from '../problem.ts';

const variables = requestVariables(() => 0);

/** What keeps `text` from being an expression about requests that comes to `result`; null: nothing. */
export function expressionProblem(text: string, result: 'bool' | 'text'): string | null {
  const compiled = compileExpression(text, { variables, result });
  return compiled.ok ? null : `${placeIn(text, compiled.problem)}: ${compiled.problem.message}; correct it`;
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
