// The matches of one route, made ready: patterns compiled, doubles dropped, ranks told. Depends on the route alone.
import type { RequestHead } from '#dataplane/http/message.ts';
import type { Route, RouteMatch, ValueMatch } from '#snapshot/route.ts';
import { RE2JS, RE2JSException } from 're2js';
import type { Rank } from './precedence.ts';

/** One match of one rule of a route. */
export interface CompiledMatch extends Rank {
  /** The path of an Exact match, the prefix of a Prefix match, the pattern of a Regex match. */
  readonly path: string;
  /** Null unless the path is a Regex. */
  readonly pattern: Pattern | null;
  readonly method: string | null;
  readonly headerTests: readonly ValueTest[];
  readonly queryTests: readonly ValueTest[];
}

/** A value that must be there and be `exact`, or match the pattern. */
export interface ValueTest {
  readonly name: string;
  readonly exact: string | null;
  readonly pattern: Pattern | null;
}

/** An RE2 pattern: matched against the whole text, in time linear in it. */
export interface Pattern {
  testExact(text: string): boolean;
}

export type CompiledMatches =
  | { readonly ok: true; readonly matches: readonly CompiledMatch[] }
  | { readonly ok: false; readonly reason: string };

/** The matches of `route` in their order; not ok when a pattern is no RE2 syntax (the translation lets none through). */
export function compileMatches(route: Route): CompiledMatches {
  try {
    const matches = route.rules.flatMap((rule, ruleIndex) =>
      rule.matches.map((match, matchIndex) =>
        compileMatch(route, match, { rule: ruleIndex, match: matchIndex }),
      ),
    );
    return { ok: true, matches };
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return { ok: false, reason: `${route.name}: ${error.message}` };
  }
}

function compileMatch(
  route: Route,
  match: RouteMatch,
  place: { readonly rule: number; readonly match: number },
): CompiledMatch {
  const { kind, value } = match.path;
  const headerTests = compileTests(match.headers);
  const queryTests = compileTests(match.query);
  return {
    kind,
    path: value,
    pattern: kind === 'Regex' ? RE2JS.compile(value) : null,
    method: match.method,
    headerTests,
    queryTests,
    pathLength: value.length,
    hasMethod: match.method !== null,
    headers: headerTests.length,
    query: queryTests.length,
    createdMs: route.createdMs,
    route: route.name,
    ...place,
  };
}

// Of several entries with one name only the first counts (Gateway API, HTTPHeaderMatch.name).
function compileTests(values: readonly ValueMatch[]): readonly ValueTest[] {
  const tests = new Map<string, ValueTest>();
  for (const { kind, name, value } of values) {
    if (tests.has(name)) continue;
    tests.set(
      name,
      kind === 'Exact'
        ? { name, exact: value, pattern: null }
        : { name, exact: null, pattern: RE2JS.compile(value) },
    );
  }
  return [...tests.values()];
}

/** A request while it is matched: its query is parsed at most once, and only if a match asks for it. */
export class RequestView {
  readonly request: RequestHead;
  #query: URLSearchParams | null = null;

  constructor(request: RequestHead) {
    this.request = request;
  }

  /**
   * The first value of the parameter `name`, or null. Decoded once, as HTML forms are (WHATWG URL,
   * application/x-www-form-urlencoded): `+` is a space, as it is for the backends that will read it.
   */
  parameter(name: string): string | null {
    this.#query ??= new URLSearchParams(this.request.query ?? '');
    return this.#query.get(name);
  }
}

/** Whether all of `match` but its path holds. */
export function holds(match: CompiledMatch, view: RequestView): boolean {
  const { request } = view;
  if (match.method !== null && match.method !== request.method) return false;
  for (const test of match.headerTests) {
    const value = request.fields.joined(test.name);
    if (value === undefined || !passes(test, value)) return false;
  }
  for (const test of match.queryTests) {
    const value = view.parameter(test.name);
    if (value === null || !passes(test, value)) return false;
  }
  return true;
}

function passes(test: ValueTest, value: string): boolean {
  return test.pattern === null ? value === test.exact : test.pattern.testExact(value);
}
