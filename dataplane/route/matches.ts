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

/** An RE2 pattern: matched against the whole text, in time of at most its size by the length of the text. */
export interface Pattern {
  /** Instructions. */
  readonly size: number;
  testExact(text: string): boolean;
}

/** Instructions by characters that one pattern may cost on one text: 0.1 s or so when it is as bad as can be. */
const stepsMax = 4_000_000;

/** From so many steps on, a request's patterns may take so long in all. Nearly all patterns need far less than that. */
const timedFromSteps = 1_000_000;
const timeMsMax = 200;

/** A request's patterns would hold up all other requests: nobody knows which rule it is for. */
export class TooDearError extends Error {
  override readonly name = 'TooDearError';
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
    // A copy has room for what it holds; what flatMap makes, for 17.
    return { ok: true, matches: matches.slice() };
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
    pattern: kind === 'Regex' ? compilePattern(value) : null,
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

const noTests: readonly ValueTest[] = [];

// Of several entries with one name only the first counts (Gateway API, HTTPHeaderMatch.name).
function compileTests(values: readonly ValueMatch[]): readonly ValueTest[] {
  if (values.length === 0) return noTests;
  const tests = new Map<string, ValueTest>();
  for (const { kind, name, value } of values) {
    if (tests.has(name)) continue;
    tests.set(
      name,
      kind === 'Exact'
        ? { name, exact: value, pattern: null }
        : { name, exact: null, pattern: compilePattern(value) },
    );
  }
  return [...tests.values()];
}

function compilePattern(pattern: string): Pattern {
  const compiled = RE2JS.compile(pattern);
  return { size: compiled.programSize(), testExact: (text) => compiled.testExact(text) };
}

/**
 * A request while it is matched: its query is parsed at most once, and only if a match asks for it; and what its
 * patterns cost is counted.
 */
export class RequestView {
  readonly request: RequestHead;
  readonly #now: () => number;
  #query: URLSearchParams | null = null;
  #steps = 0;
  #untilMs = 0;

  constructor(request: RequestHead, now: () => number) {
    this.request = request;
    this.#now = now;
  }

  /**
   * The first value of the parameter `name`, or null. Decoded once, as HTML forms are (WHATWG URL,
   * application/x-www-form-urlencoded): `+` is a space, as it is for the backends that will read it.
   */
  parameter(name: string): string | null {
    this.#query ??= new URLSearchParams(this.request.query ?? '');
    return this.#query.get(name);
  }

  /** Whether the whole of `text` matches. Throws TooDearError instead of holding up everybody for long. */
  matches(pattern: Pattern, text: string): boolean {
    const steps = pattern.size * text.length;
    this.#steps += steps;
    if (this.#steps > timedFromSteps) this.#checkCost(steps);
    return pattern.testExact(text);
  }

  #checkCost(steps: number): void {
    if (steps > stepsMax) throw new TooDearError(`a pattern of ${String(steps)} steps`);
    const nowMs = this.#now();
    if (this.#untilMs === 0) this.#untilMs = nowMs + timeMsMax;
    else if (nowMs > this.#untilMs) throw new TooDearError(`patterns that take more than ${timeMsMax} ms`);
  }
}

/** Whether all of `match` but its path holds. */
export function holds(match: CompiledMatch, view: RequestView): boolean {
  const { request } = view;
  if (match.method !== null && match.method !== request.method) return false;
  for (const test of match.headerTests) {
    const value = request.fields.joined(test.name);
    if (value === undefined || !passes(test, value, view)) return false;
  }
  for (const test of match.queryTests) {
    const value = view.parameter(test.name);
    if (value === null || !passes(test, value, view)) return false;
  }
  return true;
}

function passes(test: ValueTest, value: string, view: RequestView): boolean {
  return test.pattern === null ? value === test.exact : view.matches(test.pattern, value);
}
