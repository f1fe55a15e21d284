import { holds, type CompiledMatch, type RequestView } from './matches.ts';
import type { RoutedRule } from './router.ts';

/** A match and what it leads to. The answer is made here once, so that matching a request makes nothing. */
export interface Candidate<Rule> {
  readonly match: CompiledMatch;
  readonly routed: RoutedRule<Rule>;
}

const slash = 0x2f;

/**
 * The matches of the routes that share a hostname.
 *
 * Hot path: exact paths and prefixes are found by hash, so the cost does not grow with the number of routes; only
 * the candidates of one path are tried one by one, and all Regex candidates (they have no key to go by).
 */
export class PathTable<Rule> {
  readonly #exact = new Map<string, Candidate<Rule>[]>();
  readonly #regex: Candidate<Rule>[] = [];
  readonly #prefixes = new Map<string, Candidate<Rule>[]>();
  readonly #last = new Map<string, Candidate<Rule>[]>();
  /** Those of the empty prefix. */
  readonly #everything: Candidate<Rule>[] = [];
  /** The lengths that prefixes have, longest first: a path is cut nowhere else. */
  readonly #prefixLengths: readonly number[];

  /** `candidates`: in the order of their ranks. */
  constructor(candidates: readonly Candidate<Rule>[]) {
    for (const candidate of candidates) this.#put(candidate);
    const lengths = new Set([...this.#prefixes.keys()].map((prefix) => prefix.length));
    this.#prefixLengths = [...lengths].sort((a, b) => b - a);
  }

  /** The first match by precedence that holds, or null. */
  match(view: RequestView): RoutedRule<Rule> | null {
    const { path } = view.request;
    const exact = this.#exact.get(path);
    return (
      (exact === undefined ? null : firstThatHolds(exact, view)) ??
      this.#matchRegex(path, view) ??
      this.#matchPrefix(path, view) ??
      this.#matchLast(path, view) ??
      firstThatHolds(this.#everything, view)
    );
  }

  #matchRegex(path: string, view: RequestView): RoutedRule<Rule> | null {
    for (const { match, routed } of this.#regex) {
      if (match.pattern !== null && holds(match, view) && view.matches(match.pattern, path)) return routed;
    }
    return null;
  }

  #matchPrefix(path: string, view: RequestView): RoutedRule<Rule> | null {
    for (const length of this.#prefixLengths) {
      if (length > path.length || (length < path.length && path.charCodeAt(length) !== slash)) continue;
      const candidates = this.#prefixes.get(path.slice(0, length));
      const found = candidates === undefined ? null : firstThatHolds(candidates, view);
      if (found !== null) return found;
    }
    return null;
  }

  #matchLast(path: string, view: RequestView): RoutedRule<Rule> | null {
    const candidates = this.#last.size === 0 ? undefined : this.#last.get(path.slice(path.lastIndexOf('/')));
    return candidates === undefined ? null : firstThatHolds(candidates, view);
  }

  #put(candidate: Candidate<Rule>): void {
    const { kind, path } = candidate.match;
    switch (kind) {
      case 'Exact':
        this.#exact.getOrInsertComputed(path, newList).push(candidate);
        break;
      case 'Last':
        this.#last.getOrInsertComputed(path, newList).push(candidate);
        break;
      case 'Prefix':
        if (path === '') this.#everything.push(candidate);
        else this.#prefixes.getOrInsertComputed(path, newList).push(candidate);
        break;
      case 'Regex':
        this.#regex.push(candidate);
        break;
      default:
        kind satisfies never;
    }
  }
}

function firstThatHolds<Rule>(
  candidates: readonly Candidate<Rule>[],
  view: RequestView,
): RoutedRule<Rule> | null {
  for (const { match, routed } of candidates) {
    if (holds(match, view)) return routed;
  }
  return null;
}

function newList<T>(): T[] {
  return [];
}
