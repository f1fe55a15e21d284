// What an HTTPRoute's rule matches, as the CRD of Gateway API 1.7 defines it.
import * as z from 'zod';
import { listByKeys, withRules, type Frozen, type Rule } from './grammar.ts';
import { fieldName } from './fields.ts';

/** The methods a route can name. */
export const methods = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
] as const;

const pathCharacters = /^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$/;
const pathForbidden = ['//', '/./', '/../', '%2f', '%2F', '#'] as const;

interface PathValue {
  readonly type: 'Exact' | 'PathPrefix' | 'RegularExpression';
  readonly value: string;
}

function pathRule(cel: string, message: string, holds: (value: string) => boolean): Rule<PathValue> {
  return {
    cel: `(self.type in ['Exact','PathPrefix']) ? ${cel} : true`,
    message,
    holds: (path) => path.type === 'RegularExpression' || holds(path.value),
  };
}

const pathMatch = withRules(
  z.object({
    type: z.enum(['Exact', 'PathPrefix', 'RegularExpression']).default('PathPrefix'),
    value: z.string().max(1024).default('/'),
  }),
  [
    pathRule(
      "self.value.startsWith('/')",
      "value must begin with '/' for types Exact and PathPrefix",
      (value) => value.startsWith('/'),
    ),
    ...pathForbidden.map((part) =>
      pathRule(
        `!self.value.contains('${part}')`,
        `value must not contain '${part}' for types Exact and PathPrefix: write the path as it is after normalisation`,
        (value) => !value.includes(part),
      ),
    ),
    ...['/..', '/.'].map((part) =>
      pathRule(
        `!self.value.endsWith('${part}')`,
        `value must not end with '${part}' for types Exact and PathPrefix`,
        (value) => !value.endsWith(part),
      ),
    ),
    pathRule(
      `self.value.matches(r"""${pathCharacters.source}""")`,
      'value must hold only characters of a path for types Exact and PathPrefix: encode others as %XX',
      (value) => pathCharacters.test(value),
    ),
  ],
);

const fieldMatchType = z.enum(['Exact', 'RegularExpression']).default('Exact');

/** `headers` of a match. */
export const headerMatches = listByKeys(
  z.object({ type: fieldMatchType, name: fieldName, value: z.string().min(1).max(4096) }),
  ['name'],
)
  .max(16)
  .default([]);

/** One of a rule's `matches`. */
export const matchSchema = z.object({
  path: pathMatch.prefault({}),
  headers: headerMatches,
  queryParams: listByKeys(
    z.object({ type: fieldMatchType, name: fieldName, value: z.string().min(1).max(1024) }),
    ['name'],
  )
    .max(16)
    .default([]),
  /** Left out: all methods. */
  method: z.enum(methods).exactOptional(),
});

/** One match of a rule: all its parts must hold. */
export type HTTPRouteMatch = Frozen<z.infer<typeof matchSchema>>;

/** What the path must be. */
export type HTTPPathMatch = HTTPRouteMatch['path'];
