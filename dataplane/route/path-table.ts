import { holds, type CompiledMatch, type RequestView } from './matches.ts';
import { PathLists } from './path-lists.ts';
import { byRank } from './precedence.ts';
import type { RoutedRule } from './router.ts';

/** A match and what it leads to. The answer is made here once, so that matching a request makes nothing. */
export interface Candidate<Rule> {
  readonly match: CompiledMatch;
  readonly routed: RoutedRule<Rule>;
}

/** What the next table has not any more, and what it has besides. */
export interface CandidateChanges<Rule> {
  readonly gone: ReadonlySet<Candidate<Rule>>;
  readonly come: ReadonlySet<Candidate<Rule>>;
}

const slash = 0x2f;
const none: readonly never[] = Object.freeze([]);

type Lists<Rule> = Readonly<Record<CompiledMatch['kind'], PathLists<Rule>>>;

/**
 * The matches of the routes that share a hostname. It never changes: the next one is made of it at the cost of what is
 * another one there.
 *
 * Hot path: exact paths and prefixes are found by hash, so the cost does not grow with the number of routes; only
 * the candidates of one path are tried one by one, and all Regex candidates (they have no key to go by).
 */
export class PathTable<Rule> {
  readonly #exact: PathLists<Rule>;
  /** All of them under the empty path. */
  readonly #regexes: PathLists<Rule>;
  readonly #regex: readonly Candidate<Rule>[];
  readonly #prefixes: PathLists<Rule>;
  readonly #last: PathLists<Rule>;
  /** Those of the empty prefix. */
  readonly #everything: readonly Candidate<Rule>[];
  /** The lengths that other prefixes have, longest first: a path is cut nowhere else. */
  readonly #prefixLengths: readonly number[];

  private constructor(lists: Lists<Rule>) {
    this.#exact = lists.Exact;
    this.#regexes = lists.Regex;
    this.#prefixes = lists.Prefix;
    this.#last = lists.Last;
    this.#regex = lists.Regex.get('') ?? none;
    this.#everything = lists.Prefix.get('') ?? none;
    this.#prefixLengths = lists.Prefix.lengths.filter((length) => length > 0);
  }

  static empty<Rule>(): PathTable<Rule> {
    const lists = PathLists.empty<Rule>();
    return new PathTable({ Exact: lists, Regex: lists, Prefix: lists, Last: lists });
  }

  /** This table without those that are gone, and with those that have come. */
  with(changes: CandidateChanges<Rule>): PathTable<Rule> {
    return new PathTable({
      Exact: changedLists(this.#exact, 'Exact', changes),
      Regex: changedLists(this.#regexes, 'Regex', changes),
      Prefix: changedLists(this.#prefixes, 'Prefix', changes),
      Last: changedLists(this.#last, 'Last', changes),
    });
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
}

/** `lists` with the changes of one kind, each list in the order of ranks. */
function changedLists<Rule>(
  lists: PathLists<Rule>,
  kind: CompiledMatch['kind'],
  { gone, come }: CandidateChanges<Rule>,
): PathLists<Rule> {
  const changed = new Map<string, Candidate<Rule>[]>();
  const listOf = ({ match }: Candidate<Rule>): Candidate<Rule>[] => {
    const path = kind === 'Regex' ? '' : match.path;
    return changed.getOrInsertComputed(path, () => (lists.get(path) ?? none).filter((one) => !gone.has(one)));
  };
  for (const one of gone) if (one.match.kind === kind) listOf(one);
  for (const one of come) if (one.match.kind === kind) listOf(one).push(one);
  for (const list of changed.values()) list.sort((a, b) => byRank(a.match, b.match));
  return lists.with(changed);
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
