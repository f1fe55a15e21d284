import type { HTTPPathMatch, HTTPRouteMatch } from '#crds/gateway-api.ts';
import type { PathMatch, RouteMatch, ValueMatch } from '#snapshot/route.ts';
import { namedPath } from '#snapshot/request-path.ts';
import type { Problem } from '../problem.ts';
import { patternProblem } from '#cel/regular-expression.ts';

/** A rule's matches; a match that cannot be compiled is left out and told. */
export interface RuleMatches {
  readonly matches: readonly RouteMatch[];
  readonly problem: Problem | null;
}

/** How matches of a kind of route are read. */
interface MatchReading<Match> {
  readonly problemOf: (match: Match, field: string) => Problem | null;
  readonly matchOf: (match: Match) => RouteMatch;
}

/** The matches of the rule at `field`. */
export function ruleMatches(matches: readonly HTTPRouteMatch[], field: string): RuleMatches {
  return readMatches(matches, field, {
    problemOf: (match, at) => pathProblem(match.path, at) ?? patternsProblem(patternsOf(match), at),
    matchOf: routeMatch,
  });
}

/** The matches of the rule at `field`, read one by one. */
export function readMatches<Match>(
  matches: readonly Match[],
  field: string,
  { problemOf, matchOf }: MatchReading<Match>,
): RuleMatches {
  const compiled: RouteMatch[] = [];
  let problem: Problem | null = null;
  for (const [index, match] of matches.entries()) {
    const wrong = problemOf(match, `${field}.matches[${String(index)}]`);
    if (wrong === null) {
      compiled.push(matchOf(match));
    }
    problem ??= wrong;
  }
  return { matches: compiled, problem };
}

function routeMatch(match: HTTPRouteMatch): RouteMatch {
  return {
    path: pathMatch(match.path),
    method: match.method ?? null,
    headers: valueMatches(match.headers, (name) => name.toLowerCase()),
    query: valueMatches(match.queryParams, (name) => name),
  };
}

function pathMatch(path: HTTPPathMatch): PathMatch {
  switch (path.type) {
    case 'Exact':
      return exactly(path.value);
    case 'PathPrefix':
      return prefixOf(path.value);
    case 'RegularExpression':
      return { kind: 'Regex', value: path.value };
    default:
      return path.type satisfies never;
  }
}

/** The path as requests have it. */
export function exactly(path: string): PathMatch {
  return { kind: 'Exact', value: namedPath(path) ?? path };
}

/** The same as a prefix, as the router has it: by elements, without trailing slash. */
export function prefixOf(path: string): PathMatch {
  return { kind: 'Prefix', value: (namedPath(path) ?? path).replace(/\/+$/, '') };
}

function pathProblem({ type, value }: HTTPPathMatch, field: string): Problem | null {
  return type === 'RegularExpression' || namedPath(value) !== null
    ? null
    : {
        kind: 'UnsupportedValue',
        field: `${field}.path.value`,
        detail: `no request has the path ${value}, as encoded slashes, backslashes and NUL are refused with 400; correct it`,
      };
}

type NamedValue = HTTPRouteMatch['headers'][number];

/** Of entries with equal names the first counts. */
export function valueMatches(
  values: readonly NamedValue[],
  nameOf: (name: string) => string,
): readonly ValueMatch[] {
  const byName = new Map<string, ValueMatch>();
  for (const one of values) {
    const name = nameOf(one.name);
    if (!byName.has(name)) {
      byName.set(name, { kind: one.type === 'Exact' ? 'Exact' : 'Regex', name, value: one.value });
    }
  }
  return [...byName.values()];
}

function patternsOf(match: HTTPRouteMatch): readonly MaybePattern[] {
  return [
    { at: 'path.value', ...match.path },
    ...match.headers.map((one, index) => ({ at: `headers[${String(index)}].value`, ...one })),
    ...match.queryParams.map((one, index) => ({ at: `queryParams[${String(index)}].value`, ...one })),
  ];
}

/** A value of the field `at` of a match, and whether it is a regular expression. */
interface MaybePattern {
  readonly at: string;
  readonly type: string;
  readonly value: string;
}

/** What is wrong with the first regular expression of the match at `field` that cannot be one. */
export function patternsProblem(values: readonly MaybePattern[], field: string): Problem | null {
  for (const { at, type, value } of values) {
    const detail = type === 'RegularExpression' ? patternProblem(value) : null;
    if (detail !== null) {
      return {
        kind: 'UnsupportedValue',
        field: `${field}.${at}`,
        detail: `${JSON.stringify(value)} cannot be used as a regular expression (RE2 syntax): ${detail}`,
      };
    }
  }
  return null;
}
